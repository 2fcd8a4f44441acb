"""The measures of the portfolio: what each module measures, and all of them in one report."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from borrowers.errors import UnknownMeasure
from borrowers.measures.asking import ALL_LOANS, HOUSE_BANDS, Bands, PortfolioFilter, rows_of, share, stand_at
from borrowers.measures.at_risk import (
    PAR_DAYS,
    BucketLine,
    CurrencyPortfolio,
    ParPoint,
    measure_at_risk,
    measure_par_trend,
)
from borrowers.measures.collecting import CollectedMonth, measure_collecting
from borrowers.measures.cures import CureCohort, CureCounts, measure_cures
from borrowers.measures.losses import Forecast, LossForecast, forecast_losses
from borrowers.measures.migration import Matrix, Migration, measure_migration
from borrowers.measures.report import DESCRIBED, Described
from borrowers.measures.stages import StageLine, Stages, measure_stages
from borrowers.measures.vintages import Vintage, Vintages, measure_vintages
from borrowers.measures.workouts import Workouts, add_workouts, measure_workouts
from borrowers.models import Borrower

__all__ = [
    "ALL_LOANS",
    "HOUSE_BANDS",
    "MEASURES",
    "PAR_DAYS",
    "Bands",
    "BucketLine",
    "CollectedMonth",
    "CureCohort",
    "CureCounts",
    "CurrencyPortfolio",
    "Forecast",
    "LossForecast",
    "Matrix",
    "Migration",
    "ParPoint",
    "PortfolioFilter",
    "PortfolioReport",
    "StageLine",
    "Stages",
    "Vintage",
    "Vintages",
    "Workouts",
    "add_workouts",
    "forecast_losses",
    "measure_at_risk",
    "measure_collecting",
    "measure_cures",
    "measure_migration",
    "measure_par_trend",
    "measure_portfolio",
    "measure_stages",
    "measure_vintages",
    "measure_workouts",
    "rows_of",
    "share",
    "stand_at",
]

MEASURES = tuple(DESCRIBED)


@dataclass(frozen=True)
class PortfolioReport:
    """The measures that were asked for, each with its base, by currency."""

    as_of: date
    measures: tuple[Described, ...]
    is_simulated: bool

    def summary(self) -> str:
        blocks = [f"Portfolio as of {self.as_of}{', of simulated borrowers' if self.is_simulated else ''}."]
        for measure in self.measures:
            blocks.append(f"{measure.title}\n  Base: {measure.base}")
            blocks += [f"  {currency}\n{_indented(lines)}" for currency, lines in measure.lines.items()]
            if not measure.lines:
                blocks.append("  not available: no loan or no month end is kept for it")
        return "\n".join(blocks)

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of.isoformat(),
            "is_simulated": self.is_simulated,
            "measures": {
                measure.name: {"base": measure.base, "currencies": measure.figures} for measure in self.measures
            },
        }


def measure_portfolio(
    *,
    as_of: date | None = None,
    names: Collection[str] = MEASURES,
    only: PortfolioFilter = ALL_LOANS,
    bands: Bands = HOUSE_BANDS,
    significant: Iterable[int] | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> PortfolioReport:
    """Measure the portfolio as of a day (the business date), all measures or those named.

    `significant` are the ids of loans whose PD rose significantly, None where nobody knows. Cost: that of each measure, one
    after the other. Raises NoBusinessDate, DayNotClosed, UnknownMeasure.
    """
    if unknown := sorted(set(names) - set(MEASURES)):
        raise UnknownMeasure(f"No measure is called {unknown[0]}; there are {', '.join(MEASURES)}.")
    day = stand_at(as_of).day
    verbs: dict[str, Callable[[], Any]] = {
        "par": lambda: measure_at_risk(as_of=day, only=only),
        "migration": lambda: measure_migration(as_of=day, bands=bands, only=only),
        "vintages": lambda: measure_vintages(as_of=day, only=only),
        "cures": lambda: measure_cures(as_of=day, bands=bands, only=only),
        "collecting": lambda: measure_collecting(as_of=day, only=only),
        "recovery": lambda: measure_workouts(as_of=day, only=only),
        "losses": lambda: forecast_losses(as_of=day, bands=bands, only=only),
        "stages": lambda: measure_stages(as_of=day, significant=significant, only=only),
    }
    described = []
    for done, name in enumerate(asked := [name for name in MEASURES if name in names]):
        progress(done, len(asked), name)
        described.append(DESCRIBED[name](verbs[name]()))
    progress(len(asked), len(asked), "done")
    is_simulated = Borrower.objects.filter(is_simulated=True).exists()
    return PortfolioReport(as_of=day, measures=tuple(described), is_simulated=is_simulated)


def _indented(lines: Iterable[str]) -> str:
    return "\n".join(f"    {line}" for line in lines)
