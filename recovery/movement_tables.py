"""What moved, in words and rows: title, base and day, chart, and the same figures as a table; drawn by Dash and by the page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from borrowers.measures.services import LossForecast, add_workouts
from recovery import movement_figures as figures
from recovery import recovery_figures
from recovery.figures import ABSENT, percent, short_money
from recovery.movement import MovementPanel

Row = Sequence[str]


@dataclass(frozen=True)
class MovementCard:
    """One measure of what moved: what it found, its base, how to draw it, and its table; without rows it says what it needs."""

    finding: str
    base: str
    draw: Callable[[], Any] | None = None
    head: Row = ()
    rows: Sequence[Row] = ()


def describe_movement(panel: MovementPanel) -> list[MovementCard]:
    """Describe the eight measures of one currency; one that month ends cannot tell says so."""
    return [
        _migration_card(panel), _roll_card(panel), _vintage_card(panel), _cure_card(panel), _collecting_card(panel),
        _recovery_card(panel), _loss_card(panel), _stage_card(panel),
    ]  # fmt: skip


def name_movement(panel: MovementPanel, *, has_name: bool) -> str:
    return f"What moved, {panel.currency}" if has_name else "What moved"


def _migration_card(panel: MovementPanel) -> MovementCard:
    if panel.migration is None:
        return _missing("Migration between buckets", "two month ends in a row")
    whole = panel.migration.whole
    names = whole.bands.names
    rows = [
        [figures.state_word(name), *map(percent, shares), f"{whole.count_of(band):,}"]
        for band, (name, shares) in enumerate(zip(names, whole.shares(), strict=True))
    ]
    return MovementCard(
        figures.migration_finding(panel.migration),
        f"Per cent of the loans of each bucket, by where the next month end found them. Loans that owe, {_months(panel)}, "
        "as known at each.",
        partial(figures.migration_chart, whole),
        ["From", *map(figures.state_word, whole.states), "Loans"],
        rows,
    )


def _roll_card(panel: MovementPanel) -> MovementCard:
    if panel.migration is None:
        return _missing("Roll rates", "two month ends in a row")
    months, names = panel.migration.months, panel.migration.whole.bands.names
    late = range(1, len(names) - 1)
    rows = [
        [f"{matrix.to_day:%b %Y}"]
        + [percent(matrix.roll_forward(band, by=by)) for band in late for by in ("count", "balance")]
        + [percent(matrix.roll_back(1))]
        for matrix in reversed(months)
    ]
    head = [f"{figures.state_word(names[band])}, {by}" for band in late for by in ("loans", "balance")]
    return MovementCard(
        figures.roll_finding(panel.migration),
        f"Share of the loans of a bucket found in a worse one, or written off, a month later; {_months(panel)}.",
        partial(figures.roll_chart, panel.migration),
        ["Month", *head, f"back from {figures.state_word(names[1])}"],
        rows,
    )


def _months(panel: MovementPanel) -> str:
    assert panel.migration is not None
    whole = panel.migration.whole
    return f"month ends from {whole.from_day:%-d %B %Y} to {whole.to_day:%-d %B %Y}"


def _vintage_card(panel: MovementPanel) -> MovementCard:
    drawn = figures.drawn_vintages(panel.vintages) if panel.vintages else []
    if not drawn or panel.vintages is None:
        return _missing("Vintage curves", "a quarter of approvals since month ends are kept")
    longest = max(len(vintage.curve) for vintage in drawn)
    rows = [
        [figures.quarter_word(vintage.begins_on), f"{vintage.n_loans:,}", *map(percent, vintage.curve)]
        + [""] * (longest - len(vintage.curve))
        for vintage in reversed(drawn)
    ]
    n_before = len([vintage for vintage in panel.vintages.vintages if not vintage.is_covered])
    quarters = "older quarter" if n_before == 1 else "older quarters"
    before = f" {n_before} {quarters} began before month ends were kept." if n_before else ""
    return MovementCard(
        figures.vintage_finding(panel.vintages),
        "Share of all loans approved in a quarter that were ever over 90 days late or written off, by month on book; blank until "
        f"the youngest loan is as old. As of {panel.vintages.last_month_end:%-d %B %Y}.{before}",
        partial(figures.vintage_chart, panel.vintages),
        ["Approved", "Loans", *(f"month {month}" for month in range(longest))],
        rows,
    )


def _cure_card(panel: MovementPanel) -> MovementCard:
    if not panel.cures:
        return _missing("Cures", "month ends three months apart")
    rows = [
        [
            f"{cohort.from_day:%b %Y}",
            f"{cohort.whole.n_found:,}",
            percent(cohort.whole.touched_ratio),
            percent(cohort.whole.paid_in_full_ratio),
            _known(cohort.whole.sustained_ratio),
            percent(cohort.whole.self_cure_ratio),
            percent(cohort.whole.worked_cure_ratio),
            _known(cohort.redefault_ratio),
        ]
        for cohort in reversed(panel.cures)
    ]
    return MovementCard(
        figures.cure_finding(panel.cures),
        "Of the loans late at a month end: at 0 days or paid in full three months later, by themselves or after an attempt at "
        "contact. A mark where the zero lasted 90 days more without write-off, sale or new terms; none until that is known.",
        partial(figures.cure_chart, panel.cures),
        [
            "Late in",
            "Loans",
            "Touched zero",
            "Paid in full",
            "Lasted",
            "By itself",
            "Worked",
            "Defaulted again in 12 months",
        ],
        rows,
    )


def _loss_card(panel: MovementPanel) -> MovementCard:
    losses = panel.losses
    if losses is None or losses.forecast is None or losses.forecast.expected_amounts[-1] is None:
        return _missing("Loss forecast", "balances, and month ends to learn from")
    forecast = losses.forecast
    return MovementCard(
        figures.loss_finding(losses, panel.currency),
        f"Balances of {forecast.from_day:%-d %B %Y}, {short_money(forecast.balance_amount, panel.currency)}, rolled through the "
        f"migration of {forecast.learned_months} months; the same made earlier, beside what came. No ECL.",
        partial(figures.loss_chart, losses, panel.currency),
        ["Within months", "Expected", "Forecast then", "What came"],
        _loss_rows(losses),
    )


def _loss_rows(losses: LossForecast) -> list[Row]:
    assert losses.forecast is not None
    test = losses.back_test
    columns = [
        losses.forecast.expected_amounts,
        test.expected_amounts if test else (),
        test.actual_amounts if test else (),
    ]
    return [
        [f"{month + 1}", *(short_money(column[month]) if month < len(column) else ABSENT for column in columns)]
        for month in range(len(losses.forecast.expected_amounts))
    ]


def _stage_card(panel: MovementPanel) -> MovementCard:
    stages = panel.stages
    if stages is None:
        return _missing("Stages", "loans that owe")
    return MovementCard(
        figures.stage_finding(stages),
        f"Outstanding principal of loans that owe on {stages.as_of:%-d %B %Y}: stage 3 from 91 days past due, stage 2 from 31 "
        f"or by a significant increase in PD. {figures.stage_note(stages)} No ECL.",
        partial(figures.stage_chart, stages),
        ["Stage", "Loans", "Outstanding principal", "For PD alone"],
        [
            [
                f"{line.stage}",
                f"{line.n_loans:,}",
                short_money(line.principal_amount, panel.currency),
                f"{line.n_by_pd:,}",
            ]
            for line in stages.lines
        ],
    )


def _collecting_card(panel: MovementPanel) -> MovementCard:
    if not any(month.liquidation_ratio is not None for month in panel.collected):
        return _missing("Liquidation and cost", "payments of loans that were late at a month end")
    rows = [
        [
            f"{month.to_day:%b %Y}", f"{month.n_loans:,}", short_money(month.assigned_amount, panel.currency),
            short_money(month.collected_amount, panel.currency), percent(month.liquidation_ratio),
            recovery_figures.cost_word(month.cost_per_unit),
        ]
        for month in reversed(panel.collected)
    ]  # fmt: skip
    return MovementCard(
        recovery_figures.collecting_finding(panel.collected),
        "Liquidation: collected in a month over all that late loans owed when it began. Cost: of contacts per 100 collected, "
        f"where every channel used has a price. As known on {panel.day:%-d %B %Y}.",
        partial(recovery_figures.collecting_chart, panel.collected),
        ["Month", "Late loans", "Assigned", "Collected", "Liquidation", "Cost per 100"],
        rows,
    )


def _recovery_card(panel: MovementPanel) -> MovementCard:
    if not any(cohort.recovery_ratio is not None for cohort in panel.workouts):
        return _missing("Recovery and LGD", "loans that went into default while month ends were kept")
    whole = add_workouts(panel.workouts)
    rows = [
        [
            "All" if cohort.default_on is None else f"{cohort.default_on:%b %Y}", f"{cohort.n_loans:,}",
            short_money(cohort.ead_amount, panel.currency), short_money(cohort.recovered_amount, panel.currency),
            percent(cohort.recovery_ratio), percent(cohort.lgd_ratio), percent(cohort.lgd_before_cost_ratio),
            percent(cohort.lgd_if_nothing_more_ratio), f"{cohort.n_open:,}",
        ]
        for cohort in (whole, *reversed(panel.workouts))
    ]  # fmt: skip
    return MovementCard(
        recovery_figures.recovery_finding(whole),
        "Recovered so far over what was outstanding at default, by the month end at which default was seen, open workouts in. "
        "LGD of resolved workouts flatters: beside it what is lost if nothing more comes. "
        f"As known on {panel.day:%-d %B %Y}. No ECL.",
        partial(recovery_figures.recovery_chart, panel.workouts),
        [
            "Default in",
            "Loans",
            "Exposure",
            "Recovered",
            "Recovery",
            "LGD",
            "LGD before cost",
            "If nothing more",
            "Open",
        ],
        rows,
    )


def _known(ratio: float | None) -> str:
    return "not yet known" if ratio is None else percent(ratio)


def _missing(title: str, needed: str) -> MovementCard:
    return MovementCard(f"{title}: {ABSENT}", f"It needs {needed}.")
