"""What moved, on the portfolio page: titles that say the finding, a base, a table beside each chart, what is not available."""

import json
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from borrowers.measures.services import HOUSE_BANDS, Bands, PortfolioFilter
from borrowers.models import Loan
from creditpath.accounts.models import Role
from recovery import movement_figures as figures
from recovery.movement import measure_movement
from recovery.movement_cards import draw_movement_panel
from recovery.movement_tables import describe_movement
from tests.borrowers.measures.books import make_random_books

CALLBACK = "/django_plotly_dash/app/portfolio/_dash-update-component"
PAGE = "/dashboards/portfolio/movement/"
DAY = date(2026, 6, 30)


def ask(client: Client, search: str = "") -> Any:
    body = {
        "output": "movement.children",
        "outputs": {"id": "movement", "property": "children"},
        "inputs": [{"id": "address", "property": "search", "value": search}],
        "changedPropIds": ["address.search"],
    }
    return client.post(CALLBACK, json.dumps(body), content_type="application/json")


@pytest.fixture
def moved(db: None) -> list[Loan]:
    return make_random_books(3)


def test_each_chart_has_a_finding_a_base_and_a_table(client_of: Callable[[Role], Client], moved: list[Loan]) -> None:
    answer = ask(client_of(Role.MANAGER))
    text = json.dumps(answer.json(), ensure_ascii=False)
    assert answer.status_code == 200
    # Eight cards in two currencies; random books have no refresh, so that only stages have no figures.
    assert text.count('"type": "Graph"') == text.count('"type": "Table"') == 14
    assert text.count("Stages: not available") == 2
    for words in (
        "got worse within a month",
        "Roll-forward from",
        "went bad",
        "zero or paid in full",
        "No ECL",
        "of what late loans owed was collected in",
        "recovered so far of what was outstanding at default",
    ):
        assert words in text
    assert "30 June 2026" in text
    assert "nan" not in text.lower().replace("finance", "")


def test_filter_of_the_address_holds_for_what_moved(client_of: Callable[[Role], Client], moved: list[Loan]) -> None:
    text = json.dumps(ask(client_of(Role.MANAGER), "?currency=NGN").json())
    assert text.count('"type": "Graph"') == 7


def test_tables_stand_on_a_page_of_their_own_without_scripts(
    client_of: Callable[[Role], Client], moved: list[Loan], django_assert_max_num_queries: Any
) -> None:
    client = client_of(Role.MANAGER)
    client.get(PAGE)
    with django_assert_max_num_queries(52):
        answer = client.get(PAGE)
    text = answer.content.decode()
    assert text.count("<table>") == 14
    assert text.count("Stages: not available") == 2
    for panel in measure_movement(day=DAY, only=PortfolioFilter()):
        for card in describe_movement(panel):
            assert escape(card.finding) in text
            assert all(f'<td class="num">{escape(cell)}</td>' in text for row in card.rows for cell in row[1:])
            assert {len(row) for row in card.rows} <= {len(card.head)}


def test_page_of_tables_holds_to_the_filter_and_leads_back_with_it(
    client_of: Callable[[Role], Client], moved: list[Loan]
) -> None:
    text = client_of(Role.MANAGER).get(f"{PAGE}?currency=NGN").content.decode()
    assert text.count("<table>") == 7
    assert 'href="/dashboards/portfolio/?currency=NGN"' in text


@pytest.mark.parametrize("role", [Role.AGENT, Role.INTEGRATION])
def test_page_of_tables_is_closed_to_others(role: Role, client_of: Callable[[Role], Client], moved: list[Loan]) -> None:
    assert client_of(role).get(PAGE).status_code == 403


def test_page_of_tables_says_what_empty_books_need(client_of: Callable[[Role], Client]) -> None:
    assert "import a portfolio or simulate one first" in client_of(Role.MANAGER).get(PAGE).content.decode()


def test_those_who_may_not_open_the_page_get_nothing(client_of: Callable[[Role], Client], moved: list[Loan]) -> None:
    assert ask(client_of(Role.AGENT)).status_code == 403
    assert ask(Client()).status_code == 401


def test_books_without_month_ends_say_what_is_needed(portfolio: list[Loan], frozen_day: date) -> None:
    panels = measure_movement(day=date(2025, 12, 31), only=PortfolioFilter())
    assert panels
    for panel in panels:
        text = str(draw_movement_panel(panel, has_name=True))
        assert "Migration between buckets: not available" in text
        assert "Loss forecast: not available" in text


def test_books_of_statuses_alone_are_drawn_by_count(db: None) -> None:
    make_random_books(3, has_amounts=False)
    for panel in measure_movement(day=DAY, only=PortfolioFilter()):
        assert panel.migration is not None
        whole = panel.migration.whole
        assert whole.roll_forward(1) is not None
        assert whole.roll_forward(1, by="balance") is None
        assert panel.losses is not None
        assert figures.loss_finding(panel.losses, panel.currency) == "The loss forecast is not available"
        assert "Loss forecast: not available" in str(draw_movement_panel(panel, has_name=False))


def test_heat_map_shows_every_share_and_stays_readable_on_both_grounds(moved: list[Loan]) -> None:
    (panel, *_) = measure_movement(day=DAY, only=PortfolioFilter())
    assert panel.migration is not None
    chart = figures.migration_chart(panel.migration.whole)
    assert len(chart.data[0].z) == len(HOUSE_BANDS.names) == len(Bands().names)
    for row in chart.data[0].z:
        assert sum(cell or 0 for cell in row) == pytest.approx(1) or set(row) == {None}
    assert all(colour.startswith("rgba(") for _, colour in chart.data[0].colorscale)
