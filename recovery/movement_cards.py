"""What moved, as cards in the page: title, base and day, chart, and the same figures as a table."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html

from borrowers.measures.services import LossForecast, add_workouts
from recovery import movement_figures as figures
from recovery import recovery_figures
from recovery.figures import ABSENT, percent, short_money
from recovery.movement import MovementPanel

STILL: Any = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}
Row = Sequence[str]


def draw_movement_panel(panel: MovementPanel, *, has_name: bool) -> Any:
    """Draw the eight cards of one currency; one that month ends cannot tell says so."""
    heading = f"What moved, {panel.currency}" if has_name else "What moved"
    cards = [
        _migration_card(panel), _roll_card(panel), _vintage_card(panel), _cure_card(panel), _collecting_card(panel),
        _recovery_card(panel), _loss_card(panel), _stage_card(panel),
    ]  # fmt: skip
    return html.Section([html.H2(heading, className="currency"), html.Div(cards, className="charts")])


def _migration_card(panel: MovementPanel) -> Any:
    if panel.migration is None:
        return _absent("Migration between buckets", "two month ends in a row")
    whole = panel.migration.whole
    names = whole.bands.names
    rows = [
        [figures.state_word(name), *map(percent, shares), f"{whole.count_of(band):,}"]
        for band, (name, shares) in enumerate(zip(names, whole.shares(), strict=True))
    ]
    return _card(
        figures.migration_finding(panel.migration),
        f"Per cent of the loans of each bucket, by where the next month end found them. Loans that owe, {_months(panel)}, "
        "as known at each.",
        figures.migration_chart(whole),
        ["From", *map(figures.state_word, whole.states), "Loans"],
        rows,
    )


def _roll_card(panel: MovementPanel) -> Any:
    if panel.migration is None:
        return _absent("Roll rates", "two month ends in a row")
    months, names = panel.migration.months, panel.migration.whole.bands.names
    late = range(1, len(names) - 1)
    rows = [
        [f"{matrix.to_day:%b %Y}"]
        + [percent(matrix.roll_forward(band, by=by)) for band in late for by in ("count", "balance")]
        + [percent(matrix.roll_back(1))]
        for matrix in reversed(months)
    ]
    head = [f"{figures.state_word(names[band])}, {by}" for band in late for by in ("loans", "balance")]
    return _card(
        figures.roll_finding(panel.migration),
        f"Share of the loans of a bucket found in a worse one, or written off, a month later; {_months(panel)}.",
        figures.roll_chart(panel.migration),
        ["Month", *head, f"back from {figures.state_word(names[1])}"],
        rows,
    )


def _months(panel: MovementPanel) -> str:
    assert panel.migration is not None
    whole = panel.migration.whole
    return f"month ends from {whole.from_day:%-d %B %Y} to {whole.to_day:%-d %B %Y}"


def _vintage_card(panel: MovementPanel) -> Any:
    drawn = figures.drawn_vintages(panel.vintages) if panel.vintages else []
    if not drawn or panel.vintages is None:
        return _absent("Vintage curves", "a quarter of approvals since month ends are kept")
    longest = max(len(vintage.curve) for vintage in drawn)
    rows = [
        [figures.quarter_word(vintage.begins_on), f"{vintage.n_loans:,}", *map(percent, vintage.curve)]
        + [""] * (longest - len(vintage.curve))
        for vintage in reversed(drawn)
    ]
    n_before = len([vintage for vintage in panel.vintages.vintages if not vintage.is_covered])
    before = f" {n_before} older quarters began before month ends were kept." if n_before else ""
    return _card(
        figures.vintage_finding(panel.vintages),
        "Share of all loans approved in a quarter that were ever over 90 days late or written off, by month on book; blank until "
        f"the youngest loan is as old. As of {panel.vintages.last_month_end:%-d %B %Y}.{before}",
        figures.vintage_chart(panel.vintages),
        ["Approved", "Loans", *(f"month {month}" for month in range(longest))],
        rows,
    )


def _cure_card(panel: MovementPanel) -> Any:
    if not panel.cures:
        return _absent("Cures", "month ends three months apart")
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
    return _card(
        figures.cure_finding(panel.cures),
        "Of the loans late at a month end: at 0 days or paid in full three months later, by themselves or after an attempt at "
        "contact. A mark where the zero lasted 90 days more without write-off, sale or new terms; none until that is known.",
        figures.cure_chart(panel.cures),
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


def _loss_card(panel: MovementPanel) -> Any:
    losses = panel.losses
    if losses is None or losses.forecast is None or losses.forecast.expected_amounts[-1] is None:
        return _absent("Loss forecast", "balances, and month ends to learn from")
    forecast = losses.forecast
    return _card(
        figures.loss_finding(losses, panel.currency),
        f"Balances of {forecast.from_day:%-d %B %Y}, {short_money(forecast.balance_amount, panel.currency)}, rolled through the "
        f"migration of {forecast.learned_months} months; the same made earlier, beside what came. No ECL.",
        figures.loss_chart(losses, panel.currency),
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


def _stage_card(panel: MovementPanel) -> Any:
    stages = panel.stages
    if stages is None:
        return _absent("Stages", "loans that owe")
    return _card(
        figures.stage_finding(stages),
        f"Outstanding principal of loans that owe on {stages.as_of:%-d %B %Y}: stage 3 from 91 days past due, stage 2 from 31 "
        f"or by a significant increase in PD. {figures.stage_note(stages)} No ECL.",
        figures.stage_chart(stages),
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


def _collecting_card(panel: MovementPanel) -> Any:
    if not any(month.liquidation_ratio is not None for month in panel.collected):
        return _absent("Liquidation and cost", "payments of loans that were late at a month end")
    rows = [
        [
            f"{month.to_day:%b %Y}", f"{month.n_loans:,}", short_money(month.assigned_amount, panel.currency),
            short_money(month.collected_amount, panel.currency), percent(month.liquidation_ratio),
            recovery_figures.cost_word(month.cost_per_unit),
        ]
        for month in reversed(panel.collected)
    ]  # fmt: skip
    return _card(
        recovery_figures.collecting_finding(panel.collected),
        "Liquidation: collected in a month over all that late loans owed when it began. Cost: of contacts per 100 collected, "
        f"where every channel used has a price. As known on {panel.day:%-d %B %Y}.",
        recovery_figures.collecting_chart(panel.collected),
        ["Month", "Late loans", "Assigned", "Collected", "Liquidation", "Cost per 100"],
        rows,
    )


def _recovery_card(panel: MovementPanel) -> Any:
    if not any(cohort.recovery_ratio is not None for cohort in panel.workouts):
        return _absent("Recovery and LGD", "loans that went into default while month ends were kept")
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
    return _card(
        recovery_figures.recovery_finding(whole),
        "Recovered so far over what was outstanding at default, by the month end at which default was seen, open workouts in. "
        "LGD of resolved workouts flatters: beside it what is lost if nothing more comes. "
        f"As known on {panel.day:%-d %B %Y}. No ECL.",
        recovery_figures.recovery_chart(panel.workouts),
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


def _absent(title: str, needed: str) -> Any:
    return html.Div(
        [html.H2(f"{title}: {ABSENT}"), html.P(f"It needs {needed}.", className="soft small")], className="card chart"
    )


def _card(finding: str, base: str, figure: Any, head: Row, rows: Sequence[Row]) -> Any:
    header = [html.Th(word, scope="col", className="num" if place else "") for place, word in enumerate(head)]
    lines = [
        html.Tr([html.Th(name, scope="row", className="nowrap"), *(html.Td(cell, className="num") for cell in cells)])
        for name, *cells in rows
    ]
    table = html.Table([html.Caption(base, className="soft small"), html.Thead(html.Tr(header)), html.Tbody(lines)])
    scroll = html.Div(table, className="scroll", tabIndex=0, role="group", **{"aria-label": finding})  # type: ignore[arg-type]
    return html.Div(
        [
            html.H2(finding),
            html.P(base, className="soft small"),
            dcc.Graph(figure=figure, config=STILL, style={"height": f"{figure.layout.height}px"}),
            html.Details([html.Summary("The same as a table"), scroll], className="twin"),
        ],
        className="card chart",
    )
