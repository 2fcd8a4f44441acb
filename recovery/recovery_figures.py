"""Charts of what came back: liquidation and cost by month, recovery by month of default. As in figures.py."""

from collections.abc import Sequence

import plotly.graph_objects as go

from borrowers.measures.services import CollectedMonth, Workouts
from recovery.figures import ABSENT, BLUE, GREY, OCHRE, dressed, percent, rounded
from recovery.movement_figures import GRID


def cost_word(ratio: float | None) -> str:
    """Write a cost per unit as what 100 collected cost: 3.20."""
    return ABSENT if ratio is None else f"{100 * ratio:,.2f}"


def collecting_finding(months: Sequence[CollectedMonth]) -> str:
    """Say in a sentence what share of late money came in last month, and what it cost."""
    known = [month for month in months if month.liquidation_ratio is not None]
    if not known:
        return f"Liquidation is {ABSENT}"
    last = known[-1]
    sentence = f"{percent(last.liquidation_ratio)} of what late loans owed was collected in {last.to_day:%B}"
    if last.cost_per_unit is None:
        return f"{sentence}; its cost is {ABSENT}"
    return f"{sentence}, at a cost of {cost_word(last.cost_per_unit)} per 100"


def recovery_finding(whole: Workouts) -> str:
    """Say in a sentence how much came back after default, and how much is lost at the worst."""
    if whole.recovery_ratio is None:
        return f"Recovery is {ABSENT}"
    sentence = f"{rounded(whole.recovery_ratio)} recovered so far of what was outstanding at default"
    worst = whole.lgd_if_nothing_more_ratio
    return sentence if worst is None else f"{sentence}; {rounded(worst)} lost if nothing more comes"


def collecting_chart(months: Sequence[CollectedMonth]) -> go.Figure:
    """Draw the liquidation rate by month."""
    return _bars(
        [f"{month.to_day:%b}<br>{month.to_day:%y}" for month in months],
        [month.liquidation_ratio for month in months],
        name="collected",
        colour=BLUE,
    )


def recovery_chart(cohorts: Sequence[Workouts]) -> go.Figure:
    """Draw the recovery rate by month end of default; young cohorts have had less time."""
    dated = [(cohort.default_on, cohort.recovery_ratio) for cohort in cohorts[-12:] if cohort.default_on]
    return _bars(
        [f"{day:%b}<br>{day:%y}" for day, _ in dated], [ratio for _, ratio in dated], name="recovered", colour=OCHRE
    )


def _bars(months: Sequence[str], ratios: Sequence[float | None], *, name: str, colour: str) -> go.Figure:
    figure = go.Figure()
    figure.add_bar(
        x=list(months), y=list(ratios), name=name, marker={"color": colour, "line": {"width": 0}},
        text=[percent(ratio) for ratio in ratios], textposition="outside", cliponaxis=False, textfont={"size": 11},
        hovertemplate=f"{name}: %{{y:.1%}}<extra></extra>",
    )  # fmt: skip
    top = max((ratio for ratio in ratios if ratio is not None), default=0.0) or 0.01
    figure.update_yaxes(
        tickformat=".0%" if top >= 0.04 else ".1%", range=[0, top * 1.2], nticks=5, gridcolor=GRID, zeroline=False,
        fixedrange=True,
    )  # fmt: skip
    figure.update_xaxes(
        type="category", showgrid=False, fixedrange=True, linecolor=GREY, tickangle=0, tickfont={"size": 11}
    )
    return dressed(figure, height=290, margin={"l": 46, "r": 4, "t": 14, "b": 44}).update_layout(bargap=0.35)
