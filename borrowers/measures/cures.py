"""Cures: touched zero and sustained, paid in full, by itself and worked, and who defaulted again."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from borrowers.measures.asking import (
    ALL_LOANS,
    HOUSE_BANDS,
    Bands,
    PortfolioFilter,
    Share,
    find_kept_month_ends,
    last_month_end,
    month_end,
    rows_of,
    share,
    stand_at,
)

WINDOW_MONTHS = 3
REDEFAULT_MONTHS = 12


@dataclass(frozen=True)
class CureCounts:
    """Loans that were late at a month end, and what became of them; cures.sql says what each word means.

    Ratios are of all late loans found again. A cure is touched zero or paid in full.
    """

    n_late: int = 0
    n_left: int = 0
    n_touched: int = 0
    n_self_touched: int = 0
    n_paid_in_full: int = 0
    n_self_paid_in_full: int = 0
    n_sustained: int = 0
    n_self_sustained: int = 0
    n_failed: int = 0
    n_probation: int = 0
    n_pending: int = 0
    n_redefaulted: int = 0

    @property
    def n_found(self) -> int:
        return self.n_late - self.n_left

    @property
    def touched_ratio(self) -> Share:
        """Return the share at 0 days past due and still owing at the follow-up."""
        return share(self.n_touched, self.n_found)

    @property
    def paid_in_full_ratio(self) -> Share:
        return share(self.n_paid_in_full, self.n_found)

    @property
    def sustained_ratio(self) -> Share:
        """Return the share whose zero lasted; None while time has not told of every loan. Probation is not yet a cure."""
        return None if self.n_pending else share(self.n_sustained, self.n_found)

    @property
    def self_cure_ratio(self) -> Share:
        """Return the share cured without any contact by the lender since the arrears began."""
        return share(self.n_self_touched + self.n_self_paid_in_full, self.n_found)

    @property
    def worked_cure_ratio(self) -> Share:
        return share(
            self.n_touched - self.n_self_touched + self.n_paid_in_full - self.n_self_paid_in_full, self.n_found
        )

    @property
    def redefault_ratio(self) -> Share:
        """Return the share of those that touched zero which defaulted again; only cohorts with a whole window know it."""
        return share(self.n_redefaulted, self.n_touched)


@dataclass(frozen=True)
class CureCohort:
    """Loans of a currency late at one month end; `bands` has them by band of days past due, `whole` all together."""

    currency: str
    from_day: date
    touch_day: date
    bands: dict[str, CureCounts]
    whole: CureCounts
    redefault_is_complete: bool

    @property
    def redefault_ratio(self) -> Share:
        """Return the share that defaulted again within the window; None while the window is not over."""
        return self.whole.redefault_ratio if self.redefault_is_complete else None


def measure_cures(
    *,
    as_of: date | None = None,
    months: int = 12,
    window_months: int = WINDOW_MONTHS,
    redefault_months: int = REDEFAULT_MONTHS,
    bands: Bands = HOUSE_BANDS,
    only: PortfolioFilter = ALL_LOANS,
) -> dict[str, tuple[CureCohort, ...]]:
    """Measure cures by currency, one cohort per month end whose follow-up lies in the last `months` months, oldest first.

    Base: loans that owe and are late at the month end. A follow-up that lies ahead makes no cohort; what time has not told is
    pending or None, never a failure or a success. Cost: see cures.sql. Raises NoBusinessDate, DayNotClosed.
    """
    at = stand_at(as_of)
    kept = find_kept_month_ends(as_of=at.day)
    if kept is None:
        return {}
    last = last_month_end(at.day)
    touch_days = [month_end(last, -back) for back in range(months)][::-1]
    asked = {
        "from_days": [month_end(day, -window_months) for day in touch_days],
        "to_days": touch_days,
        "redefault_days": [month_end(day, redefault_months) for day in touch_days],
        "last_day": kept[1],
        "lower_edges": bands.lower_edges,
    }
    by_cohort: dict[str, dict[tuple[date, date], list[dict[str, Any]]]] = {}
    for row in rows_of("borrowers", "cures", only.as_parameters() | at.as_parameters() | asked):
        by_cohort.setdefault(row["currency"], {}).setdefault((row["from_day"], row["touch_day"]), []).append(row)
    return {
        currency: tuple(
            CureCohort(
                currency=currency,
                from_day=from_day,
                touch_day=touch_day,
                bands={bands.names[row["band"]]: _counts([row]) for row in rows},
                whole=_counts(rows),
                redefault_is_complete=month_end(touch_day, redefault_months) <= kept[1],
            )
            for (from_day, touch_day), rows in sorted(cohorts.items())
        )
        for currency, cohorts in by_cohort.items()
    }


def _counts(rows: Iterable[dict[str, Any]]) -> CureCounts:
    rows = list(rows)
    return CureCounts(**{field.name: sum(row[field.name] for row in rows) for field in fields(CureCounts)})
