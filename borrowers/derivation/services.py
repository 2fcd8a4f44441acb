"""Derive the figures of loans, line by line."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from borrowers.derivation.model import ZERO, Entry, Line, Rules, Share
from borrowers.errors import LoanNotThere
from borrowers.models import BalanceSnapshot, Loan, Product
from creditpath.sql import load

DEFAULT_DAYS = """
    SELECT default_days
    FROM default_days_of(ARRAY[%(loan)s]::bigint[], ARRAY[%(day)s::date], ARRAY[%(known)s::timestamptz])
"""
FIGURES = "SELECT * FROM delinquency_as_of(%(day)s::date, %(known)s::timestamptz, %(loans)s::bigint[])"


@dataclass(frozen=True)
class Derivation:
    """How the figures of a loan on a day, as known at an instant, come about."""

    loan: Loan
    as_of: date
    known_at: datetime
    figures: dict[str, Any]
    rules: Rules
    lines: tuple[Line, ...]
    entries: tuple[Entry, ...]
    snapshots: tuple[BalanceSnapshot, ...]

    @property
    def is_by_snapshots(self) -> bool:
        return self.loan.bookkeeping == Loan.Bookkeeping.SNAPSHOTS

    @property
    def past_due(self) -> tuple[Line, ...]:
        """Return the lines that were due before the day and are unpaid, oldest first."""
        late = [line for line in self.lines if line.due_on < self.as_of and line.is_unpaid(self.rules)]
        return tuple(sorted(late, key=lambda line: line.due_on))

    @property
    def deciding_line(self) -> Line | None:
        """Return the oldest line that ages the loan."""
        return next(iter(self.past_due), None)

    @property
    def days_past_due(self) -> int:
        """Return the days past due that the lines give; they are the kept figure, or something is wrong."""
        return (self.as_of - self.deciding_line.due_on).days if self.deciding_line else 0

    @property
    def counted_amount(self) -> Decimal:
        """Return the sum of the payments that count."""
        return sum((entry.amount for entry in self.entries if entry.standing == "counts"), ZERO)

    @property
    def settling_amount(self) -> Decimal:
        """Return the part of it that is there to settle lines: of a revolving account what came after its first statement."""
        if self.loan.product.kind != Product.Kind.REVOLVING or not self.lines:
            return self.counted_amount
        first = min(date.fromisoformat(line.label) for line in self.lines)
        counted = (entry for entry in self.entries if entry.standing == "counts")
        return sum((entry.amount for entry in counted if entry.effective_on > first), ZERO)

    @property
    def unused_amount(self) -> Decimal:
        """Return what was paid beyond every line there is."""
        return self.settling_amount - sum((line.paid_amount for line in self.lines), ZERO)

    @property
    def not_counted(self) -> tuple[Entry, ...]:
        return tuple(entry for entry in self.entries if entry.standing not in ("counts", "reversal"))

    @property
    def agrees(self) -> bool:
        """Say whether the lines give the figure of delinquency_of; of snapshots there is nothing to add up."""
        return self.is_by_snapshots or self.days_past_due == self.figures["days_past_due"]


def derive_delinquency(*, loan: Loan, as_of: date, known_at: datetime) -> Derivation:
    """Derive the figures of a loan on a day as known at an instant; four short queries.

    Raises LoanNotThere where the loan was not approved by that day or not known by that instant.
    """
    (derived,) = derive_many(loans=[loan], as_of=as_of, known_at=known_at) or (None,)
    if derived is None:
        raise LoanNotThere(f"Loan {loan} was not on the books on {as_of:%d %b %Y} by what was known then.")
    return derived


def derive_many(*, loans: Iterable[Loan], as_of: date, known_at: datetime) -> list[Derivation]:
    """Derive the figures of loans (with their products loaded); loans that were not there are left out. Four queries."""
    by_id = {loan.pk: loan for loan in loans}
    asked = {"loans": list(by_id), "day": as_of, "known": known_at}
    figures = {row["loan_id"]: row for row in _rows(FIGURES, asked)}
    lines, entries, snapshots = defaultdict(list), defaultdict(list), defaultdict(list)
    for row in _rows(load("borrowers", "derivation_lines.sql"), asked):
        lines[row.pop("loan_id")].append(_line(row))
    for row in _rows(load("borrowers", "derivation_entries.sql"), asked):
        entries[row.pop("loan_id")].append(Entry(**row))
    for snapshot in BalanceSnapshot.objects.filter(
        loan__in=list(by_id), as_of__lte=as_of, booked_at__lte=known_at
    ).order_by("loan_id", "-as_of", "-booked_at", "-id"):
        snapshots[snapshot.loan_id].append(snapshot)
    return [
        Derivation(
            loan=loan,
            as_of=as_of,
            known_at=known_at,
            figures=figures[loan_id],
            rules=_rules(loan.product),
            lines=tuple(lines[loan_id]),
            entries=tuple(entries[loan_id]),
            snapshots=tuple(snapshots[loan_id]),
        )
        for loan_id, loan in by_id.items()
        if loan_id in figures
    ]


def find_default_days(*, loan: Loan, as_of: date, known_at: datetime) -> int | None:
    """Return the regulatory counter of default, which stands beside days past due; None where nobody can know it.

    One call of default_days_of: of a loan with something material overdue it asks the figures of each day of change.
    """
    asked = {"loan": loan.pk, "day": as_of, "known": known_at}
    rows = _rows(DEFAULT_DAYS, asked)
    return rows[0]["default_days"] if rows else None


def lines_before(*, loans: Iterable[Loan], as_of: date, known_at: datetime) -> dict[int, tuple[Line, ...]]:
    """Return, by loan, the lines of the schedule version before the one in force; loans with one version are left out."""
    asked = {"loans": [loan.pk for loan in loans], "day": as_of, "known": known_at}
    lines: dict[int, list[Line]] = defaultdict(list)
    for row in _rows(load("borrowers", "derivation_earlier_lines.sql"), asked):
        lines[row.pop("loan_id")].append(_line(row | {"settled_by": []}))
    return {loan_id: tuple(found) for loan_id, found in lines.items()}


def _rules(product: Product) -> Rules:
    return Rules(
        product=product.name,
        tolerance_amount=product.tolerance_amount,
        settlement_order=product.settlement_order,
        unpaid_fees_age=product.unpaid_fees_age,
        grace_days=product.grace_days,
    )


def _line(row: dict[str, Any]) -> Line:
    shares = tuple(Share(payment_id, Decimal(amount)) for payment_id, amount in row.pop("settled_by"))
    return Line(**row, settled_by=shares)


def _rows(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
