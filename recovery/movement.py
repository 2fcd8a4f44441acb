"""What moved in the portfolio, for the managers' page: migration, vintages, cures, losses, stages, collecting and recovery."""

from dataclasses import dataclass
from datetime import date

from borrowers.measures.services import (
    CollectedMonth,
    CureCohort,
    LossForecast,
    Migration,
    PortfolioFilter,
    Stages,
    Vintages,
    Workouts,
    forecast_losses,
    measure_collecting,
    measure_cures,
    measure_migration,
    measure_stages,
    measure_vintages,
    measure_workouts,
)
from scoring.impairment import find_risen_pd

MONTHS = 12


@dataclass(frozen=True)
class MovementPanel:
    """All that the page shows of one currency's movement; None or empty where no month end tells it."""

    currency: str
    day: date
    migration: Migration | None
    vintages: Vintages | None
    cures: tuple[CureCohort, ...]
    losses: LossForecast | None
    stages: Stages | None
    collected: tuple[CollectedMonth, ...]
    workouts: tuple[Workouts, ...]


def measure_movement(*, day: date, only: PortfolioFilter) -> tuple[MovementPanel, ...]:
    """Measure what moved, by currency, the one with the most loans first; nine aggregates over a year of month ends."""
    migrations = measure_migration(as_of=day, months=MONTHS, only=only)
    vintages = measure_vintages(as_of=day, grain="quarter", only=only)
    cures = measure_cures(as_of=day, months=MONTHS, only=only)
    losses = forecast_losses(as_of=day, only=only)
    stages = measure_stages(as_of=day, significant=find_risen_pd(as_of=day), only=only)
    collected = measure_collecting(as_of=day, months=MONTHS, only=only)
    workouts = measure_workouts(as_of=day, only=only)
    panels = [
        MovementPanel(
            currency,
            day,
            migrations.get(currency),
            vintages.get(currency),
            cures.get(currency, ()),
            losses.get(currency),
            stages.get(currency),
            collected.get(currency, ()),
            workouts.get(currency, ()),
        )
        for currency in vintages
    ]
    return tuple(sorted(panels, key=lambda panel: (-_count_loans(panel), panel.currency)))


def _count_loans(panel: MovementPanel) -> int:
    return sum(line.n_loans for line in panel.stages.lines) if panel.stages else 0
