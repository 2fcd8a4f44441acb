"""Charts of what moved: data in, a plotly Figure out, as in figures.py. `*_finding` functions write their titles."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import plotly.graph_objects as go

from borrowers.measures.services import (
    CureCohort,
    Forecast,
    LossForecast,
    Matrix,
    Migration,
    Stages,
    Vintage,
    Vintages,
    share,
)
from recovery.figures import (
    ABSENT,
    BLUE,
    GREEN,
    GREY,
    OCHRE,
    PURPLE,
    VERMILION,
    apart,
    bars,
    dressed,
    loans_in_words,
    month_words,
    percent,
    rounded,
    short_money,
)

GRID = "rgba(123, 135, 148, 0.25)"
STYLES = (
    (BLUE, "solid"),
    (OCHRE, "dash"),
    (PURPLE, "dot"),
    (VERMILION, "dashdot"),
    (GREEN, "longdash"),
    (GREY, "solid"),
)
STATE_WORDS = {"paid_off": "paid off", "written_off": "written off"}
STAGE_COLOURS = (GREEN, OCHRE, VERMILION)
MARGIN = {"l": 46, "r": 112, "t": 8, "b": 44}


def state_word(state: str) -> str:
    return STATE_WORDS.get(state, state.replace("-", "–"))


def quarter_word(day: date) -> str:
    return f"Q{(day.month + 2) // 3} {day.year}"


# --- what each chart says -----------------------------------------------------------------------------------------------
def migration_finding(migration: Migration) -> str:
    """Say in a sentence where most loans of the first late band went."""
    forward, back = migration.whole.roll_forward(1), migration.whole.roll_back(1)
    if forward is None or back is None:
        return "No late loan was followed from one month end to the next"
    name = state_word(migration.whole.bands.names[1])
    return f"Of loans {name} days late, {rounded(forward)} got worse within a month and {rounded(back)} got better"


def roll_finding(migration: Migration) -> str:
    """Say in a sentence where the roll-forward of the first late band went over the months."""
    known = [(matrix, ratio) for matrix in migration.months if (ratio := matrix.roll_forward(1)) is not None]
    if len(known) < 2:
        return "Roll rates: too few month ends to compare"
    (first, before), (_, now) = known[0], known[-1]
    points = (now - before) * 100
    name, since = state_word(migration.whole.bands.names[1]), f"{first.to_day:%B %Y}"
    if abs(points) < 0.5:
        return f"Roll-forward from {name} days is what it was in {since}: {percent(now)}"
    verb = "rose" if points > 0 else "fell"
    return f"Roll-forward from {name} days {verb} from {percent(before)} to {percent(now)} since {since}"


def vintage_finding(vintages: Vintages) -> str:
    """Say in a sentence how the newest vintage compares with the one before at the same age."""
    drawn = drawn_vintages(vintages)
    if not drawn:
        return "No vintage is old enough to tell"
    told = [vintage for vintage in drawn if vintage.curve[-1]] or drawn  # the youngest cannot have gone bad yet
    if len(told) < 2:
        return f"{percent(told[-1].curve[-1])} of the loans of {quarter_word(told[-1].begins_on)} went bad so far"
    older, newer = told[-2], told[-1]
    month = len(newer.curve) - 1
    return (
        f"After {month} months {percent(newer.curve[month])} of {quarter_word(newer.begins_on)} went bad; "
        f"{quarter_word(older.begins_on)} stood at {percent(older.curve[month])} then"
    )


def drawn_vintages(vintages: Vintages) -> list[Vintage]:
    """Return the vintages whose curve has a month on book behind it, oldest first."""
    return [vintage for vintage in vintages.vintages if len(vintage.curve) > 1]


def cure_finding(cohorts: Sequence[CureCohort]) -> str:
    """Say in a sentence how many late loans were cured, and of how many it lasted."""
    if not cohorts:
        return "No late loan has been followed for three months yet"
    last = cohorts[-1]
    cured = (last.whole.self_cure_ratio or 0) + (last.whole.worked_cure_ratio or 0)
    sentence = (
        f"{rounded(cured)} of the loans late in {last.from_day:%B} were at zero or paid in full three months later"
    )
    lasting = [cohort for cohort in cohorts if cohort.whole.sustained_ratio is not None]
    if not lasting:
        return sentence
    return f"{sentence}; of {lasting[-1].from_day:%B} {rounded(lasting[-1].whole.sustained_ratio)} stayed there"


def loss_finding(losses: LossForecast, currency: str) -> str:
    """Say in a sentence what is expected to be written off, and how the last such forecast fared."""
    if losses.forecast is None or losses.forecast.expected_amounts[-1] is None:
        return f"The loss forecast is {ABSENT}"
    months = len(losses.forecast.expected_amounts)
    sentence = f"{short_money(losses.forecast.expected_amounts[-1], currency)} to be written off within {months} months"
    error = losses.back_test.error_ratio if losses.back_test else None
    if error is None:
        return f"{sentence}; no earlier forecast to test it by"
    if abs(error) < 0.005:
        return f"{sentence}; the forecast before it met what came"
    return f"{sentence}; the forecast before it was {abs(error):.0%} too {'high' if error > 0 else 'low'}"


def stage_finding(stages: Stages) -> str:
    """Say in a sentence how much stands in stages 2 and 3."""
    amounts = [line.principal_amount for line in stages.lines]
    by_count = None in amounts
    sizes = [Decimal(line.n_loans) if by_count else line.principal_amount or Decimal() for line in stages.lines]
    ratios = [share(size, sum(sizes, Decimal())) for size in sizes]
    if ratios[1] is None:
        return "Nothing is outstanding"
    what = "loans are" if by_count else "money is"
    return f"{percent(ratios[1])} of the {what} in stage 2 and {percent(ratios[2])} in stage 3"


# --- charts ---------------------------------------------------------------------------------------------------------------
def migration_chart(matrix: Matrix) -> go.Figure:
    """Draw the migration matrix as a heat map, the per cent written in each cell; the diagonal is where loans stayed."""
    states = drawn_states(matrix)
    places = [matrix.states.index(state) for state in states]
    rows = [[row[place] for place in places] for row in matrix.shares()]
    figure = go.Figure(
        go.Heatmap(
            z=rows, x=[state_word(state) for state in states], y=[state_word(name) for name in matrix.bands.names],
            zmin=0, zmax=1, showscale=False, xgap=2, ygap=2,
            colorscale=[[0, "rgba(43, 127, 184, 0.05)"], [1, "rgba(43, 127, 184, 0.60)"]],
            text=[["" if cell is None else f"{cell * 100:.0f}" if cell >= 0.005 else "·" for cell in row] for row in rows],
            texttemplate="%{text}", textfont={"size": 13},
            hovertemplate="from %{y} to %{x}: %{z:.1%}<extra></extra>",
        )
    )  # fmt: skip
    figure.update_xaxes(side="top", fixedrange=True, tickangle=0, tickfont={"size": 11}, ticks="", showgrid=False)
    figure.update_xaxes(
        ticktext=[state_word(state).replace(" ", "<br>") for state in states], tickvals=figure.data[0].x
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True, tickfont={"size": 12}, ticks="", showgrid=False)
    return dressed(figure, height=44 * len(rows) + 60, margin={"l": 56, "r": 0, "t": 46, "b": 8})


def drawn_states(matrix: Matrix) -> list[str]:
    """Return the states of a matrix that are worth a column: sold and closed only where a loan was."""
    return [
        state
        for place, state in enumerate(matrix.states)
        if state not in ("sold", "closed") or any(row[place] for row in matrix.counts)
    ]


def roll_chart(migration: Migration) -> go.Figure:
    """Draw roll-forward by count over the months, one line for each late band that has a worse one."""
    names = migration.whole.bands.names
    days = [matrix.to_day for matrix in migration.months]
    lines = [
        (state_word(names[band]), [matrix.roll_forward(band) for matrix in migration.months])
        for band in range(1, len(names) - 1)
    ]
    figure = _lines(days, lines, hover="%{x|%b %Y}")
    ticks = days[::-1][::3][::-1]
    figure.update_xaxes(tickvals=ticks, ticktext=month_words(ticks))
    return figure


def vintage_chart(vintages: Vintages) -> go.Figure:
    """Draw vintage curves by month on book, the newest six, each named at its end."""
    drawn = drawn_vintages(vintages)[-6:]
    months = list(range(max((len(vintage.curve) for vintage in drawn), default=1)))
    figure = _lines(
        months,
        [
            (quarter_word(vintage.begins_on), [*vintage.curve, *[None] * (len(months) - len(vintage.curve))])
            for vintage in drawn
        ],
        hover="month %{x}",
    )
    figure.update_xaxes(title={"text": "months on book", "font": {"size": 12}}, dtick=3)
    return figure


def _lines(
    x: Sequence[date] | Sequence[int], lines: Sequence[tuple[str, Sequence[float | None]]], *, hover: str
) -> go.Figure:
    """Draw shares as lines, each named at the right edge beside its last value."""
    figure = go.Figure()
    ends: list[tuple[str, float]] = []
    for (name, values), (colour, dash) in zip(lines, STYLES, strict=False):
        figure.add_scatter(
            x=list(x), y=list(values), name=name, mode="lines+markers", connectgaps=False,
            line={"color": colour, "dash": dash, "width": 2.5}, marker={"size": 6},
            hovertemplate=f"{name}, {hover}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
        if last := [value for value in values if value is not None]:
            ends.append((name, last[-1]))
    top = max((value for _, values in lines for value in values if value is not None), default=0.0) or 0.01
    ends.sort(key=lambda end: -end[1])
    for (name, value), place in zip(ends, apart([value for _, value in ends], gap=top * 0.11), strict=True):
        figure.add_annotation(
            x=1, xref="paper", y=place, xanchor="left", xshift=8, showarrow=False, align="left",
            text=f"<b>{name}</b> {percent(value)}", font={"size": 12},
        )  # fmt: skip
    figure.update_xaxes(showgrid=False, fixedrange=True, linecolor=GREY, ticks="outside", tickangle=0)
    figure.update_yaxes(
        tickformat=".0%" if top >= 0.04 else ".1%", range=[0, top * 1.25], nticks=5, gridcolor=GRID, zeroline=False,
        fixedrange=True,
    )  # fmt: skip
    return dressed(figure, height=290, margin=MARGIN)


def cure_chart(cohorts: Sequence[CureCohort]) -> go.Figure:
    """Draw self-cures and worked cures stacked by month, and a mark where the cure lasted."""
    days = [f"{cohort.from_day:%b}<br>{cohort.from_day:%y}" for cohort in cohorts]
    figure = go.Figure()
    for name, colour, pattern, ratios in (
        ("by itself", GREEN, "", [cohort.whole.self_cure_ratio for cohort in cohorts]),
        ("worked", BLUE, "/", [cohort.whole.worked_cure_ratio for cohort in cohorts]),
    ):
        figure.add_bar(
            x=days, y=ratios, name=name, marker={"color": colour, "line": {"width": 0}, "pattern": {"shape": pattern}},
            hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    figure.add_scatter(
        x=days, y=[cohort.whole.sustained_ratio for cohort in cohorts], name="lasted", mode="markers",
        marker={"symbol": "diamond", "size": 11, "color": OCHRE, "line": {"width": 1, "color": "#ffffff"}},
        hovertemplate="lasted: %{y:.1%}<extra></extra>",
    )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=5, gridcolor=GRID, zeroline=False, fixedrange=True)
    figure.update_xaxes(
        type="category", showgrid=False, fixedrange=True, linecolor=GREY, tickangle=0, tickfont={"size": 11}
    )
    dressed(figure, height=290, margin={"l": 46, "r": 4, "t": 34, "b": 44})
    return figure.update_layout(
        barmode="stack", bargap=0.35, showlegend=True,
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 12}},
    )  # fmt: skip


def loss_chart(losses: LossForecast, currency: str) -> go.Figure:
    """Draw what is expected to be written off by month, and beside it the earlier forecast and what came."""
    figure = go.Figure()
    ends: list[tuple[str, float]] = []
    for name, colour, dash, amounts in (
        ("expected", BLUE, "dash", _amounts(losses.forecast, "expected_amounts")),
        ("forecast then", OCHRE, "dot", _amounts(losses.back_test, "expected_amounts")),
        ("what came", VERMILION, "solid", _amounts(losses.back_test, "actual_amounts")),
    ):
        if not amounts:
            continue
        figure.add_scatter(
            x=list(range(1, len(amounts) + 1)), y=amounts, name=name, mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5}, marker={"size": 6},
            hovertemplate=f"{name}, month %{{x}}: {currency} %{{y:,.0f}}<extra></extra>",
        )  # fmt: skip
        ends.append((name, amounts[-1]))
    top = max((amount for trace in figure.data for amount in trace.y), default=0.0) or 1.0
    ends.sort(key=lambda end: -end[1])
    for (name, amount), place in zip(ends, apart([amount for _, amount in ends], gap=top * 0.1), strict=True):
        figure.add_annotation(
            x=1, xref="paper", y=place, xanchor="left", xshift=8, showarrow=False, align="left",
            text=f"<b>{name}</b> {short_money(amount)}", font={"size": 11},
        )  # fmt: skip
    figure.update_xaxes(
        showgrid=False, fixedrange=True, linecolor=GREY, ticks="outside", dtick=1,
        title={"text": "months after the forecast", "font": {"size": 12}},
    )  # fmt: skip
    figure.update_yaxes(
        range=[0, top * 1.3], nticks=5, gridcolor=GRID, zeroline=False, fixedrange=True, tickformat="~s"
    )
    return dressed(figure, height=290, margin=MARGIN | {"r": 148})


def _amounts(forecast: Forecast | None, name: str) -> list[float]:
    amounts = getattr(forecast, name) if forecast else ()
    return [] if None in amounts else [float(amount) for amount in amounts]


def stage_chart(stages: Stages) -> go.Figure:
    """Draw outstanding principal by stage, one bar each; loans where there are no balances."""
    return bars(
        keys=[str(line.stage) for line in stages.lines],
        words=[f"stage {line.stage}" for line in stages.lines],
        amounts=[line.principal_amount for line in stages.lines],
        counts=[line.n_loans for line in stages.lines],
        colours=list(STAGE_COLOURS),
        currency=stages.currency,
        link_to=lambda key: None,
    )


def stage_note(stages: Stages) -> str:
    """Say why loans stand in stage 2."""
    if not stages.knows_pd:
        return "Increases in PD are not known yet: days past due alone."
    return f"{loans_in_words(stages.lines[1].n_by_pd)} in stage 2 for a significant increase in PD alone."
