"""Days past due computed slowly and obviously: money is poured line by line, as a clerk with a pencil would.

It shares nothing with the product: no SQL, no model, no helper.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

ZERO = Decimal("0.00")
PARTS = {"f": "fee", "i": "interest", "p": "principal"}


@dataclass
class Line:
    """What is due on a day: an instalment, a charge, or what a statement newly asks for."""

    due_on: date
    number: int
    principal: Decimal
    interest: Decimal
    fee: Decimal
    is_charge: bool = False


@dataclass
class Version:
    number: int
    effective_on: date
    booked_at: datetime
    lines: list[Line]


@dataclass
class Entry:
    """A payment from its first word to its last: waiting, through or returned, and perhaps taken back."""

    day: date
    amount: Decimal
    booked_at: datetime
    cleared_on: date | None = None  # a payment that waited first, from `day` on
    cleared_booked_at: datetime | None = None
    is_waiting: bool = False  # pending from `day` on; then cleared, returned, or neither
    returned_on: date | None = None
    returned_booked_at: datetime | None = None
    back_on: date | None = None
    back_booked_at: datetime | None = None


@dataclass
class Cost:
    """A charge, and if it was waived: when that counts and when it became known."""

    day: date
    amount: Decimal
    booked_at: datetime
    waived_on: date | None = None
    waived_booked_at: datetime | None = None


@dataclass
class Happening:
    """An event of the loan as a whole, and if it was revoked: when that counts and when it became known."""

    kind: str
    day: date
    booked_at: datetime
    revoked_on: date | None = None
    revoked_booked_at: datetime | None = None


@dataclass
class Stated:
    """One entry of a statement; of one day the one known last counts."""

    stated_on: date
    due_on: date
    principal: Decimal
    interest: Decimal
    fee: Decimal
    balance: Decimal
    booked_at: datetime


@dataclass
class Seen:
    """One snapshot of the lender's own figures; of one day the one known last counts."""

    day: date
    booked_at: datetime
    days_past_due: int | None
    outstanding: Decimal | None
    principal: Decimal | None
    overdue: Decimal | None


@dataclass
class Ledger:
    """A loan; lists are in the order in which things were entered."""

    approved_on: date
    booked_at: datetime
    tolerance: Decimal = ZERO
    order: str = "fip"
    fees_age: bool = False
    grace_days: int = 0
    is_revolving: bool = False
    is_snapshot: bool = False
    versions: list[Version] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    statements: list[Stated] = field(default_factory=list)
    snapshots: list[Seen] = field(default_factory=list)


@dataclass
class Moved:
    """One movement of cleared money."""

    day: date
    amount: Decimal


