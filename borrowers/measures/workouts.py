"""What came back from loans in default: the recovery rate, and the loss given default (LGD)."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal
from typing import Any

from borrowers.measures.asking import (
    ALL_LOANS,
    PortfolioFilter,
    Share,
    add_known,
    find_kept_month_ends,
    rows_of,
    share,
    stand_at,
)

WORKOUT_MONTHS = 36


@dataclass(frozen=True)
class Workouts:
    """Loans of one currency that went into default at one month end, or in all (`default_on` None).

    Amounts are of loans that can be measured, None where none can. The LGD of resolved workouts alone flatters, since the
    quick ones are cures: beside it stands what is lost if nothing more comes from those that are open.
    """

    currency: str
    default_on: date | None
    n_loans: int
    n_cured: int
    n_paid_off: int
    n_sold: int
    n_closed: int
    n_timed_out: int
    n_open: int
    n_not_measured: int
    n_without_cost: int
    ead_amount: Decimal | None
    recovered_amount: Decimal | None
    value_amount: Decimal | None
    cost_amount: Decimal | None
    resolved_ead_amount: Decimal | None
    resolved_value_amount: Decimal | None
    resolved_cost_amount: Decimal | None

    @property
    def recovery_ratio(self) -> Share:
        """Return what was recovered so far over what was outstanding at default, open workouts in."""
        return share(self.recovered_amount, self.ead_amount)

    @property
    def lgd_ratio(self) -> Share:
        """Return the LGD of resolved workouts, cures in, after cost; None while a contact has no cost."""
        return _loss(self.resolved_value_amount, self._cost(self.resolved_cost_amount), self.resolved_ead_amount)

    @property
    def lgd_before_cost_ratio(self) -> Share:
        return _loss(self.resolved_value_amount, Decimal(0), self.resolved_ead_amount)

    @property
    def lgd_if_nothing_more_ratio(self) -> Share:
        """Return the loss before cost of all workouts if nothing more came from those that are open."""
        return _loss(self.value_amount, Decimal(0), self.ead_amount)

    def _cost(self, cost: Decimal | None) -> Decimal | None:
        return None if self.n_without_cost else cost


def measure_workouts(
    *, as_of: date | None = None, workout_months: int = WORKOUT_MONTHS, only: PortfolioFilter = ALL_LOANS
) -> dict[str, tuple[Workouts, ...]]:
    """Measure recovery and LGD by currency, one cohort per month end of default, oldest first.

    Base: loans whose default is seen at a kept month end after the first. Cost: see workouts.sql. Raises NoBusinessDate,
    DayNotClosed.
    """
    at = stand_at(as_of)
    kept = find_kept_month_ends(as_of=at.day)
    if kept is None:
        return {}
    asked = {"first_day": kept[0], "last_day": kept[1], "workout_months": workout_months}
    found: dict[str, list[Workouts]] = {}
    for row in rows_of("borrowers", "workouts", only.as_parameters() | at.as_parameters() | asked):
        row["n_without_cost"] = int(row["n_without_cost"] or 0)
        found.setdefault(row["currency"], []).append(Workouts(**row))
    return {currency: tuple(cohorts) for currency, cohorts in found.items()}


def add_workouts(cohorts: Sequence[Workouts]) -> Workouts:
    """Add the cohorts of one currency, one at least."""
    whole: dict[str, Any] = {}
    for field in fields(Workouts)[2:]:
        values = [getattr(cohort, field.name) for cohort in cohorts]
        whole[field.name] = sum(values) if field.name.startswith("n_") else add_known(values)
    return Workouts(currency=cohorts[0].currency, default_on=None, **whole)


def _loss(value: Decimal | None, cost: Decimal | None, ead: Decimal | None) -> Share:
    return None if value is None or cost is None or not ead else float(1 - (value - cost) / ead)
