"""In which direction a feature of the ledger may move the risk of default, where the domain leaves no doubt.

Only features whose meaning fixes the sign while all others are held are named. Amounts and terms are free: a larger loan may be
a burden, or a sign of trust.
"""

from scoring.models import Purpose

RISK_RISES_WITH = frozenset(
    {
        "days_past_due", "worst_days_late_180", "late_instalments_ratio", "reversals_180", "promises_broken_180",
        "other_overdue_amount", "other_written_off_loans", "mean_days_late_at_settlement", "worst_days_late_at_settlement",
        "late_settlement_ratio", "first_instalment_late_ratio",
    }
)  # fmt: skip
RISK_FALLS_WITH = frozenset({"paid_to_due_30_ratio", "paid_to_due_90_ratio"})


def directions_of(purpose: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the features that the event of a purpose may only become likelier with, and those only less likely.

    Nothing is known of a lender's own outcome, and paying within 30 days is no mirror of default: who has paid ahead may pay
    nothing in a month and be no risk.
    """
    return (RISK_RISES_WITH, RISK_FALLS_WITH) if purpose == Purpose.DEFAULT else (frozenset(), frozenset())