class Clerk:
    """Looks at a ledger on a day, knowing what was booked up to an instant."""

    def __init__(self, ledger: Ledger, day: date, known: datetime) -> None:
        self.ledger, self.day, self.known = ledger, day, known

    def counts(self, day: date | None, booked_at: datetime | None) -> bool:
        return day is not None and booked_at is not None and day <= self.day and booked_at <= self.known

    def money(self) -> tuple[list[Moved], Moved | None, Decimal]:
        """Return all cleared movements, the last payment that stands, and what is still on its way."""
        moved, last, waiting = [], None, ZERO
        for entry in self.ledger.entries:
            if entry.is_waiting:
                came = self.counts(entry.cleared_on, entry.cleared_booked_at)
                went = self.counts(entry.returned_on, entry.returned_booked_at)
                if self.counts(entry.day, entry.booked_at) and not came and not went:
                    waiting += entry.amount
                cleared_on = entry.cleared_on
            else:
                came = self.counts(entry.day, entry.booked_at)
                cleared_on = entry.day
            taken_back = self.counts(entry.back_on, entry.back_booked_at)
            if came and cleared_on is not None:
                moved.append(Moved(cleared_on, entry.amount))
                if not taken_back and (last is None or cleared_on >= last.day):
                    last = Moved(cleared_on, entry.amount)
            if taken_back and entry.back_on is not None:
                moved.append(Moved(entry.back_on, -entry.amount))
        return moved, last, waiting

    def plan(self) -> list[Line]:
        """Return the instalments of the highest version that counts."""
        in_force = None
        for version in self.ledger.versions:
            if not self.counts(version.effective_on, version.booked_at):
                continue
            if in_force is None or version.number > in_force.number:
                in_force = version
        return in_force.lines if in_force else []

    def charges(self) -> list[Line]:
        lines = []
        for number, cost in enumerate(self.ledger.costs):
            if self.counts(cost.day, cost.booked_at) and not self.counts(cost.waived_on, cost.waived_booked_at):
                lines.append(Line(cost.day, number, ZERO, ZERO, cost.amount, is_charge=True))
        return lines

    def statements(self) -> list[Stated]:
        """Return the statements that count, one a day, oldest first."""
        of_day: dict[date, Stated] = {}
        for stated in self.ledger.statements:
            if self.counts(stated.stated_on, stated.booked_at):
                before = of_day.get(stated.stated_on)
                if before is None or stated.booked_at >= before.booked_at:
                    of_day[stated.stated_on] = stated
        return [of_day[day] for day in sorted(of_day)]

    def snapshot(self) -> Seen | None:
        latest = None
        for seen in self.ledger.snapshots:
            if not self.counts(seen.day, seen.booked_at):
                continue
            if latest is None or (seen.day, seen.booked_at) >= (latest.day, latest.booked_at):
                latest = seen
        return latest

    def standing(self) -> tuple[str | None, bool, bool]:
        """Return what took the loan out, whether it is with an agency, and whether the borrower is bankrupt."""
        out = placed = None
        bankrupt = False
        for happening in self.ledger.happenings:
            if not self.counts(happening.day, happening.booked_at):
                continue
            if self.counts(happening.revoked_on, happening.revoked_booked_at):
                continue
            if happening.kind in ("written_off", "sold", "closed"):
                if out is None or happening.day >= out.day:
                    out = happening
            elif happening.kind in ("placed", "recalled"):
                if placed is None or happening.day >= placed.day:
                    placed = happening
            else:
                bankrupt = True
        return (out.kind if out else None), bool(placed and placed.kind == "placed"), bankrupt

    def in_turn(self, lines: list[Line]) -> list[Line]:
        """Return the lines in the order in which money settles them."""
        by_date = sorted(lines, key=lambda line: (line.due_on, line.is_charge, line.number))
        if self.ledger.fees_age:
            return by_date
        due = [line for line in by_date if not line.is_charge and line.due_on <= self.day]
        charges = [line for line in by_date if line.is_charge]
        to_come = [line for line in by_date if not line.is_charge and line.due_on > self.day]
        return due + charges + to_come


def name_bucket(days: int | None) -> str:
    if days is None:
        return "unknown"
    for name, last in (("current", 0), ("1-30", 30), ("31-60", 60), ("61-90", 90)):
        if days <= last:
            return name
    return "91+"


