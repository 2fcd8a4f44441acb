"""Vintage curves: how many loans of each month of approval had gone bad by each month on book."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from borrowers.measures.asking import (
    ALL_LOANS,
    PortfolioFilter,
    find_kept_month_ends,
    months_between,
    rows_of,
    stand_at,
)


@dataclass(frozen=True)
class Vintage:
    """Loans approved in one month, quarter or year, and the curve C(m): those ever 91+ or written off by month on book m.

    The curve is as long as the youngest loan is old; it is empty, and `is_covered` false, where the vintage began before
    month ends were kept, since what happened then is not known.
    """

    currency: str
    begins_on: date
    n_loans: int
    youngest_on: date
    bad_counts: tuple[int, ...]
    is_covered: bool

    @property
    def curve(self) -> tuple[float, ...]:
        return tuple(count / self.n_loans for count in self.bad_counts)


@dataclass(frozen=True)
class Vintages:
    """The vintages of one currency, oldest first, as seen at the last month end that is kept."""

    currency: str
    last_month_end: date | None
    vintages: tuple[Vintage, ...]


def measure_vintages(
    *, as_of: date | None = None, grain: str = "month", only: PortfolioFilter = ALL_LOANS
) -> dict[str, Vintages]:
    """Measure vintage curves by currency; grain is "month", "quarter" or "year" of approval.

    Base: all loans of the vintage, by count. Seen at month ends, as known then. Cost: one pass over snapshots and loans.
    Raises NoBusinessDate, DayNotClosed.
    """
    at = stand_at(as_of)
    kept = find_kept_month_ends(as_of=at.day)
    by_vintage: dict[str, dict[date, list[dict[str, Any]]]] = {}
    for row in rows_of("borrowers", "vintages", only.as_parameters() | at.as_parameters() | {"grain": grain}):
        by_vintage.setdefault(row["currency"], {}).setdefault(row["vintage"], []).append(row)
    return {
        currency: Vintages(
            currency,
            kept[1] if kept else None,
            tuple(_vintage(currency, begins_on, rows, kept) for begins_on, rows in sorted(vintages.items())),
        )
        for currency, vintages in by_vintage.items()
    }


def _vintage(currency: str, begins_on: date, rows: list[dict[str, Any]], kept: tuple[date, date] | None) -> Vintage:
    youngest_on = max(row["youngest_on"] for row in rows)
    is_covered = kept is not None and months_between(begins_on, kept[0]) <= 0
    reached = months_between(youngest_on, kept[1]) if kept and is_covered else -1
    first_bad = {row["months_on_book"]: row["n_loans"] for row in rows}
    bad_counts, so_far = [], 0
    for month in range(reached + 1):
        so_far += first_bad.get(month, 0)
        bad_counts.append(so_far)
    return Vintage(currency, begins_on, sum(row["n_loans"] for row in rows), youngest_on, tuple(bad_counts), is_covered)
