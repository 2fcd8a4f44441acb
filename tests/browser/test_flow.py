"""An agent's day: with the mouse, with the keyboard alone, and without JavaScript."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from borrowers.models import ContactEvent, Promise
from tests.browser.conftest import NARROW, PageOf


def test_agent_takes_a_promise_and_the_manager_sees_it(
    page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    page = page_of("agent", "/")
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cy Wood")  # who broke a promise comes first
    case = page.url
    expect(page.get_by_label("Amount promised")).to_be_hidden()
    page.get_by_text("Promise to pay", exact=False).first.click()
    page.get_by_label("Amount promised").fill("250")
    page.get_by_label("By", exact=True).first.fill("2026-07-04")
    page.get_by_label("Note").fill("after pay day")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Recorded for Cy Wood")
    timeline = page.locator(".timeline")
    expect(timeline).to_contain_text("Promise for 4 Jul 2026")
    expect(timeline).to_contain_text("USD 250.00")
    expect(page.get_by_text("done today")).to_be_visible()
    assert_accessible(page)

    seen = page_of("manager", case)
    expect(seen.locator(".timeline")).to_contain_text("Promise for 4 Jul 2026")
    expect(seen.locator(".timeline")).to_contain_text("after pay day")


def test_no_answer_is_logged_and_the_next_case_open_in_three_keys(page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", level=1)).to_have_text("Cy Wood")
    page.wait_for_load_state()  # keys work once the page's scripts have run
    page.keyboard.press("l")
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Cy Wood")
    event = ContactEvent.objects.latest("id")
    assert (str(event.borrower), event.outcome) == ("Cy Wood", "no_answer")


def test_the_list_is_walked_by_keys_that_can_be_switched_off(page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    names = page.locator("[data-row] a.name")
    page.keyboard.press("j")
    expect(names.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(names.nth(1)).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("j n ?")  # letters that are typed are letters
    expect(page.get_by_role("searchbox")).to_have_value("j n ?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_label("Single-letter keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("n")
    page.keyboard.press("j")
    expect(names.nth(0)).not_to_be_focused()
    assert page.url.endswith("/worklist/")


def test_a_mistake_keeps_what_was_typed_and_is_announced(
    page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    page = page_of("agent", "/worklist/")
    page.keyboard.press("n")
    page.get_by_text("Promise to pay", exact=False).first.click()
    page.get_by_label("Amount promised").fill("1000000")
    page.get_by_label("By", exact=True).first.fill("2026-07-04")
    page.get_by_label("Note").fill("kept")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("Not recorded yet")
    expect(page.get_by_text("More than is owed")).to_be_visible()
    expect(page.get_by_label("Note")).to_have_value("kept")
    assert_accessible(page)
    assert Promise.objects.count() == 1


@pytest.mark.parametrize("viewport", [None, NARROW], ids=["wide", "narrow"])
def test_the_loop_works_without_javascript(viewport: dict[str, int] | None, page_of: PageOf) -> None:
    page = page_of("agent", "/", scripts=False, viewport=viewport)
    page.get_by_role("button", name="Open").click()
    page.get_by_text("Promise to pay", exact=False).first.click()
    page.get_by_label("Amount promised").fill("100")
    page.get_by_label("By", exact=True).first.fill("2026-07-04")
    page.get_by_role("button", name="Save and next").click()
    expect(page.get_by_role("status")).to_contain_text("Recorded for Cy Wood")
    assert Promise.objects.count() == 2


def test_hostile_notes_run_no_script(page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    page.keyboard.press("n")
    page.get_by_text("No answer", exact=False).first.click()
    page.get_by_label("Note").fill("<img src=x onerror=alert(1)><script>alert(2)</script>")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".timeline")).to_contain_text("<script>alert(2)</script>")
