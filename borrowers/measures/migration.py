"""From one month end to a later one: the migration matrix, and roll rates read off it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from borrowers.measures.asking import (
    ALL_LOANS,
    HOUSE_BANDS,
    ZERO,
    Bands,
    PortfolioFilter,
    Share,
    add_known,
    last_month_end,
    month_end,
    rows_of,
    share,
    stand_at,
)

ENDS = ("paid_off", "written_off", "sold", "closed")
LEFT = "left"
MONTHS = 12


@dataclass(frozen=True)
class Matrix:
    """Where loans of a band were found later, in loans and in balance at the beginning; what left the books is beside it.

    `counts[band][state]` and `amounts[band][state]` run over `bands.names` and `states`. Shares of a row sum to 1. An amount is
    None where no loan has a balance.
    """

    currency: str
    bands: Bands
    from_day: date
    to_day: date
    counts: tuple[tuple[int, ...], ...]
    amounts: tuple[tuple[Decimal | None, ...], ...]
    left: tuple[int, ...]
    n_without_amount: int = 0

    @property
    def states(self) -> tuple[str, ...]:
        return (*self.bands.names, *ENDS)

    def count_of(self, band: int) -> int:
        """Count the loans of a band that were found again."""
        return sum(self.counts[band])

    def amount_of(self, band: int) -> Decimal | None:
        """Add the balances of a band's loans that were found again; None where none is known."""
        return add_known(amount for amount, count in zip(self.amounts[band], self.counts[band], strict=True) if count)

    def shares(self, *, by: str = "count") -> tuple[tuple[Share, ...], ...]:
        """Return each row as shares of its band, by "count" or by "balance"; None in rows without loans or balances."""
        return tuple(self._shares_of(band, by) for band in range(len(self.bands.names)))

    def _shares_of(self, band: int, by: str) -> tuple[Share, ...]:
        if by == "count":
            return tuple(share(count, self.count_of(band)) for count in self.counts[band])
        whole = self.amount_of(band)
        return tuple(share(amount or ZERO, whole) for amount in self.amounts[band])

    def roll_forward(self, band: int, *, by: str = "count") -> Share:
        """Return the share of a band found in the next band or worse, charged off included; None for the last band."""
        if band + 1 >= len(self.bands.names):
            return None
        return _add_shares(
            self._shares_of(band, by), [*range(band + 1, len(self.bands.names)), self._place("written_off")]
        )

    def roll_back(self, band: int, *, by: str = "count") -> Share:
        """Return the share of a band found in a better one, or paid off; None for the first band."""
        if band == 0:
            return None
        return _add_shares(self._shares_of(band, by), [*range(band), self._place("paid_off")])

    def charge_off(self, band: int, *, by: str = "count") -> Share:
        """Return the share of a band found written off."""
        return self._shares_of(band, by)[self._place("written_off")]

    def _place(self, state: str) -> int:
        return self.states.index(state)


@dataclass(frozen=True)
class Migration:
    """The matrices of a currency, month by month, and all months together."""

    currency: str
    months: tuple[Matrix, ...]
    whole: Matrix


def measure_migration(
    *,
    as_of: date | None = None,
    months: int = MONTHS,
    gap_months: int = 1,
    bands: Bands = HOUSE_BANDS,
    only: PortfolioFilter = ALL_LOANS,
) -> dict[str, Migration]:
    """Measure, by currency, where loans moved between month ends `gap_months` apart; the last pairs of `months` months.

    Snapshots as they were known at their month end. Cost: loans x months rows, twice. Raises NoBusinessDate, DayNotClosed.
    """
    last = last_month_end(stand_at(as_of).day)
    to_days = [month_end(last, -back) for back in range(months)][::-1]
    return _migrations([(month_end(day, -gap_months), day) for day in to_days], bands=bands, only=only)


def migrate_from(
    *, from_day: date, after_months: Iterable[int], bands: Bands = HOUSE_BANDS, only: PortfolioFilter = ALL_LOANS
) -> dict[str, dict[int, Matrix]]:
    """Measure, by currency, where the loans of one month end stood after each of some numbers of months; one query.

    After 0 months they stand where they are, so that this is the month end by band. Months that were not kept are absent.
    """
    pairs = {month_end(from_day, months): months for months in after_months}
    found = _migrations([(from_day, to_day) for to_day in pairs], bands=bands, only=only)
    return {
        currency: {pairs[matrix.to_day]: matrix for matrix in migration.months} for currency, migration in found.items()
    }


def _migrations(pairs: Sequence[tuple[date, date]], *, bands: Bands, only: PortfolioFilter) -> dict[str, Migration]:
    asked = {
        "from_days": [from_day for from_day, _ in pairs],
        "to_days": [to_day for _, to_day in pairs],
        "lower_edges": bands.lower_edges,
    }
    by_pair: dict[str, dict[tuple[date, date], list[dict[str, Any]]]] = {}
    for row in rows_of("borrowers", "migration", only.as_parameters() | asked):
        by_pair.setdefault(row["currency"], {}).setdefault((row["from_day"], row["to_day"]), []).append(row)
    found = {}
    for currency, rows_of_pair in by_pair.items():
        months = tuple(_matrix(currency, bands, pair, rows) for pair, rows in sorted(rows_of_pair.items()))
        found[currency] = Migration(currency, months, add_matrices(months))
    return found


def _matrix(currency: str, bands: Bands, pair: tuple[date, date], rows: Iterable[Mapping[str, Any]]) -> Matrix:
    size = len(bands.names)
    places = {str(band): band for band in range(size)} | {end: size + place for place, end in enumerate(ENDS)}
    counts = [[0] * len(places) for _ in range(size)]
    amounts: list[list[Decimal | None]] = [[ZERO] * len(places) for _ in range(size)]
    left, n_without_amount = [0] * size, 0
    for row in rows:
        if row["state"] == LEFT:
            left[row["band"]] = row["n_loans"]
            continue
        counts[row["band"]][places[row["state"]]] = row["n_loans"]
        amounts[row["band"]][places[row["state"]]] = row["balance_amount"]
        n_without_amount += row["n_loans"] - row["n_with_amount"]
    return Matrix(
        currency, bands, *pair, tuple(map(tuple, counts)), tuple(map(tuple, amounts)), tuple(left), n_without_amount
    )


def add_matrices(matrices: Sequence[Matrix]) -> Matrix:
    """Add matrices of one currency and of the same bands, one at least, cell by cell."""
    first = matrices[0]
    rows, columns = range(len(first.bands.names)), range(len(first.states))
    return Matrix(
        currency=first.currency,
        bands=first.bands,
        from_day=min(matrix.from_day for matrix in matrices),
        to_day=max(matrix.to_day for matrix in matrices),
        counts=tuple(
            tuple(sum(matrix.counts[row][column] for matrix in matrices) for column in columns) for row in rows
        ),
        amounts=tuple(tuple(_add_cells(matrices, row=row, column=column) for column in columns) for row in rows),
        left=tuple(sum(matrix.left[row] for matrix in matrices) for row in rows),
        n_without_amount=sum(matrix.n_without_amount for matrix in matrices),
    )


def _add_cells(matrices: Sequence[Matrix], *, row: int, column: int) -> Decimal | None:
    return add_known(matrix.amounts[row][column] for matrix in matrices if matrix.counts[row][column])


def _add_shares(shares: Sequence[Share], places: Iterable[int]) -> Share:
    chosen = [shares[place] for place in places]
    return None if None in chosen else sum(part for part in chosen if part is not None)
