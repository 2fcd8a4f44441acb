"""Figures of the whole portfolio, each one aggregate in SQL. Currencies are never added together."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from borrowers.models import Bucket
from creditpath.sql import load

ZERO = Decimal(0)
PAR_DAYS = (30, 60, 90)
OWING_BUCKETS = (Bucket.CURRENT, Bucket.DPD_1_30, Bucket.DPD_31_60, Bucket.DPD_61_90, Bucket.DPD_91)


def share(part: Decimal, whole: Decimal) -> float | None:
    """Return a part of a whole as a ratio; None where the whole is nothing."""
    return float(part / whole) if whole else None


@dataclass(frozen=True)
class PortfolioFilter:
    """Which part of the portfolio is asked for; None means all of it."""

    currency: str | None = None
    product: int | None = None
    team: int | None = None

    def as_parameters(self) -> dict[str, Any]:
        return {"currency": self.currency, "product": self.product, "team": self.team}


@dataclass(frozen=True)
class ParPoint:
    """Portfolio at risk on a day: full outstanding principal of loans more than X days late over all outstanding principal."""

    as_of: date
    principal_amount: Decimal
    over_amounts: tuple[Decimal, Decimal, Decimal]

    def ratio(self, days: int) -> float | None:
        """Return PAR30, PAR60 or PAR90 as a ratio; None where nothing is outstanding."""
        return share(self.over_amounts[PAR_DAYS.index(days)], self.principal_amount)


@dataclass(frozen=True)
class BucketLine:
    """One bucket of one currency."""

    bucket: Bucket
    n_loans: int
    principal_amount: Decimal
    overdue_amount: Decimal


@dataclass(frozen=True)
class CurrencyPortfolio:
    """What is lent in one currency: owing buckets in order, PAR, and beside them what is written off."""

    currency: str
    buckets: tuple[BucketLine, ...]
    par: ParPoint
    n_late: int
    n_written_off: int
    written_off_amount: Decimal
    n_paid_off: int
    oldest_as_of: date

    @property
    def n_owing(self) -> int:
        return sum(line.n_loans for line in self.buckets)

    @property
    def overdue_amount(self) -> Decimal:
        return sum((line.overdue_amount for line in self.buckets), ZERO)


def measure_portfolio(*, only: PortfolioFilter) -> list[CurrencyPortfolio]:
    """Measure what stands on the books at the last refresh, largest currency by number of loans first; one query."""
    by_currency: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of("borrowers", "portfolio_by_bucket", only.as_parameters()):
        by_currency.setdefault(row["currency"], []).append(row)
    portfolios = [_portfolio(currency, rows) for currency, rows in by_currency.items()]
    return sorted(portfolios, key=lambda portfolio: (-portfolio.n_owing, portfolio.currency))


def _portfolio(currency: str, rows: Sequence[dict[str, Any]]) -> CurrencyPortfolio:
    by_bucket = {row["bucket"]: row for row in rows}
    owing = [by_bucket[bucket] for bucket in OWING_BUCKETS if bucket in by_bucket]
    written_off = by_bucket.get(Bucket.WRITTEN_OFF)
    return CurrencyPortfolio(
        currency=currency,
        buckets=tuple(_line(bucket, by_bucket.get(bucket)) for bucket in OWING_BUCKETS),
        par=ParPoint(
            as_of=max(row["newest_as_of"] for row in rows),
            principal_amount=sum((row["principal_amount"] for row in owing), ZERO),
            over_amounts=_over_amounts(owing),
        ),
        n_late=sum(row["n_late"] for row in owing),
        n_written_off=written_off["n_loans"] if written_off else 0,
        written_off_amount=written_off["principal_amount"] if written_off else ZERO,
        n_paid_off=by_bucket[Bucket.PAID_OFF]["n_loans"] if Bucket.PAID_OFF in by_bucket else 0,
        oldest_as_of=min(row["oldest_as_of"] for row in rows),
    )


def _line(bucket: Bucket, row: dict[str, Any] | None) -> BucketLine:
    if row is None:
        return BucketLine(bucket, 0, ZERO, ZERO)
    return BucketLine(bucket, row["n_loans"], row["principal_amount"], row["overdue_amount"])


def _over_amounts(rows: Iterable[dict[str, Any]]) -> tuple[Decimal, Decimal, Decimal]:
    rows = list(rows)
    over_30, over_60, over_90 = (sum((row[f"over_{days}_amount"] for row in rows), ZERO) for days in PAR_DAYS)
    return over_30, over_60, over_90


def measure_par_trend(*, day: date, months: int, only: PortfolioFilter) -> dict[str, list[ParPoint]]:
    """Return PAR at the month ends before a day, by currency, oldest first, each as it was known then; one query.

    Cost: loans x months rows are read.
    """
    first = date(day.year + (day.month - months - 1) // 12, (day.month - months - 1) % 12 + 1, 1)
    trend: dict[str, list[ParPoint]] = {}
    for row in rows_of("borrowers", "portfolio_par_trend", only.as_parameters() | {"after": first, "before": day}):
        point = ParPoint(row["as_of"], row["principal_amount"], _over_amounts([row]))
        trend.setdefault(row["currency"], []).append(point)
    return trend


def rows_of(app: str, measure: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    """Run sql/measures/<measure>.sql of an app and return its rows as dicts."""
    with connection.cursor() as cursor:
        cursor.execute(load(app, f"measures/{measure}.sql"), parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
