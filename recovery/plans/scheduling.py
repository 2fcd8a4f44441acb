"""From an amount and a time to instalments, and to what a month of them takes; pure functions."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from recovery.models import Plan

CENT = Decimal("0.01")
DAYS = {Plan.Frequency.WEEKLY: 7, Plan.Frequency.FORTNIGHTLY: 14}
A_MONTH = {
    Plan.Frequency.MONTHLY: Decimal(1),
    Plan.Frequency.FORTNIGHTLY: Decimal(26) / 12,
    Plan.Frequency.WEEKLY: Decimal(52) / 12,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One instalment to come."""

    due_on: date
    amount: Decimal


def build_schedule(*, amount: Decimal, n: int, frequency: str, first_on: date) -> tuple[Line, ...]:
    """Return n equal instalments that sum to the amount; the last one takes what cents remain, never more than the others.

    Monthly ones fall on the same day of each month, or on the last day of a shorter one. Raises ValueError where a cent each
    is more than the amount.
    """
    if not 1 <= n <= 600 or amount < n * CENT:
        raise ValueError(f"{amount} cannot be paid in {n} instalments")
    each = (amount / n).quantize(CENT, ROUND_UP)
    if each * (n - 1) >= amount:  # cents rounded up would leave nothing for the last one
        each = (amount / n).quantize(CENT, ROUND_DOWN)
    days = [_due_on(first_on, place, frequency) for place in range(n)]
    return tuple(Line(day, each if place < n - 1 else amount - each * (n - 1)) for place, day in enumerate(days))


def monthly_amount_of(lines: Sequence[Line], frequency: str) -> Decimal:
    """Return what a month takes at most: the largest instalment times the instalments of a mean month, rounded up."""
    largest = max(line.amount for line in lines)
    if len(lines) == 1:
        return largest
    return (largest * A_MONTH[Plan.Frequency(frequency)]).quantize(CENT, ROUND_UP)


def add_months(day: date, months: int) -> date:
    """Return the same day of a later month, the last one of a shorter month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _due_on(first_on: date, place: int, frequency: str) -> date:
    if frequency == Plan.Frequency.MONTHLY:
        return add_months(first_on, place)
    return first_on + timedelta(days=place * DAYS[Plan.Frequency(frequency)])