def compute(ledger: Ledger, day: date, known: datetime) -> dict[str, object] | None:
    """Return the figures of a day as known at an instant, None where the loan was not there."""
    if ledger.approved_on > day or ledger.booked_at > known:
        return None
    clerk = Clerk(ledger, day, known)
    moved, last, waiting = clerk.money()
    out, is_placed, is_bankrupt = clerk.standing()
    beside: dict[str, object] = {
        "in_flight_amount": waiting,
        "last_paid_on": last.day if last else None,
        "last_paid_amount": last.amount if last else None,
        "is_placed": is_placed,
        "is_bankrupt": is_bankrupt,
    }
    if ledger.is_snapshot:
        return _as_stated(clerk, out, moved) | beside

    statements = clerk.statements() if ledger.is_revolving else []
    if ledger.is_revolving:
        lines = [
            Line(stated.due_on, number, stated.principal, stated.interest, stated.fee)
            for number, stated in enumerate(statements)
        ]
        money = sum((m.amount for m in moved if statements and m.day > statements[0].stated_on), ZERO)
    else:
        lines = clerk.plan() + clerk.charges()
        money = sum((m.amount for m in moved), ZERO)
    money = max(money, ZERO)

    ageing, owed = [], []  # (line, what remains of it, what remains of its principal)
    outstanding = outstanding_principal = ZERO
    for line in clerk.in_turn(lines):
        remains = {}
        for letter in ledger.order:
            part = PARTS[letter]
            paid = min(getattr(line, part), money)
            money -= paid
            remains[part] = getattr(line, part) - paid
        remainder = remains["fee"] + remains["interest"] + remains["principal"]
        outstanding += remainder
        outstanding_principal += remains["principal"]
        if remainder > ledger.tolerance:
            owed.append((line, remainder, remains["principal"]))
        if remainder - (ZERO if ledger.fees_age else remains["fee"]) > ledger.tolerance:
            ageing.append(line)

    if ledger.is_revolving:
        billed = outstanding - outstanding_principal
        outstanding = ZERO
        if statements:
            since = sum((m.amount for m in moved if m.day > statements[-1].stated_on), ZERO)
            outstanding = max(statements[-1].balance - since, ZERO)
        outstanding_principal = max(outstanding - billed, ZERO)

    oldest = min((line.due_on for line in ageing), default=None)
    days = (day - oldest).days if oldest is not None and oldest < day else 0
    past_due = [item for item in owed if item[0].due_on < day]
    to_come = [item for item in owed if item[0].due_on >= day]
    to_come.sort(key=lambda item: (item[0].due_on, item[0].is_charge, item[0].number))
    has_plan = any(not line.is_charge for line in lines)
    if out:
        bucket = out
    elif has_plan and not owed and not ledger.is_revolving:
        bucket = "paid_off"
    else:
        bucket = name_bucket(days)
    return beside | {
        "days_past_due": days,
        "bucket": bucket,
        "is_flagged": days > ledger.grace_days,
        "instalments_past_due": sum(1 for line in ageing if line.due_on < day and not line.is_charge),
        "oldest_unpaid_due_on": oldest,
        "overdue_amount": sum((item[1] for item in past_due), ZERO),
        "overdue_principal_amount": sum((item[2] for item in past_due), ZERO),
        "outstanding_principal_amount": outstanding_principal,
        "outstanding_amount": outstanding,
        "paid_amount": sum((m.amount for m in moved), ZERO),
        "next_due_on": to_come[0][0].due_on if to_come else None,
        "next_due_amount": to_come[0][1] if to_come else None,
        "measured_on": None,
    }


def _as_stated(clerk: Clerk, out: str | None, moved: list[Moved]) -> dict[str, object]:
    """Return the lender's own figures, nothing where it gives none."""
    seen = clerk.snapshot()
    days = seen.days_past_due if seen else None
    outstanding = seen.outstanding if seen else None
    return {
        "days_past_due": days,
        "bucket": out or ("paid_off" if outstanding == 0 and not days else name_bucket(days)),
        "is_flagged": days is not None and days > clerk.ledger.grace_days,
        "instalments_past_due": None,
        "oldest_unpaid_due_on": seen.day - timedelta(days=days) if seen and days else None,
        "overdue_amount": seen.overdue if seen else None,
        "overdue_principal_amount": None,
        "outstanding_principal_amount": seen.principal if seen else None,
        "outstanding_amount": outstanding,
        "paid_amount": sum((m.amount for m in moved), ZERO) if moved else None,
        "next_due_on": None,
        "next_due_amount": None,
        "measured_on": seen.day if seen else None,
    }


def count_default_days(ledger: Ledger, day: date, known: datetime, *, absolute: Decimal, ratio: Decimal) -> int | None:
    """Return on how many days in a row up to a day something material was overdue, asking day after day."""
    if ledger.is_snapshot:
        return None
    days = 0
    while True:
        row = compute(ledger, day, known)
        if row is None:
            return days
        overdue, outstanding = row["overdue_amount"], row["outstanding_amount"]
        assert isinstance(overdue, Decimal) and isinstance(outstanding, Decimal)
        if not (overdue > absolute and overdue > ratio * outstanding):
            return days
        days += 1
        day = date.fromordinal(day.toordinal() - 1)
