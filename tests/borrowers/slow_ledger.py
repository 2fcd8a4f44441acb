"""Days past due computed slowly and obviously: money is poured line by line, as a clerk with a pencil would.

It shares nothing with the product: no SQL, no model, no helper.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal("0.00")


@dataclass
class Line:
    due_on: date
    number: int
    principal: Decimal
    interest: Decimal
    fee: Decimal


@dataclass
class Version:
    number: int
    effective_on: date
    booked_at: datetime
    lines: list[Line]


@dataclass
class Entry:
    """A payment, and if it was taken back: when that counts and when it became known."""

    day: date
    amount: Decimal
    booked_at: datetime
    back_on: date | None = None
    back_booked_at: datetime | None = None


@dataclass
class Ledger:
    approved_on: date
    booked_at: datetime
    tolerance: Decimal
    versions: list[Version]
    entries: list[Entry] = field(default_factory=list)  # in the order in which they were entered
    written_off_on: date | None = None


def compute(ledger: Ledger, day: date, known: datetime) -> dict[str, object] | None:  # noqa: C901  on one page, not taken apart
    """Return the figures of a day as known at an instant, None where the loan was not there."""
    if ledger.approved_on > day or ledger.booked_at > known:
        return None

    in_force = None
    for version in ledger.versions:
        counts = version.effective_on <= day and version.booked_at <= known
        if counts and (in_force is None or version.number > in_force.number):
            in_force = version

    money = ZERO
    last = None
    for entry in ledger.entries:
        if entry.day > day or entry.booked_at > known:
            continue
        taken_back = entry.back_on is not None and entry.back_on <= day and entry.back_booked_at <= known
        if taken_back:
            continue
        money += entry.amount
        if last is None or entry.day >= last.day:
            last = entry
    paid_amount = money

    unpaid = []  # (line, what remains of fee, interest and principal)
    outstanding = outstanding_principal = ZERO
    lines = sorted(in_force.lines, key=lambda line: (line.due_on, line.number)) if in_force else []
    for line in lines:
        remains = {}
        for part in ("fee", "interest", "principal"):
            owed = getattr(line, part)
            paid = min(owed, money)
            money -= paid
            remains[part] = owed - paid
        remainder = remains["fee"] + remains["interest"] + remains["principal"]
        outstanding += remainder
        outstanding_principal += remains["principal"]
        if remainder > ledger.tolerance:
            unpaid.append((line, remainder, remains["principal"]))

    past_due = [item for item in unpaid if item[0].due_on < day]
    to_come = [item for item in unpaid if item[0].due_on >= day]
    days = (day - past_due[0][0].due_on).days if past_due else 0
    if ledger.written_off_on is not None and ledger.written_off_on <= day:
        bucket = "written_off"
    elif lines and not unpaid:
        bucket = "paid_off"
    elif days == 0:
        bucket = "current"
    elif days < 31:
        bucket = "1-30"
    elif days < 61:
        bucket = "31-60"
    elif days < 91:
        bucket = "61-90"
    else:
        bucket = "91+"
    return {
        "days_past_due": days,
        "bucket": bucket,
        "instalments_past_due": len(past_due),
        "oldest_unpaid_due_on": unpaid[0][0].due_on if unpaid else None,
        "overdue_amount": sum((item[1] for item in past_due), ZERO),
        "overdue_principal_amount": sum((item[2] for item in past_due), ZERO),
        "outstanding_principal_amount": outstanding_principal,
        "outstanding_amount": outstanding,
        "paid_amount": paid_amount,
        "last_paid_on": last.day if last else None,
        "last_paid_amount": last.amount if last else None,
        "next_due_on": to_come[0][0].due_on if to_come else None,
        "next_due_amount": to_come[0][1] if to_come else None,
    }
