"""What managers look at: the portfolio by tier, the work of the day, and all of a dashboard's figures together."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from borrowers.measures.services import (
    CurrencyPortfolio,
    ParPoint,
    PortfolioFilter,
    measure_at_risk,
    measure_par_trend,
    rows_of,
)
from scoring.models import Tier

TREND_MONTHS = 12


@dataclass(frozen=True)
class TierLine:
    """What is outstanding in one tier; tier is None for loans without a score."""

    tier: Tier | None
    n_loans: int
    principal_amount: Decimal | None
    expected_bad_amount: Decimal | None

    @property
    def label(self) -> str:
        return str(self.tier.label) if self.tier else "no score"


@dataclass(frozen=True)
class TeamWork:
    """What one team has on its lists and has done on a day."""

    team: str
    n_open: int
    n_done: int
    open_minutes: Decimal
    n_contacts: int
    n_promises: int
    kept_ratio: float | None
    kept_money_ratio: float | None

    @property
    def open_hours(self) -> float:
        return float(self.open_minutes) / 60


@dataclass(frozen=True)
class CurrencyPanel:
    """All that the dashboard shows of one currency."""

    portfolio: CurrencyPortfolio
    tiers: tuple[TierLine, ...]
    trend: tuple[ParPoint, ...]

    @property
    def currency(self) -> str:
        return self.portfolio.currency

    @property
    def last_month_end(self) -> ParPoint | None:
        """Return the last month end before today, to compare with."""
        return self.trend[-2] if len(self.trend) > 1 else None


@dataclass(frozen=True)
class PortfolioFigures:
    """All that the portfolio dashboard shows."""

    day: date
    panels: tuple[CurrencyPanel, ...]
    teams: tuple[TeamWork, ...]

    @property
    def n_owing(self) -> int:
        return sum(panel.portfolio.n_owing for panel in self.panels)

    @property
    def n_late(self) -> int:
        return sum(panel.portfolio.n_late for panel in self.panels)

    @property
    def n_open(self) -> int:
        return sum(team.n_open for team in self.teams)

    @property
    def open_hours(self) -> float:
        return sum(team.open_hours for team in self.teams)

    @property
    def is_fresh(self) -> bool:
        """Say whether every figure stands at the day that is shown."""
        return all(panel.portfolio.oldest_as_of == self.day for panel in self.panels)


def measure_panels(*, day: date, only: PortfolioFilter) -> tuple[CurrencyPanel, ...]:
    """Measure each currency for the charts: three queries."""
    tiers = measure_tiers(only=only)
    trend = measure_par_trend(day=day, months=TREND_MONTHS, only=only)
    return tuple(
        CurrencyPanel(
            portfolio=portfolio,
            tiers=tiers.get(portfolio.currency, ()),
            trend=(*trend.get(portfolio.currency, ()), portfolio.par),
        )
        for portfolio in measure_at_risk(only=only)
    )


def measure_dashboard(*, day: date, only: PortfolioFilter) -> PortfolioFigures:
    """Measure all that the dashboard shows: four queries, whatever the size of the books."""
    return PortfolioFigures(day=day, panels=measure_panels(day=day, only=only), teams=measure_teams(day=day, only=only))


def measure_tiers(*, only: PortfolioFilter) -> dict[str, tuple[TierLine, ...]]:
    """Measure what is outstanding by tier for each currency, in the order of tiers, loans without a score last; one query."""
    by_currency: dict[str, dict[str | None, TierLine]] = {}
    for row in rows_of("recovery", "portfolio_by_tier", only.as_parameters()):
        tier = Tier(row["tier"]) if row["tier"] else None
        line = TierLine(tier, row["n_loans"], row["principal_amount"], row["expected_bad_amount"])
        by_currency.setdefault(row["currency"], {})[row["tier"]] = line
    return {
        currency: tuple(lines[tier] for tier in (*Tier.values, None) if tier in lines)
        for currency, lines in by_currency.items()
    }


def measure_teams(*, day: date, only: PortfolioFilter) -> tuple[TeamWork, ...]:
    """Measure the work of a day by team; one query. A filter on currency or product does not split people's work."""
    return tuple(
        TeamWork(
            team=row["team"] or "no team",
            n_open=int(row["n_open"]),
            n_done=int(row["n_done"]),
            open_minutes=row["open_minutes"],
            n_contacts=int(row["n_contacts"]),
            n_promises=int(row["n_promises"]),
            kept_ratio=row["kept_ratio"],
            kept_money_ratio=row["kept_money_ratio"],
        )
        for row in rows_of("recovery", "work_by_team", {"day": day, "team": only.team})
    )
