"""Dash layouts and callbacks of the managers' dashboards. What is drawn is in figures.py, what is measured in measures.py."""

from typing import Any

from dash import Input, Output, dcc, html
from django.core.exceptions import PermissionDenied
from django_plotly_dash import DjangoDash

from borrowers.services import get_business_date
from creditpath.access import may_see_dashboard
from creditpath.accounts.models import User
from recovery import figures
from recovery.measures import CurrencyPanel, measure_panels
from recovery.movement import measure_movement
from recovery.movement_cards import draw_movement_panel
from recovery.portfolio import link_loans, read_filter

STILL: Any = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}

portfolio_app = DjangoDash("portfolio")
# The address of the page says what is asked for, so that a link to the page shows the same charts to a colleague.
portfolio_app.layout = html.Div(
    [
        dcc.Location(id="address", refresh=False),
        html.Div(id="charts"),
        html.Div(html.P("Measuring what moved …", className="soft"), id="movement"),
    ]
)


@portfolio_app.callback(Output("charts", "children"), Input("address", "search"))
def draw_portfolio(search: object, user: User) -> list[Any]:
    """Draw the charts of each currency for a user who may see them; four queries, three of them aggregates."""
    if not may_see_dashboard(user, "portfolio"):
        raise PermissionDenied("Your role may not open this dashboard.")
    only = read_filter(search)
    panels = measure_panels(day=get_business_date(), only=only)
    return [_draw(panel, link_loans(user, only, panel.currency), has_name=len(panels) > 1) for panel in panels]


@portfolio_app.callback(Output("movement", "children"), Input("address", "search"))
def draw_movement(search: object, user: User) -> list[Any]:
    """Draw what moved in each currency for a user who may see it; nine aggregates over a year of month ends."""
    if not may_see_dashboard(user, "portfolio"):
        raise PermissionDenied("Your role may not open this dashboard.")
    panels = measure_movement(day=get_business_date(), only=read_filter(search))
    return [draw_movement_panel(panel, has_name=len(panels) > 1) for panel in panels]


def _draw(panel: CurrencyPanel, link_to: Any, *, has_name: bool) -> Any:
    day = panel.portfolio.par.as_of
    base = f"of outstanding principal in {panel.currency}, written-off loans left out"
    charts = [
        _card(
            figures.bucket_finding(panel.portfolio),
            f"Days past due, as a share {base}.",
            figures.bucket_chart(panel.portfolio.buckets, panel.currency, lambda bucket: link_to(bucket=bucket)),
        ),
        _card(
            figures.tier_finding(panel.tiers),
            f"Risk tier of each loan's newest score, as a share {base}.",
            figures.tier_chart(panel.tiers, panel.currency, lambda tier: link_to(bucket="owing", tier=tier)),
        ),
        _card(
            figures.trend_finding(panel.trend),
            f"Portfolio at risk: share {base}. Month ends as they were known then, and {day:%-d %B %Y}.",
            figures.par_chart(panel.trend),
            is_wide=True,
        ),
    ]
    heading = [html.H2(panel.currency, className="currency")] if has_name else []
    return html.Section([*heading, html.Div(charts, className="charts")])


def _card(finding: str, base: str, figure: Any, *, is_wide: bool = False) -> Any:
    return html.Div(
        [
            html.H2(finding),
            html.P(base, className="soft small"),
            dcc.Graph(figure=figure, config=STILL, style={"height": f"{figure.layout.height}px"}),
        ],
        className="card chart wide" if is_wide else "card chart",
    )
