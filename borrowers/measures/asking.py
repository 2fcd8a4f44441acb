"""What a measure is asked: which loans, which bands of days past due, which month ends; and how missing amounts are treated."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection

from borrowers.clock import get_business_date, known_at
from borrowers.errors import DayNotClosed, EdgesOutOfOrder
from creditpath.sql import load

ZERO = Decimal(0)
Share = float | None


@dataclass(frozen=True)
class PortfolioFilter:
    """Which part of the portfolio is asked for; None means all of it.

    A segment is a column of the lender's own and its value, of the loan or of its borrower: ("branch", "North").
    """

    currency: str | None = None
    product: int | None = None
    team: int | None = None
    segment: tuple[str, str] | None = None

    def as_parameters(self) -> dict[str, Any]:
        name, value = self.segment or (None, None)
        return {
            "currency": self.currency,
            "product": self.product,
            "team": self.team,
            "segment": name,
            "segment_value": value,
        }


ALL_LOANS = PortfolioFilter()


@dataclass(frozen=True)
class Bands:
    """Bands of days past due by their inclusive upper edges: (0, 30, 60, 90) are the house's buckets.

    The first edge is 0, so that the first band is what is current. Raises EdgesOutOfOrder for anything else.
    """

    edges: tuple[int, ...] = (0, 30, 60, 90)

    def __post_init__(self) -> None:
        if not self.edges or self.edges[0] != 0 or list(self.edges) != sorted(set(self.edges)):
            raise EdgesOutOfOrder(f"The edges {', '.join(map(str, self.edges))} must begin with 0 and rise.")

    @property
    def names(self) -> tuple[str, ...]:
        """Name the bands as buckets are named: current, 1-30, …, 91+."""
        inner = [f"{low + 1}-{high}" for low, high in zip(self.edges, self.edges[1:], strict=False)]
        return ("current", *inner, f"{self.edges[-1] + 1}+")

    @property
    def lower_edges(self) -> list[int]:
        """Return the first day of each band but the current one, as width_bucket wants them."""
        return [edge + 1 for edge in self.edges]


HOUSE_BANDS = Bands()


def share(part: Decimal | int | None, whole: Decimal | int | None) -> Share:
    """Return a part of a whole as a ratio; None where either is not known or the whole is nothing."""
    return float(part / whole) if whole and part is not None else None


def add_known(amounts: Iterable[Decimal | None]) -> Decimal | None:
    """Add the amounts that are known; None where there are amounts and none of them is."""
    amounts = list(amounts)
    known = [amount for amount in amounts if amount is not None]
    return sum(known, ZERO) if known or not amounts else None


def month_end(day: date, months: int = 0) -> date:
    """Return the last day of a day's month, or of the month so many months later."""
    number = day.year * 12 + day.month + months  # the month after the one that is wanted, counted from zero
    return date(number // 12, number % 12 + 1, 1) - timedelta(days=1)


def months_between(earlier: date, later: date) -> int:
    """Count the months from the one of a day to the one of another."""
    return (later.year - earlier.year) * 12 + later.month - earlier.month


def last_month_end(day: date) -> date:
    """Return the last month end that is not after a day."""
    return day if day == month_end(day) else month_end(day, -1)


def find_kept_month_ends(*, as_of: date) -> tuple[date, date] | None:
    """Return the first and the last month end up to a day of which snapshots are kept; two index look-ups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(as_of), max(as_of) FROM borrowers_monthendsnapshot WHERE as_of <= %s", [as_of])
        first, last = cursor.fetchone()
    return (first, last) if first else None


@dataclass(frozen=True)
class AsOf:
    """The day of a measure, the instant up to which entries are known for it, and whether the last refresh shows it."""

    day: date
    known_at: datetime
    is_past: bool

    def as_parameters(self) -> dict[str, Any]:
        return {"as_of": self.day, "known_at": self.known_at, "is_past": self.is_past}


def stand_at(as_of: date | None) -> AsOf:
    """Return the day that is asked for, the business date by default; raises NoBusinessDate, DayNotClosed."""
    business_date = get_business_date()
    day = as_of or business_date
    if day > business_date:
        raise DayNotClosed(f"{day} lies after the business date {business_date}.")
    return AsOf(day, known_at(as_of=day), is_past=day < business_date)


def rows_of(app: str, measure: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Run sql/measures/<measure>.sql of an app and return its rows as dicts."""
    with connection.cursor() as cursor:
        cursor.execute(load(app, f"measures/{measure}.sql"), parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
