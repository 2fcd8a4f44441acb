"""The Dash app of watched models: layout and callback. What is drawn is in figures.py, what is read in scoring.monitoring."""

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, dcc, html
from django.core.exceptions import PermissionDenied
from django_plotly_dash import DjangoDash

from creditpath.access import may_see_dashboard
from creditpath.accounts.models import User
from recovery.watching import figures
from scoring.monitoring.services import Watched, describe_models
from scoring.thresholds import Threshold, read_thresholds

STILL: Any = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}

models_app = DjangoDash("models")
models_app.layout = html.Div([dcc.Location(id="address", refresh=False), html.Div(id="models")])


@models_app.callback(Output("models", "children"), Input("address", "search"))
def draw_models(search: object, user: User) -> list[Any]:
    """Draw the charts of each champion for a user who may see them; four queries over what was read, none over the books."""
    if not may_see_dashboard(user, "models"):
        raise PermissionDenied("Your role may not open this dashboard.")
    watched = describe_models()
    thresholds = read_thresholds()
    return [
        _draw(one, challengers_of(one, watched), thresholds)
        for one in watched
        if one.readings and not _has_champion(one, watched)
    ]


def challengers_of(one: Watched, watched: Sequence[Watched]) -> list[Watched]:
    """Return the challengers of a champion; none of a challenger."""
    if one.is_challenger:
        return []
    return [
        other
        for other in watched
        if other.is_challenger
        and other.model.purpose == one.model.purpose
        and other.champion.segment == one.champion.segment
    ]


def _has_champion(one: Watched, watched: Sequence[Watched]) -> bool:
    """Say whether a model is a challenger that is drawn beside its champion already."""
    return one.is_challenger and any(one in challengers_of(other, watched) for other in watched)


def _draw(one: Watched, others: Sequence[Watched], thresholds: dict[str, Threshold]) -> Any:
    score, feature = thresholds.get("score_psi"), thresholds.get("feature_psi")
    newest = next((row for row in reversed(one.readings) if row.stability), None)
    features = newest.stability["features"] if newest and newest.stability else {}
    marks = "Hollow marks: the days of the outcome are not over, or the model had learned from that day."
    beside = f" Beside it in the shadow: {', '.join(other.model.name for other in others)}." if others else ""
    cards = [
        _card(
            figures.ranking_finding(one),
            f"AUC by month on outcomes, with its 95 % interval: one half is a coin. {marks}{beside}",
            figures.ranking_chart(one, others) if figures.told(one.readings) else None,
        ),
        _card(
            figures.calibration_finding(one.readings),
            f"Share of the scored loans with the event, expected over the whole horizon and observed so far. {marks}",
            figures.calibration_chart(one.readings) if any(row.outcome for row in one.readings) else None,
        ),
        _card(
            figures.stability_finding(one.readings, score),
            "PSI of the scores against the training rows, by month, without loans later than any that the training had. "
            "Hollow: the model had learned from that day.",
            figures.stability_chart(one.readings, score) if newest else None,
        ),
        _card(
            figures.features_finding(features, feature),
            f"PSI against the training rows{f' on {newest.as_of:%-d %B %Y}' if newest else ''}; no value counts as a bin. "
            "Grey: it grows as the books do, and never alarms.",
            figures.feature_chart(features, feature) if features else None,
        ),
    ]
    note = " · simulated data" if one.model.is_simulated else ""
    role = "challenger" if one.is_challenger else "champion"
    return html.Section(
        [html.H2(f"{one.model.name}, {role}{note}", className="currency"), html.Div(cards, className="charts")]
    )


def _card(finding: str, base: str, figure: Any) -> Any:
    children = [html.H2(finding), html.P(base, className="soft small")]
    if figure is not None:
        children.append(dcc.Graph(figure=figure, config=STILL, style={"height": f"{figure.layout.height}px"}))
    return html.Div(children, className="card chart")
