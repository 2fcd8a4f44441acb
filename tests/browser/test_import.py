"""A person imports an unknown export in the browser and ends at a list of what to do."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings
from playwright.sync_api import Page, expect

from borrowers.models import Loan
from creditpath.jobs.worker import WorkerLoop
from tests.browser.conftest import NARROW, PageOf

LINES = ["acct_no,cust_id,client name,loan_amt,disb_dt,first_due_dt,mobile"] + [
    f"A{n:04},C{n:04},Client {n},{n % 90 + 10}00.00,{n % 27 + 1:02}/05/2026,{n % 27 + 1:02}/06/2026,+2547{n:08}"
    for n in range(60)
]


@pytest.fixture
def export(tmp_path: Path) -> Any:
    file = tmp_path / "core export.csv"
    file.write_text("\n".join([*LINES, "A9999,C9999,Nobody,abc,01/05/2026,01/06/2026,"]))
    with override_settings(IMPORT_ROOT=tmp_path / "imports", FILE_UPLOAD_TEMP_DIR=tmp_path):
        yield file


def work() -> None:
    WorkerLoop(name="test").work_off()


def test_person_imports_an_unknown_export_and_gets_a_list(
    page_of: PageOf, export: Path, assert_accessible: Callable[[Page], None]
) -> None:
    page = page_of("manager", "/import/")
    assert_accessible(page)
    page.get_by_label("One file, or several").set_input_files(export)
    page.get_by_role("button", name="Send in and look at it").click()
    expect(page.get_by_role("heading", name="Looking at your files")).to_be_visible()
    assert_accessible(page)
    work()
    expect(page.get_by_role("heading", name="What is what?")).to_be_visible()  # by itself
    assert_accessible(page)
    expect(page.get_by_label("acct_no goes to")).to_have_value("loan.external_id")
    expect(page.get_by_label("disb_dt goes to")).to_have_value("loan.approved_on")
    page.get_by_label("Currency of the amounts").fill("KES")
    page.get_by_role("button", name="Check all rows").first.click()
    expect(page.get_by_role("heading", name="Checking every row")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Nearly all rows are good")).to_be_visible()
    expect(page.get_by_text("is not an amount")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("New customers go to").select_option(label="North")
    page.get_by_role("button", name="Import the good rows").click()
    expect(page.get_by_role("heading", name="Importing")).to_be_visible()
    page.goto("/import/")  # leaving does not stop it
    work()
    page.get_by_role("link", name="core_export.csv").click()
    expect(page.get_by_role("heading", name="Imported", exact=True)).to_be_visible()
    assert_accessible(page)
    assert Loan.objects.filter(external_id__startswith="A").count() == 60
    page.get_by_role("button", name="Make today’s list").click()
    expect(page.get_by_role("heading", name="Making today’s list")).to_be_visible()
    work()
    expect(page.get_by_role("heading", name="Today’s list is ready")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("link", name="Open the worklist").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_data_report_opens_under_its_own_policy(
    page_of: PageOf, export: Path, assert_accessible: Callable[[Page], None]
) -> None:
    page = page_of("manager", "/import/", dark=True, viewport=NARROW)
    page.get_by_label("One file, or several").set_input_files(export)
    page.get_by_role("button", name="Send in and look at it").click()
    work()
    expect(page.get_by_role("heading", name="What is what?")).to_be_visible()
    assert_accessible(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.goto(page.get_by_role("link", name="Data report").get_attribute("href") or "")
    expect(page.get_by_role("heading", name="core_export.csv").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("svg .bar").count() > 0
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert colour == "rgb(16, 20, 26)"  # its style is let through, and it is the dark one
    assert_accessible(page)


def test_import_works_without_scripts(page_of: PageOf, export: Path) -> None:
    page = page_of("manager", "/import/", scripts=False)
    page.get_by_label("One file, or several").set_input_files(export)
    page.get_by_role("button", name="Send in and look at it").click()
    work()
    page.get_by_role("link", name="Look again now").or_(
        page.get_by_role("heading", name="What is what?")
    ).first.wait_for()
    page.goto(page.url)
    page.get_by_label("Currency of the amounts").fill("KES")
    page.get_by_role("button", name="Check all rows").first.click()
    work()
    page.goto(page.url)
    expect(page.get_by_role("heading", name="Nearly all rows are good")).to_be_visible()
