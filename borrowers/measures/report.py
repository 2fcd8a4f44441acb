"""Measures in words for a terminal and in plain values for JSON, each with its base."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from borrowers.measures.asking import Share
from borrowers.measures.at_risk import PAR_DAYS, CurrencyPortfolio
from borrowers.measures.collecting import CollectedMonth
from borrowers.measures.cures import CureCohort
from borrowers.measures.losses import Forecast, LossForecast
from borrowers.measures.migration import Matrix, Migration
from borrowers.measures.stages import Stages
from borrowers.measures.vintages import Vintages
from borrowers.measures.workouts import Workouts, add_workouts

ABSENT = "not available"


@dataclass(frozen=True)
class Described:
    """One measure in words and in plain values, by currency."""

    name: str
    title: str
    base: str
    lines: dict[str, list[str]]
    figures: dict[str, Any]


def percent(ratio: Share) -> str:
    return ABSENT if ratio is None else f"{ratio:.1%}"


def money(amount: Decimal | None) -> str:
    return ABSENT if amount is None else f"{amount:,.2f}"


def in_columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Line up cells, the first column to the left and the others to the right."""
    rows = [list(row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def describe_par(portfolios: Sequence[CurrencyPortfolio]) -> Described:
    lines, figures = {}, {}
    for portfolio in portfolios:
        par = portfolio.par
        lines[portfolio.currency] = [
            *(f"PAR{days} {percent(par.ratio(days))}" for days in PAR_DAYS),
            f"arrears ratio {percent(par.arrears_ratio)}",
            f"outstanding {money(par.principal_amount)}",
            f"written off, beside it {money(portfolio.written_off_amount)} ({portfolio.n_written_off:,} loans)",
        ]
        if par.n_without_amount:
            lines[portfolio.currency].append(f"{par.n_without_amount:,} loans without a balance are left out")
        figures[portfolio.currency] = {
            "as_of": par.as_of,
            **{f"par_{days}": par.ratio(days) for days in PAR_DAYS},
            "arrears_ratio": par.arrears_ratio,
            "principal_amount": par.principal_amount,
            "written_off_amount": portfolio.written_off_amount,
            "n_written_off": portfolio.n_written_off,
            "n_without_amount": par.n_without_amount,
            "buckets": [asdict(line) for line in portfolio.buckets],
        }
    return Described(
        "par",
        "Portfolio at risk",
        "gross outstanding principal of loans that owe; PAR counts all principal of a late loan, arrears only what is due",
        lines,
        figures,
    )


def describe_migration(migrations: dict[str, Migration]) -> Described:
    return Described(
        "migration",
        "Migration from month end to month end",
        "loans that owe at a month end and are found at the next, as known then; balance is that of the first month end",
        {currency: _matrix_lines(migration) for currency, migration in migrations.items()},
        {
            currency: {"whole": _matrix_figures(migration.whole), "months": [*map(_matrix_figures, migration.months)]}
            for currency, migration in migrations.items()
        },
    )


def _matrix_lines(migration: Migration) -> list[str]:
    whole, names = migration.whole, migration.whole.bands.names
    rows = [["from \\ to", *whole.states, "loans"]]
    for name, band, shares in zip(names, range(len(names)), whole.shares(), strict=True):
        rows.append([name, *map(_cell, shares), f"{whole.count_of(band):,}"])
    rolls = [["roll", "forward, count", "forward, balance", "back, count", "back, balance"]]
    for band, name in enumerate(names):
        rolls.append(
            [
                name,
                *(_cell(whole.roll_forward(band, by=by)) for by in ("count", "balance")),
                *(_cell(whole.roll_back(band, by=by)) for by in ("count", "balance")),
            ]
        )
    head = f"{len(migration.months)} months, {whole.from_day} to {whole.to_day}, shares of loans"
    return [head, *in_columns(rows), *in_columns(rolls)]


def _cell(ratio: Share) -> str:
    return "–" if ratio is None else f"{ratio:.1%}"


def _matrix_figures(matrix: Matrix) -> dict[str, Any]:
    bands = range(len(matrix.bands.names))
    return {
        "from_day": matrix.from_day,
        "to_day": matrix.to_day,
        "bands": matrix.bands.names,
        "states": matrix.states,
        "counts": matrix.counts,
        "amounts": matrix.amounts,
        "shares_by_count": matrix.shares(),
        "shares_by_balance": matrix.shares(by="balance"),
        "left": matrix.left,
        "roll_forward": {by: [matrix.roll_forward(band, by=by) for band in bands] for by in ("count", "balance")},
        "roll_back": {by: [matrix.roll_back(band, by=by) for band in bands] for by in ("count", "balance")},
    }


def describe_vintages(found: dict[str, Vintages]) -> Described:
    lines: dict[str, list[str]] = {}
    for currency, vintages in found.items():
        known = [vintage for vintage in vintages.vintages if vintage.is_covered]
        longest = max((len(vintage.curve) for vintage in known), default=0)
        rows = [["vintage", "loans", *(f"m{month}" for month in range(longest))]]
        for vintage in known:
            curve = [f"{part:.1%}" for part in vintage.curve]
            rows.append([f"{vintage.begins_on:%Y-%m}", f"{vintage.n_loans:,}", *curve, *[""] * (longest - len(curve))])
        n_before = len(vintages.vintages) - len(known)
        lines[currency] = in_columns(rows) + (
            [f"{n_before} vintages began before month ends were kept"] * (n_before > 0)
        )
    return Described(
        "vintages",
        "Vintages",
        "all loans approved in a month, by count; ever 91+ or written off by month on book, as seen at month ends",
        lines,
        {
            currency: [asdict(vintage) | {"curve": vintage.curve} for vintage in vintages.vintages]
            for currency, vintages in found.items()
        },
    )


def describe_cures(found: dict[str, tuple[CureCohort, ...]]) -> Described:
    head = ["late on", "loans", "touched zero", "paid in full", "sustained", "self-cure", "worked cure", "re-default"]
    lines = {
        currency: in_columns(
            [
                head,
                *(
                    [
                        f"{cohort.from_day}",
                        f"{cohort.whole.n_found:,}",
                        percent(cohort.whole.touched_ratio),
                        percent(cohort.whole.paid_in_full_ratio),
                        percent(cohort.whole.sustained_ratio),
                        percent(cohort.whole.self_cure_ratio),
                        percent(cohort.whole.worked_cure_ratio),
                        percent(cohort.redefault_ratio),
                    ]
                    for cohort in cohorts
                ),
            ]
        )
        for currency, cohorts in found.items()
    }
    return Described(
        "cures",
        "Cures",
        "loans that owe and were late at a month end, followed up at a later one; re-default is of those that touched zero",
        lines,
        {
            currency: [
                asdict(cohort)
                | {
                    name: getattr(cohort.whole, name)
                    for name in (
                        "touched_ratio",
                        "paid_in_full_ratio",
                        "sustained_ratio",
                        "self_cure_ratio",
                        "worked_cure_ratio",
                    )
                }
                | {"redefault_ratio": cohort.redefault_ratio}
                for cohort in cohorts
            ]
            for currency, cohorts in found.items()
        },
    )


def describe_collecting(found: dict[str, tuple[CollectedMonth, ...]]) -> Described:
    head = ["month to", "late loans", "assigned", "collected", "liquidation", "contacts", "cost", "cost per unit"]
    lines = {
        currency: in_columns(
            [
                head,
                *(
                    [
                        f"{month.to_day}",
                        f"{month.n_loans:,}",
                        money(month.assigned_amount),
                        money(month.collected_amount),
                        percent(month.liquidation_ratio),
                        f"{month.n_contacts:,}",
                        money(month.cost_amount),
                        ABSENT if month.cost_per_unit is None else f"{month.cost_per_unit:.4f}",
                    ]
                    for month in months
                ),
            ]
        )
        for currency, months in found.items()
    }
    return Described(
        "collecting",
        "Collecting",
        "all that loans late at a month end owed then; their cleared money of the next month; contacts at their channel's cost",
        lines,
        {
            currency: [
                asdict(month) | {"liquidation_ratio": month.liquidation_ratio, "cost_per_unit": month.cost_per_unit}
                for month in months
            ]
            for currency, months in found.items()
        },
    )


def describe_recovery(found: dict[str, tuple[Workouts, ...]]) -> Described:
    lines, figures = {}, {}
    for currency, cohorts in found.items():
        whole = add_workouts(cohorts)
        lines[currency] = [
            f"{whole.n_loans:,} workouts: {', '.join(_outcomes(whole))}",
            f"outstanding at default {money(whole.ead_amount)}, recovered so far {money(whole.recovered_amount)}",
            f"recovery rate {percent(whole.recovery_ratio)}",
            f"LGD of resolved workouts {percent(whole.lgd_ratio)}, before cost {percent(whole.lgd_before_cost_ratio)}",
            f"LGD of all if nothing more came, before cost {percent(whole.lgd_if_nothing_more_ratio)}",
        ]
        figures[currency] = {"whole": _workout_figures(whole), "cohorts": [*map(_workout_figures, cohorts)]}
    return Described(
        "recovery",
        "Recovery and loss given default",
        "loans first seen 91+ or written off at a kept month end after the first; open workouts are no losses and no cures",
        lines,
        figures,
    )


def _outcomes(workouts: Workouts) -> list[str]:
    words = ("cured", "paid_off", "sold", "closed", "timed_out", "open")
    return [f"{getattr(workouts, f'n_{word}'):,} {word.replace('_', ' ')}" for word in words]


def _workout_figures(workouts: Workouts) -> dict[str, Any]:
    ratios = ("recovery_ratio", "lgd_ratio", "lgd_before_cost_ratio", "lgd_if_nothing_more_ratio")
    return asdict(workouts) | {name: getattr(workouts, name) for name in ratios}


def describe_losses(found: dict[str, LossForecast]) -> Described:
    return Described(
        "losses",
        "Roll-forward loss forecast",
        "balances of a month end times the migration by balance of the months before it; no ECL",
        {
            currency: [
                *_forecast_lines("forecast", forecast.forecast),
                *_forecast_lines("back-test", forecast.back_test),
            ]
            for currency, forecast in found.items()
        },
        {
            currency: {
                "forecast": asdict(forecast.forecast) if forecast.forecast else None,
                "back_test": asdict(forecast.back_test) | {"error_ratio": forecast.back_test.error_ratio}
                if forecast.back_test
                else None,
            }
            for currency, forecast in found.items()
        },
    )


def _forecast_lines(word: str, forecast: Forecast | None) -> list[str]:
    if forecast is None:
        return [f"{word}: {ABSENT}, too few month ends are kept"]
    text = (
        f"{word} from {forecast.from_day} over {len(forecast.expected_amounts)} months: {money(forecast.expected_amounts[-1])} "
        f"of {money(forecast.balance_amount)} to be written off, learned from {forecast.learned_months} months"
    )
    if forecast.actual_amounts:
        text += f"; came: {money(forecast.actual_amounts[-1])}"
    if forecast.error_ratio is not None:
        text += f" ({forecast.error_ratio:+.0%})"
    return [text]


def describe_stages(found: dict[str, Stages]) -> Described:
    return Described(
        "stages",
        "Stages",
        "loans that owe; 3 from 91 days past due, 2 from 31 or by a significant increase in PD; no ECL",
        {
            currency: [
                *(
                    f"stage {line.stage}: {line.n_loans:,} loans, {money(line.principal_amount)}"
                    + (f", {line.n_by_pd:,} for their PD alone" if line.stage == 2 and stages.knows_pd else "")
                    for line in stages.lines
                ),
                *([] if stages.knows_pd else ["increases in PD are not known: days past due alone"]),
            ]
            for currency, stages in found.items()
        },
        {currency: asdict(stages) for currency, stages in found.items()},
    )


DESCRIBED: dict[str, Callable[[Any], Described]] = {
    "par": describe_par,
    "migration": describe_migration,
    "vintages": describe_vintages,
    "cures": describe_cures,
    "collecting": describe_collecting,
    "recovery": describe_recovery,
    "losses": describe_losses,
    "stages": describe_stages,
}
