"""The roll-forward loss forecast, balances times migration to charge-off, and its back-test. It claims no ECL."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from borrowers.measures.asking import (
    ALL_LOANS,
    HOUSE_BANDS,
    Bands,
    PortfolioFilter,
    add_known,
    last_month_end,
    month_end,
    stand_at,
)
from borrowers.measures.migration import Matrix, Migration, add_matrices, measure_migration, migrate_from

HORIZON_MONTHS = 6
LEARNING_MONTHS = 6
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Forecast:
    """Balance of a month end expected to be charged off within 1, 2, … months, as rolled through the months before it.

    `expected_amounts` run by month; `actual_amounts`, in a back-test, are the same loans' balances found charged off, as far as
    the months are over. Both are shares of the balance at the beginning, so that they compare; None where no balance is known.
    """

    currency: str
    from_day: date
    learned_from: date
    learned_months: int
    balance_amount: Decimal | None
    expected_amounts: tuple[Decimal | None, ...]
    actual_amounts: tuple[Decimal | None, ...] = ()

    @property
    def error_ratio(self) -> float | None:
        """Return how far the forecast for the last month that is over lay above (+) or below (−) what happened."""
        if not self.actual_amounts or not self.actual_amounts[-1]:
            return None
        expected, actual = self.expected_amounts[len(self.actual_amounts) - 1], self.actual_amounts[-1]
        return None if expected is None else float(expected / actual) - 1


@dataclass(frozen=True)
class LossForecast:
    """The forecast from the last month end, and the one that would have been made `horizon` months before it, with what came."""

    currency: str
    forecast: Forecast | None
    back_test: Forecast | None


def forecast_losses(
    *,
    as_of: date | None = None,
    horizon: int = HORIZON_MONTHS,
    learning: int = LEARNING_MONTHS,
    bands: Bands = HOUSE_BANDS,
    only: PortfolioFilter = ALL_LOANS,
) -> dict[str, LossForecast]:
    """Forecast charge-offs by currency from the last month end, and back-test the forecast made `horizon` months earlier.

    Either learns from the `learning` months that end where it begins, never from later ones. Cost: loans x months rows, twice,
    and once two month ends for each month of the back-test. Raises NoBusinessDate, DayNotClosed.
    """
    last = last_month_end(stand_at(as_of).day)
    began = month_end(last, -horizon)
    moved = measure_migration(as_of=as_of, months=learning + horizon, bands=bands, only=only)
    now = migrate_from(from_day=last, after_months=[0], bands=bands, only=only)
    then = migrate_from(from_day=began, after_months=range(horizon + 1), bands=bands, only=only)
    return {
        currency: LossForecast(
            currency,
            forecast=_forecast(now[currency][0], moved.get(currency), horizon=horizon, learning=learning),
            back_test=_back_test(then.get(currency, {}), moved.get(currency), horizon=horizon, learning=learning),
        )
        for currency in now
    }


def _back_test(then: dict[int, Matrix], moved: Migration | None, *, horizon: int, learning: int) -> Forecast | None:
    if 0 not in then:
        return None
    forecast = _forecast(then[0], moved, horizon=horizon, learning=learning)
    if forecast is None:
        return None
    happened = [then[month] for month in range(1, horizon + 1) if month in then]
    return replace(forecast, actual_amounts=tuple(_charged_off(matrix) for matrix in happened))


def _forecast(standing: Matrix, moved: Migration | None, *, horizon: int, learning: int) -> Forecast | None:
    """Roll the balances of a day through the months that ended on or before it; None where there are none."""
    before = [matrix for matrix in moved.months if matrix.to_day <= standing.from_day][-learning:] if moved else []
    if not before:
        return None
    balances = [standing.amount_of(band) for band in range(len(standing.bands.names))]
    return Forecast(
        currency=standing.currency,
        from_day=standing.from_day,
        learned_from=before[0].from_day,
        learned_months=len(before),
        balance_amount=add_known(balances),
        expected_amounts=_roll(balances, add_matrices(before), horizon),
    )


def _roll(balances: Sequence[Decimal | None], moved: Matrix, horizon: int) -> tuple[Decimal | None, ...]:
    """Return the balance charged off after each month; None where a balance or the way of a band that has one is not known."""
    shares = moved.shares(by="balance")
    charged = moved.states.index("written_off")
    standing = [float(balance or 0) for balance in balances]
    if None in balances:
        return (None,) * horizon
    lost = 0.0
    expected: list[Decimal | None] = []
    for _ in range(horizon):
        if any(balance and None in row for balance, row in zip(standing, shares, strict=True)):
            return (*expected, *[None] * (horizon - len(expected)))
        rolled = [
            sum(balance * (row[state] or 0.0) for balance, row in zip(standing, shares, strict=True))
            for state in range(len(moved.states))
        ]
        lost += rolled[charged]
        standing = rolled[: len(standing)]
        expected.append(Decimal(lost).quantize(CENT))
    return tuple(expected)


def _charged_off(matrix: Matrix) -> Decimal | None:
    column = matrix.states.index("written_off")
    return add_known(row[column] for row in matrix.amounts)
