"""Inbound calls by keys alone, and the pages of messages and of the dialler."""

from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Page, expect

from borrowers.models import Borrower
from creditpath.accounts.models import User
from recovery.models import IdentityCheck, MessageTemplate
from recovery.outreach.services import queue_message
from tests.browser.conftest import NARROW, WIDE, PageOf


@pytest.mark.parametrize(("dark", "viewport"), [(False, WIDE), (True, NARROW)], ids=["light wide", "dark narrow"])
def test_pages_of_messages_and_dialler_are_accessible_and_fit(
    dark: bool, viewport: dict[str, int], page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    borrower = Borrower.objects.get(full_name="Cy Wood")
    live = MessageTemplate.objects.live().get(key="reminder", channel="sms", tone="firm")
    queue_message(borrower=borrower, template=live, queued_by=User.objects.get(username="agent"))
    page = page_of("manager", "/dialler/", dark=dark, viewport=viewport)
    for address in ("/dialler/", "/messages/", f"/borrowers/{borrower.pk}/message/"):
        page.goto(address)
        assert_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_three_keys_lead_from_a_number_to_the_case(page_of: PageOf, assert_accessible: Callable[[Page], None]) -> None:
    borrower = Borrower.objects.get(full_name="Ada Stone")
    Borrower.objects.filter(pk=borrower.pk).update(birth_date=date(1980, 2, 3))
    borrower.loans.update(external_id="L-0007788")
    page = page_of("agent", "/inbound/")
    page.keyboard.insert_text("(212) 555-0140")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{page.url.split('/inbound')[0]}/inbound/{borrower.pk}/")
    assert_accessible(page)
    page.get_by_label("Date of birth").fill("1980-02-03")
    page.get_by_label("Last 4 of the loan's number").fill("7788")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Say this first")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Inbound call")).to_be_checked()
    assert IdentityCheck.objects.get().is_passed
