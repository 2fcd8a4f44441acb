"""A real Chromium against the site as it is served; absent Chromium is the one reason to skip."""

import os
import shutil
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from borrowers.models import ContactPoint
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, User
from recovery.services import plan_worklists, recommend_actions
from tests.factories import PASSWORD, make_borrower, make_contact, make_loan, make_promise, make_team, make_user

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
DAY = date(2026, 6, 30)
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
PageOf = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what lies here, and leave it out where there is no Chromium."""
    for item in items:
        if "/browser/" in str(item.path):
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="Chromium is not installed"))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    # Playwright's loop runs in this thread; Django would otherwise refuse to touch the database beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def staff(transactional_db: None) -> dict[str, User]:
    """One person of each role, and a team with work: four late borrowers, one of whom broke a promise."""
    set_business_date(day=DAY, is_frozen=True)
    team = make_team("North")
    people = {
        role.value: make_user(role, username=role.value, team=team if role in (Role.AGENT, Role.MANAGER) else None)
        for role in Role
    }
    for number, (name, days, amount) in enumerate(
        [("Ada Stone", 40, 900), ("Bo Reed", 70, 650), ("Cy Wood", 12, 400), ("Dee Marsh", 100, 1500)]
    ):
        borrower = make_borrower(full_name=name, team=team, external_id=f"B-{number}", is_simulated=True)
        ContactPoint.objects.create(borrower=borrower, kind="phone", value=f"+1212555014{number}", is_preferred=True)
        loan = make_loan(
            borrower=borrower,
            external_id=f"L-{number}",
            instalments=[(DAY - timedelta(days=days + 30 * back), amount) for back in (3, 2, 1, 0)]
            + [(DAY + timedelta(days=15), amount)],
            payments=[(DAY - timedelta(days=days + 5), amount * 3)],
        )
        make_contact(borrower, DAY - timedelta(days=9), outcome="no_answer", note="rang twice")
        if name == "Cy Wood":
            made = make_contact(borrower, DAY - timedelta(days=8), outcome="promise", loan=loan)
            make_promise(
                loan, made_on=DAY - timedelta(days=8), due_on=DAY - timedelta(days=4), amount=200, contact_event=made
            )
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    return people


@pytest.fixture
def page_of(browser: Browser, live_server: Any, staff: dict[str, User]) -> Iterator[PageOf]:
    """Open a page as a role, or as nobody; at the end it had no error on its console and asked no other host."""
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_page(
        role: str | None,
        path: str = "/",
        *,
        dark: bool = False,
        viewport: dict[str, int] | None = None,
        scripts: bool = True,
    ) -> Page:
        context = browser.new_context(
            base_url=live_server.url,
            color_scheme="dark" if dark else "light",
            viewport=viewport or WIDE,
            java_script_enabled=scripts,
            locale="en-GB",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30_000)

        def note(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                troubles.append(f"console on {page.url}: {message.text}")

        def look(request: Request) -> None:
            if not request.url.startswith((live_server.url, "data:", "blob:")):
                troubles.append(f"another host was asked: {request.url}")

        page.on("console", note)
        page.on("pageerror", lambda error: troubles.append(f"script error on {page.url}: {error}"))
        page.on("request", look)
        if role is not None:
            page.goto("/accounts/login/")
            page.get_by_label("Username").fill(role)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("button", name="Log in").click()
            page.wait_for_url("**/")
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert troubles == []


@pytest.fixture
def assert_accessible() -> Callable[[Page], None]:
    """Return a check that axe-core finds nothing on a page."""
    axe = Axe()

    def check(page: Page) -> None:
        found = axe.run(page).response["violations"]
        lines = [
            f"{broken['id']} ({broken['impact']}): {broken['help']}: {node['html'][:160]} {node.get('failureSummary', '')}"
            for broken in found
            for node in broken["nodes"]
        ]
        assert not lines, f"{page.url}\n" + "\n".join(lines)

    return check
