"""Charts of watched models: readings in, a plotly Figure out. No database, no clock. `*_finding` functions write their titles."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from recovery.figures import BLUE, GREEN, GREY, OCHRE, PURPLE, VERMILION, dressed, month_words, percent
from scoring.features.definition import AGEING
from scoring.models import ModelReading
from scoring.monitoring.services import Watched
from scoring.thresholds import Threshold

GRID = "rgba(123, 135, 148, 0.25)"
MARGIN = {"l": 46, "r": 16, "t": 12, "b": 44}
MOST_FEATURES = 8
LEGEND = {"orientation": "h", "x": 0, "y": 1.12, "font": {"size": 13}}
DASHES = ((PURPLE, "dash"), (OCHRE, "dot"), (GREEN, "dashdot"))


def told(readings: Sequence[ModelReading]) -> list[ModelReading]:
    """Return the readings with an AUC."""
    return [one for one in readings if one.outcome and one.outcome["auc"] is not None]


# --- what each chart says -----------------------------------------------------------------------------------------------
def stability_finding(readings: Sequence[ModelReading], threshold: Threshold | None) -> str:
    stable = [one for one in readings if one.stability]
    if not stable or not stable[-1].stability:
        return "How far scores moved is not known: the model was registered without its training's bins"
    index = stable[-1].stability["score_psi"]
    level = threshold.judge(index) if threshold else None
    words = {
        None: "Scores are spread as in training",
        "look": "Scores have moved since training",
        "act": "Scores have moved far",
    }
    return f"{words[level]}: PSI {index:.2f} on {stable[-1].as_of:%-d %B}"


def ranking_finding(one: Watched) -> str:
    known = [row for row in told(one.readings) if row.stage == ModelReading.Stage.MATURED and row.is_unseen]
    trained = one.model.metrics.get("auc")
    if not known or not known[-1].outcome:
        return "No outcome has matured yet on days that the model had not learned from"
    auc = known[-1].outcome["auc"]
    beside = f", {trained:.3f} on test rows" if isinstance(trained, float) else ""
    return f"It ranks the loans of {known[-1].as_of:%B} with an AUC of {auc:.3f}{beside}"


def calibration_finding(readings: Sequence[ModelReading]) -> str:
    known = [one for one in readings if one.outcome and one.stage == ModelReading.Stage.MATURED]
    known = [one for one in known if one.is_unseen] or known
    if not known or not known[-1].outcome:
        return "Expected and observed events: none has matured yet"
    last = known[-1].outcome
    way = "as many as" if abs(last["z"]) < 2 else "more than" if last["z"] > 0 else "fewer than"
    return (
        f"Of the loans of {known[-1].as_of:%B} {percent(last['observed'])} had the event, {way} the {percent(last['expected'])} "
        "expected"
    )


def features_finding(features: Mapping[str, Mapping[str, float]], threshold: Threshold | None) -> str:
    if not features:
        return "How far features moved is not known"
    steady = {name: one["psi"] for name, one in features.items() if name not in AGEING}
    moved = [name for name, value in steady.items() if threshold and threshold.judge(value)]
    if not moved:
        return "No feature has moved since training but for those that grow with the books"
    worst = max(moved, key=lambda name: steady[name])
    return f"{len(moved)} of {len(steady)} features moved since training, {worst.replace('_', ' ')} the most"


# --- charts ---------------------------------------------------------------------------------------------------------------
def stability_chart(readings: Sequence[ModelReading], threshold: Threshold | None) -> go.Figure:
    """Draw PSI of the scores by month, and from where it is to be looked at."""
    stable = [one for one in readings if one.stability]
    days = [one.as_of for one in stable]
    values = [one.stability["score_psi"] for one in stable if one.stability]
    figure = go.Figure()
    figure.add_scatter(
        x=days, y=values, mode="lines+markers", line={"color": BLUE, "width": 2.5}, marker=_marks(stable, BLUE),
        hovertemplate="PSI on %{x|%-d %b %Y}: %{y:.3f}<extra></extra>",
    )  # fmt: skip
    top = max([*values, threshold.act if threshold else 0.0, 0.1])
    for value, word, colour in (
        ((threshold.look, "look", OCHRE), (threshold.act, "act", VERMILION)) if threshold else ()
    ):
        figure.add_hline(y=value, line={"color": colour, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=value, yanchor="bottom", text=word, showarrow=False, font={"size": 13}
        )
    return _by_month(figure, days, top=top, form=".2f")


def ranking_chart(one: Watched, others: Sequence[Watched]) -> go.Figure:
    """Draw AUC by month with its interval, early reads hollow, test rows as a level, challengers beside."""
    figure = go.Figure()
    days = [row.as_of for row in told(one.readings)]
    _add_auc(figure, one, BLUE, "solid", with_interval=True)
    for other, (colour, dash) in zip(others, DASHES, strict=False):
        days += [row.as_of for row in told(other.readings)]
        _add_auc(figure, other, colour, dash, with_interval=False)
    trained = one.model.metrics.get("auc")
    if isinstance(trained, float):
        figure.add_hline(y=trained, line={"color": GREY, "dash": "dot", "width": 1.5})
        figure.add_annotation(
            x=0,
            xref="paper",
            xanchor="left",
            y=trained,
            yanchor="top",
            yshift=-12,
            text="test rows",
            showarrow=False,
            font={"size": 13},
        )
    figure = _by_month(figure, sorted(set(days)), top=1.0, form=".2f")
    figure.update_yaxes(range=[0.45, 1.02])
    if others:
        figure.update_layout(showlegend=True, legend=LEGEND)
    return figure


def _add_auc(figure: go.Figure, one: Watched, colour: str, dash: str, *, with_interval: bool) -> None:
    rows = told(one.readings)
    outcomes: list[dict[str, Any]] = [row.outcome for row in rows if row.outcome]
    spread: dict[str, Any] = {
        "error_y": {
            "type": "data", "symmetric": False, "color": colour, "thickness": 1.2, "width": 3,
            "array": [told["auc_high"] - told["auc"] for told in outcomes],
            "arrayminus": [told["auc"] - told["auc_low"] for told in outcomes],
        }
    } if with_interval else {}  # fmt: skip
    figure.add_scatter(
        x=[row.as_of for row in rows], y=[told["auc"] for told in outcomes], mode="lines+markers", name=one.model.name,
        line={"color": colour, "width": 2.5, "dash": dash}, marker=_marks(rows, colour),
        customdata=[row.get_stage_display() for row in rows],
        hovertemplate=f"{one.model.name}, %{{x|%-d %b %Y}}: %{{y:.3f}} (%{{customdata}})<extra></extra>", **spread,
    )  # fmt: skip


def calibration_chart(readings: Sequence[ModelReading]) -> go.Figure:
    """Draw by month what share was expected to have the event, and what share had it, so far where the days are not over."""
    rows = [one for one in readings if one.outcome]
    outcomes: list[dict[str, Any]] = [one.outcome for one in rows if one.outcome]
    days = [one.as_of for one in rows]
    figure = go.Figure()
    for name, key, colour, dash in (("expected", "expected", GREY, "dash"), ("observed", "observed", BLUE, "solid")):
        figure.add_scatter(
            x=days, y=[one[key] for one in outcomes], mode="lines+markers", name=name,
            line={"color": colour, "width": 2.5, "dash": dash}, marker=_marks(rows, colour),
            hovertemplate=f"{name}, %{{x|%-d %b %Y}}: %{{y:.1%}}<extra></extra>",
        )  # fmt: skip
    top = max([one[key] for one in outcomes for key in ("expected", "observed")], default=0.0) or 0.01
    figure = _by_month(figure, days, top=top, form=".0%" if top >= 0.04 else ".1%")
    figure.update_layout(showlegend=True, legend=LEGEND)
    return figure


def feature_chart(features: Mapping[str, Mapping[str, float]], threshold: Threshold | None) -> go.Figure:
    """Draw the features that moved most, one bar each, name and PSI written above it; grey: it grows as the books do."""
    worst = sorted(features, key=lambda name: features[name]["psi"], reverse=True)[:MOST_FEATURES]
    colours = {None: GREEN, "look": OCHRE, "act": VERMILION}
    figure = go.Figure(
        go.Bar(
            orientation="h", x=[features[name]["psi"] for name in worst], y=worst, width=0.38,
            marker={
                "color": [
                    GREY if name in AGEING else colours[threshold.judge(features[name]["psi"]) if threshold else None]
                    for name in worst
                ]
            },
            hovertemplate="%{y}: PSI %{x:.3f}<extra></extra>",
        )
    )  # fmt: skip
    for name in worst:
        place = {"y": name, "yanchor": "bottom", "yshift": 8, "showarrow": False}
        figure.add_annotation(x=0, xref="paper", xanchor="left", xshift=-2, text=name.replace("_", " "), **place)
        figure.add_annotation(x=1, xref="paper", xanchor="right", text=f"<b>{features[name]['psi']:.2f}</b>", **place)
    figure.update_xaxes(
        visible=False, range=[0, max([features[name]["psi"] for name in worst], default=0) or 1], fixedrange=True
    )
    figure.update_yaxes(visible=False, autorange="reversed", fixedrange=True)
    return dressed(figure, height=46 * max(len(worst), 1) + 20)


def _marks(readings: Sequence[ModelReading], colour: str) -> dict[str, Any]:
    """Return filled marks, hollow where the outcome is not over or the model had learned from the day."""
    hollow = [row.stage == ModelReading.Stage.EARLY or not row.is_unseen for row in readings]
    return {
        "size": 8,
        "symbol": ["circle-open" if one else "circle" for one in hollow],
        "color": colour,
        "line": {"width": 2, "color": colour},
    }


def _by_month(figure: go.Figure, days: Sequence[Any], *, top: float, form: str) -> go.Figure:
    ticks = list(days)[::-1][::3][::-1]
    figure.update_xaxes(
        showgrid=False, fixedrange=True, linecolor=GREY, ticks="outside", tickvals=ticks, ticktext=month_words(ticks),
        tickangle=0,
    )  # fmt: skip
    figure.update_yaxes(
        tickformat=form,
        rangemode="tozero",
        range=[0, top * 1.15],
        nticks=5,
        gridcolor=GRID,
        zeroline=False,
        fixedrange=True,
    )
    return dressed(figure, height=280, margin=MARGIN)
