"""The managers' dashboard in a real browser: charts are drawn, lead to their lists, and the page passes axe in both themes."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NARROW, WIDE, PageOf

PAGE = "/dashboards/portfolio/"


def _open(page_of: PageOf, **options: Any) -> Page:
    page = page_of("manager", PAGE, **options)
    expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible(timeout=30_000)
    expect(page.locator("#charts .js-plotly-plot")).to_have_count(3, timeout=30_000)
    expect(page.locator("#movement .js-plotly-plot").first).to_be_visible(timeout=30_000)
    return page


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("viewport", [WIDE, NARROW])
def test_charts_are_drawn_and_the_page_passes_axe(
    page_of: PageOf, assert_accessible: Callable[[Page], None], dark: bool, viewport: dict[str, int]
) -> None:
    page = _open(page_of, dark=dark, viewport=viewport)
    expect(page.locator(".annotation-text", has_text="PAR30")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    assert_accessible(page)


def test_click_on_a_bar_opens_the_loans_behind_it(page_of: PageOf) -> None:
    page = _open(page_of)
    page.wait_for_selector(".js-plotly-plot[data-opens]")
    _press(page, page.locator(".js-plotly-plot").first.locator(".barlayer .point path").nth(2))
    page.wait_for_url("**/admin/borrowers/loan/?currency=USD&bucket=31-60")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)


def test_word_at_a_bar_is_a_link_too(page_of: PageOf) -> None:
    page = _open(page_of)
    _press(page, page.locator(".js-plotly-plot").first.locator("a", has_text="31–60 days late").last)
    page.wait_for_url("**/admin/borrowers/loan/?currency=USD&bucket=31-60")


def _press(page: Page, mark: Locator) -> None:
    """Click in the middle of a drawn mark, as a person does: whatever lies on top there gets the click."""
    box = mark.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_tables_hold_the_figures_without_scripts(page_of: PageOf) -> None:
    page = page_of("manager", PAGE, scripts=False)
    expect(page.get_by_role("link", name="31–60 days late")).to_be_visible()


@pytest.mark.parametrize("viewport", [WIDE, NARROW])
def test_what_moved_can_be_read_without_scripts(page_of: PageOf, viewport: dict[str, int]) -> None:
    page = page_of("manager", PAGE, viewport=viewport, scripts=False)
    page.get_by_role("link", name="What moved, as tables").click()
    page.wait_for_url("**/dashboards/portfolio/movement/")
    table = page.get_by_role("group", name="Roll").get_by_role("table")
    expect(table.get_by_role("rowheader", name="Jun 2026")).to_be_visible()
    assert page.locator("body").evaluate("body => document.documentElement.scrollWidth") <= viewport["width"]
