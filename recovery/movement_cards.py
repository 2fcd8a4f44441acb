"""What moved, as cards of the dashboard: title, base and day, chart, and the same figures as a table."""

from typing import Any

from dash import dcc, html

from recovery.movement import MovementPanel
from recovery.movement_tables import MovementCard, describe_movement, name_movement

STILL: Any = {"displayModeBar": False, "responsive": True, "scrollZoom": False, "doubleClick": False}


def draw_movement_panel(panel: MovementPanel, *, has_name: bool) -> Any:
    """Draw the eight cards of one currency; one that month ends cannot tell says so."""
    heading = html.H2(name_movement(panel, has_name=has_name), className="currency")
    return html.Section([heading, html.Div([_draw(card) for card in describe_movement(panel)], className="charts")])


def _draw(card: MovementCard) -> Any:
    told = [html.H2(card.finding), html.P(card.base, className="soft small")]
    if card.draw:
        figure = card.draw()
        told += [
            dcc.Graph(figure=figure, config=STILL, style={"height": f"{figure.layout.height}px"}),
            html.Details([html.Summary("The same as a table"), _table(card)], className="twin"),
        ]
    return html.Div(told, className="card chart")


def _table(card: MovementCard) -> Any:
    header = [html.Th(word, scope="col", className="num" if place else "") for place, word in enumerate(card.head)]
    lines = [
        html.Tr([html.Th(name, scope="row", className="nowrap"), *(html.Td(cell, className="num") for cell in cells)])
        for name, *cells in card.rows
    ]
    table = html.Table(
        [html.Caption(card.base, className="soft small"), html.Thead(html.Tr(header)), html.Tbody(lines)]
    )
    return html.Div(table, className="scroll", tabIndex=0, role="group", **{"aria-label": card.finding})  # type: ignore[arg-type]
