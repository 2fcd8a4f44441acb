"""Every page in both themes and widths: nothing inaccessible, nothing cut off, nothing on the console."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

from borrowers.models import Borrower
from tests.browser.conftest import NARROW, WIDE, PageOf

PAGES = [
    ("agent", "/"),
    ("agent", "/worklist/"),
    ("agent", "/worklist/?queue=due"),
    ("agent", "BORROWER"),
    ("manager", "/"),
    ("manager", "/worklist/?q=st"),
    ("manager", "BORROWER"),
    ("data_scientist", "/"),
    ("compliance", "/"),
    ("admin", "/"),
    ("integration", "/"),
    (None, "/accounts/login/"),
]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_are_accessible_and_fit(
    dark: bool, viewport: dict[str, int], page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    borrower = Borrower.objects.get(full_name="Cy Wood")
    pages: dict[str | None, Page] = {}
    for role, path in PAGES:
        address = path.replace("BORROWER", f"/borrowers/{borrower.pk}/")
        if role in pages:
            pages[role].goto(address)
        else:
            pages[role] = page_of(role, address, dark=dark, viewport=viewport)
        page = pages[role]
        for fold in page.locator("main details").all():
            fold.evaluate("element => element.open = true")
        assert_accessible(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{role} {path} is {width} px wide"


def test_help_and_menus_are_accessible(page_of: PageOf, assert_accessible: Callable[[Page], None]) -> None:
    page = page_of("agent", "/worklist/", viewport=NARROW)
    page.get_by_label("Menu").click()
    assert page.get_by_role("link", name="Worklist").first.is_visible()
    assert_accessible(page)
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    assert_accessible(page)


def test_chosen_colours_stay(page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("[data-theme-toggle]").click()
    dark = page.evaluate(ground)
    assert dark != light
    page.reload()
    assert page.evaluate(ground) == dark


def test_nobody_is_asked_for_more_than_a_light_page(page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(entry => entry.decodedBodySize)"
    )
    assert len(sizes) <= 15
    assert sum(sizes) < 300_000
