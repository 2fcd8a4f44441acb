"""A derivation in sentences."""

from borrowers.derivation.model import Line
from borrowers.derivation.services import Derivation

STANDING = {
    "counts": "counts",
    "reversed": "taken back",
    "reversal": "takes one back",
    "in_flight": "not cleared yet",
    "moved_on": "followed by a later entry",
    "returned": "returned before it cleared",
    "not_effective_yet": "counts only from a later day",
    "not_known_yet": "was not known yet",
}


def name_of(line: Line) -> str:
    """Name a line: "instalment 3", "late fee of 4 May 2026"."""
    if line.kind == "instalment":
        return f"instalment {line.number}"
    if line.kind == "statement":
        return f"the statement of {line.label}"
    return f"{line.label.replace('_', ' ')} of {_day(line.due_on)}"


def explain(derivation: Derivation) -> list[str]:
    """Say step by step how the days past due come about; empty figures say what they rest on."""
    if derivation.is_by_snapshots:
        return _explain_snapshot(derivation)
    currency, line = derivation.loan.currency, derivation.deciding_line
    if line is None:
        return [_explain_none(derivation)]
    payments = {entry.id: entry for entry in derivation.entries}
    steps = [f"The oldest line that counts as unpaid is {name_of(line)}, due {_day(line.due_on)}."]
    if line.settled_by:
        parts = ", ".join(
            f"{currency} {share.amount:,.2f} from the payment of {_day(payments[share.payment_id].effective_on)}"
            for share in line.settled_by
        )
        steps.append(f"Of its {currency} {line.amount:,.2f}, {parts} reached it.")
    else:
        steps.append(f"Nothing of its {currency} {line.amount:,.2f} was reached by a payment: older lines came first.")
    left = line.ageing_amount(derivation.rules)
    tolerance = derivation.rules.tolerance_amount
    above = f", above the tolerance of {tolerance:,.2f}" if tolerance else ""
    fees = line.remainder_amount - left
    besides = f" (and {currency} {fees:,.2f} of fees, which do not age the loan)" if fees else ""
    steps.append(f"{currency} {left:,.2f} is left{above}{besides}.")
    days = derivation.days_past_due
    steps.append(f"From {_day(line.due_on)} to {_day(derivation.as_of)} is {days:,} day{'' if days == 1 else 's'}.")
    return steps


def _explain_none(derivation: Derivation) -> str:
    due = [line for line in derivation.lines if line.due_on < derivation.as_of]
    if not derivation.lines:
        return "Nothing is owed by what was known: there is no schedule, statement or charge."
    if not due:
        return "Nothing was due before this day."
    left = sum(line.remainder_amount for line in due)
    if left:
        return (
            f"Of what was due before this day {derivation.loan.currency} {left:,.2f} is left, all of it within the tolerance "
            "or fees that do not age the loan."
        )
    return f"Every line that was due before this day, {len(due):,} in all, is settled."


def _explain_snapshot(derivation: Derivation) -> list[str]:
    if not derivation.snapshots:
        return ["The lender gives snapshots of this loan, and none was known for this day."]
    newest = derivation.snapshots[0]
    days = "no days past due" if newest.days_past_due is None else f"{newest.days_past_due:,} days past due"
    status = f", status “{newest.status}”" if newest.status else ""
    return [
        f"The lender's own system said {days}{status} for {_day(newest.as_of)}.",
        "This loan has no instalments here, so the days cannot be derived; they stand as they were given.",
    ]


def _day(value: object) -> str:
    return f"{value:%d %b %Y}".lstrip("0")
