"""The features: what each one means, in which unit, over which days, and when it is missing.

Their values are computed by sql/loan_features.sql, in the order of FEATURES; nothing else computes them. A value that does not
apply is NULL in the database and NaN in a matrix, never a number that stands for something else.

Left out on purpose: the borrower's age, sex, place and language (protected, or standing in for what is protected), and the
lender's own columns (they mean something else at the next lender).
"""

import re
from dataclasses import astuple, dataclass
from hashlib import sha256
from pathlib import Path

SQL_FILES = (
    "scoring/sql/loan_features.sql",
    "borrowers/sql/buckets.sql",
    "borrowers/sql/delinquency.sql",
    "borrowers/sql/promises.sql",
    "borrowers/sql/settlement.sql",
)
OF_THE_DAY = "on the day"
SINCE_APPROVAL = "since approval"
LIFE_WITH_US = "all earlier business"


@dataclass(frozen=True)
class Feature:
    """One column of the float32 matrix."""

    name: str
    unit: str
    window: str
    description: str
    missing: str = ""

    @property
    def may_be_missing(self) -> bool:
        return bool(self.missing)


FEATURES: tuple[Feature, ...] = (
    # --- how the loan stands
    Feature(
        "days_past_due", "days", OF_THE_DAY, "Days since the oldest unpaid instalment was due.", "loan not known yet"
    ),
    Feature(
        "instalments_past_due",
        "instalments",
        OF_THE_DAY,
        "Instalments due before the day and unpaid.",
        "loan not known yet",
    ),
    Feature("overdue_ratio", "ratio", OF_THE_DAY, "Overdue amount over outstanding amount.", "nothing outstanding"),
    Feature(
        "principal_repaid_ratio", "ratio", OF_THE_DAY, "Share of the principal that is repaid.", "no schedule known yet"
    ),
    Feature(
        "days_since_last_payment",
        "days",
        SINCE_APPROVAL,
        "Days since the last payment that still stands.",
        "no payment yet",
    ),
    Feature(
        "paid_to_due_30_ratio", "ratio", "30 days", "Paid, net of reversals, over what fell due.", "nothing fell due"
    ),
    Feature(
        "paid_to_due_90_ratio", "ratio", "90 days", "Paid, net of reversals, over what fell due.", "nothing fell due"
    ),
    Feature(
        "worst_days_late_180",
        "days",
        "180 days",
        "Most days that an instalment due in the window was paid late, or has been unpaid so far.",
        "nothing fell due",
    ),
    Feature(
        "late_instalments_ratio",
        "ratio",
        SINCE_APPROVAL,
        "Share of the instalments due so far that were paid late or are unpaid.",
        "nothing fell due",
    ),
    Feature("reversals_180", "payments", "180 days", "Payments taken back."),
    # --- what was agreed
    Feature("days_on_book", "days", SINCE_APPROVAL, "Days since approval."),
    Feature(
        "remaining_days",
        "days",
        OF_THE_DAY,
        "Days until the last instalment; negative after it.",
        "no schedule known yet",
    ),
    Feature(
        "term_days",
        "days",
        OF_THE_DAY,
        "Agreed term, else from approval to the last instalment.",
        "no schedule known yet",
    ),
    Feature("instalments", "instalments", OF_THE_DAY, "Instalments of the schedule in force.", "no schedule known yet"),
    Feature(
        "interest_ratio",
        "ratio",
        OF_THE_DAY,
        "Interest and fees over principal, whole schedule.",
        "no schedule known yet",
    ),
    Feature("principal_amount", "currency", OF_THE_DAY, "Principal of the loan."),
    # --- what was said
    Feature("contact_attempts_30", "attempts", "30 days", "Attempts of ours to reach the borrower."),
    Feature("contact_attempts_90", "attempts", "90 days", "Attempts of ours to reach the borrower."),
    Feature("right_party_contacts_90", "contacts", "90 days", "Contacts in which it was the borrower who was reached."),
    Feature("promises_made_180", "promises", "180 days", "Promises to pay made for the loan."),
    Feature(
        "promises_broken_180", "promises", "180 days", "Of these, come due, not replaced, and less than 95 % paid."
    ),
    # --- the borrower's other loans
    Feature("other_open_loans", "loans", OF_THE_DAY, "Other loans that still owe."),
    Feature("other_overdue_amount", "currency", OF_THE_DAY, "Overdue on other loans of the same currency."),
    Feature("other_written_off_loans", "loans", LIFE_WITH_US, "Other loans written off."),
    Feature("settled_loans", "loans", LIFE_WITH_US, "Other loans paid in full."),
    Feature(
        "mean_days_late_at_settlement",
        "days",
        LIFE_WITH_US,
        "Mean days from last due date to full payment; negative is early.",
        "no other loan paid in full",
    ),
    Feature(
        "worst_days_late_at_settlement", "days", LIFE_WITH_US, "The most of these days.", "no other loan paid in full"
    ),
    Feature(
        "last_days_late_at_settlement",
        "days",
        LIFE_WITH_US,
        "The same of the loan paid in full most recently.",
        "no other loan paid in full",
    ),
    Feature(
        "late_settlement_ratio",
        "ratio",
        LIFE_WITH_US,
        "Share of loans paid in full after their last due date.",
        "no other loan paid in full",
    ),
    Feature(
        "mean_first_instalment_days_late",
        "days",
        LIFE_WITH_US,
        "Mean days by which first instalments were paid late, or have been unpaid; negative is early.",
        "no first instalment due or paid",
    ),
    Feature(
        "first_instalment_late_ratio",
        "ratio",
        LIFE_WITH_US,
        "Share of first instalments paid late or unpaid.",
        "no first instalment due or paid",
    ),
    Feature(
        "last_held_ratio",
        "ratio",
        LIFE_WITH_US,
        "Days from approval to full payment over the term, of the loan paid in full most recently.",
        "no other loan paid in full",
    ),
    Feature(
        "days_since_last_settlement",
        "days",
        LIFE_WITH_US,
        "Days since another loan was paid in full.",
        "no other loan paid in full",
    ),
    Feature("days_since_first_loan", "days", LIFE_WITH_US, "Days since the first earlier loan.", "no earlier loan"),
    Feature(
        "days_between_approvals",
        "days",
        LIFE_WITH_US,
        "From the previous loan's approval to this one's.",
        "no earlier loan",
    ),
    Feature(
        "principal_to_previous_ratio",
        "ratio",
        LIFE_WITH_US,
        "Principal over that of the previous loan of the same currency.",
        "no earlier loan of the currency",
    ),
    Feature(
        "interest_ratio_change",
        "ratio",
        LIFE_WITH_US,
        "Interest ratio less that of the previous loan.",
        "no earlier loan with a schedule",
    ),
)

FEATURE_NAMES: tuple[str, ...] = tuple(feature.name for feature in FEATURES)

# What grows, or becomes known, as the books grow older, whoever borrows: its PSI against a training of years ago says how old the
# lender is. Where it matters to a model, scores and outcomes move too.
AGEING: frozenset[str] = frozenset({"days_on_book", "remaining_days", "principal_repaid_ratio"}) | frozenset(
    feature.name for feature in FEATURES if feature.window == LIFE_WITH_US
)


def _compute_feature_set() -> str:
    """Return a short hash of what the features mean: their definitions and the SQL, without its comments and spacing."""
    digest = sha256(repr([astuple(feature) for feature in FEATURES]).encode())
    house = Path(__file__).resolve().parents[2]
    for name in SQL_FILES:
        text = re.sub(r"--[^\n]*", "", (house / name).read_text(encoding="utf-8"))
        digest.update(" ".join(text.split()).encode())
    return digest.hexdigest()[:16]


FEATURE_SET: str = _compute_feature_set()
