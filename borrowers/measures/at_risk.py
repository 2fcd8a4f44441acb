"""Portfolio at risk (PAR) and the arrears ratio, on a day and at month ends."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from borrowers.measures.asking import ALL_LOANS, PortfolioFilter, Share, add_known, rows_of, share, stand_at
from borrowers.models import Bucket

PAR_DAYS = (30, 60, 90)
OWING_BUCKETS = (Bucket.CURRENT, Bucket.DPD_1_30, Bucket.DPD_31_60, Bucket.DPD_61_90, Bucket.DPD_91)
NOTHING = Decimal(0)
LAST_REFRESH = {"as_of": None, "known_at": None, "is_past": False}
Amounts = tuple[Decimal | None, Decimal | None, Decimal | None]


@dataclass(frozen=True)
class ParPoint:
    """Portfolio at risk on a day: full outstanding principal of loans more than X days late over all outstanding principal.

    Amounts are None where no loan has them. Beside it the arrears ratio: principal that is overdue over all that is outstanding.
    """

    as_of: date
    principal_amount: Decimal | None
    over_amounts: Amounts
    overdue_principal_amount: Decimal | None = None
    n_without_amount: int = 0

    def ratio(self, days: int) -> Share:
        """Return PAR30, PAR60 or PAR90 as a ratio; None where nothing is outstanding or no balance is known."""
        return share(self.over_amounts[PAR_DAYS.index(days)], self.principal_amount)

    @property
    def arrears_ratio(self) -> Share:
        return share(self.overdue_principal_amount, self.principal_amount)


@dataclass(frozen=True)
class BucketLine:
    """One bucket of one currency; amounts are None where no loan of it has them."""

    bucket: Bucket
    n_loans: int
    principal_amount: Decimal | None
    overdue_amount: Decimal | None


@dataclass(frozen=True)
class CurrencyPortfolio:
    """What is lent in one currency: owing buckets in order, PAR, and beside them what is written off."""

    currency: str
    buckets: tuple[BucketLine, ...]
    par: ParPoint
    n_late: int
    n_written_off: int
    written_off_amount: Decimal | None
    n_paid_off: int
    oldest_as_of: date

    @property
    def n_owing(self) -> int:
        return sum(line.n_loans for line in self.buckets)

    @property
    def overdue_amount(self) -> Decimal | None:
        return add_known(line.overdue_amount for line in self.buckets if line.n_loans)


def measure_at_risk(*, as_of: date | None = None, only: PortfolioFilter = ALL_LOANS) -> list[CurrencyPortfolio]:
    """Measure PAR and arrears of each currency on a day, by default that of the last refresh; most loans come first.

    Base: gross outstanding principal of loans that owe; what is written off stands beside it. Cost: one query, a pass over the
    last refresh; a computation of all loans for a day before the business date. Raises NoBusinessDate, DayNotClosed.
    """
    asked = LAST_REFRESH if as_of is None else stand_at(as_of).as_parameters()
    by_currency: dict[str, list[dict[str, Any]]] = {}
    for row in rows_of("borrowers", "at_risk", only.as_parameters() | asked):
        by_currency.setdefault(row["currency"], []).append(row)
    portfolios = [_portfolio(currency, rows) for currency, rows in by_currency.items()]
    return sorted(portfolios, key=lambda portfolio: (-portfolio.n_owing, portfolio.currency))


def measure_par_trend(*, day: date, months: int, only: PortfolioFilter = ALL_LOANS) -> dict[str, list[ParPoint]]:
    """Return PAR at the month ends before a day, by currency, oldest first, each as it was known then; one query.

    Cost: loans x months rows are read.
    """
    first = date(day.year + (day.month - months - 1) // 12, (day.month - months - 1) % 12 + 1, 1)
    trend: dict[str, list[ParPoint]] = {}
    for row in rows_of("borrowers", "at_risk_trend", only.as_parameters() | {"after": first, "before": day}):
        trend.setdefault(row["currency"], []).append(_point(row["as_of"], [row]))
    return trend


def _portfolio(currency: str, rows: Sequence[dict[str, Any]]) -> CurrencyPortfolio:
    by_bucket = {row["bucket"]: row for row in rows}
    owing = [by_bucket[bucket] for bucket in OWING_BUCKETS if bucket in by_bucket]
    written_off = by_bucket.get(Bucket.WRITTEN_OFF)
    return CurrencyPortfolio(
        currency=currency,
        buckets=tuple(_line(bucket, by_bucket.get(bucket)) for bucket in OWING_BUCKETS),
        par=_point(max(row["newest_as_of"] for row in rows), owing),
        n_late=sum(row["n_late"] for row in owing),
        n_written_off=written_off["n_loans"] if written_off else 0,
        written_off_amount=written_off["principal_amount"] if written_off else NOTHING,
        n_paid_off=by_bucket[Bucket.PAID_OFF]["n_loans"] if Bucket.PAID_OFF in by_bucket else 0,
        oldest_as_of=min(row["oldest_as_of"] for row in rows),
    )


def _line(bucket: Bucket, row: dict[str, Any] | None) -> BucketLine:
    if row is None:
        return BucketLine(bucket, 0, NOTHING, NOTHING)
    return BucketLine(bucket, row["n_loans"], row["principal_amount"], row["overdue_amount"])


def _point(as_of: date, rows: Iterable[dict[str, Any]]) -> ParPoint:
    rows = list(rows)
    over_30, over_60, over_90 = (add_known(row[f"over_{days}_amount"] for row in rows) for days in PAR_DAYS)
    return ParPoint(
        as_of=as_of,
        principal_amount=add_known(row["principal_amount"] for row in rows),
        over_amounts=(over_30, over_60, over_90),
        overdue_principal_amount=add_known(row["overdue_principal_amount"] for row in rows),
        n_without_amount=sum(row["n_without_amount"] for row in rows),
    )
