"""The pages of policies in a real browser: nothing inaccessible, nothing cut off, and the whole way without a script."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page

from creditpath.accounts.models import User
from recovery.models import Policy
from recovery.policymaking.services import plan_replay, run_replay, write_rule
from recovery.services import draft_policy, submit_policy
from tests.browser.conftest import DAY, NARROW, WIDE, PageOf


@pytest.fixture
def draft(staff: dict[str, User]) -> Policy:
    """A draft that was tried, with a line that is never reached."""
    by = staff["manager"]
    in_force = Policy.objects.in_force(DAY).get()
    policy = draft_policy(by=by, title="Fewer calls", based_on=in_force)
    write_rule(
        policy=policy,
        by=by,
        values={"action": "visit", "reason": "Go there.", "min_days_past_due": 70, "escalate_to": "call",
                "escalate_after_days": 9},
    )  # fmt: skip
    replay = plan_replay(policy=policy, by=by, days=40, every_days=20)
    run_replay(replay=replay, tell=lambda done, total, message: None)
    return policy


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_pages_of_policies_are_accessible_and_fit(
    dark: bool,
    viewport: dict[str, int],
    draft: Policy,
    page_of: PageOf,
    assert_accessible: Callable[[Page], None],
) -> None:
    replay = draft.replays.get()
    waiting = plan_replay(policy=draft, by=None, days=3)
    page = page_of("manager", "/policies/", dark=dark, viewport=viewport)
    for path in (
        "/policies/",
        f"/policies/{draft.version}/",
        f"/policies/{draft.version}/lines/2/",
        f"/policies/{draft.version}/replays/{replay.pk}/",
        f"/policies/{draft.version}/replays/{waiting.pk}/",
        f"/policies/{draft.version}/compare/1/",
        "/policies/1/",
    ):
        page.goto(path)
        for fold in page.locator("main details").all():
            fold.evaluate("element => element.open = true")
        assert_accessible(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], f"{path} is {width} px wide"
    page.goto(f"/policies/{draft.version}/lines/new/")
    page.get_by_role("button", name="Save the line").click()
    assert page.get_by_text("Choose what is to be done.").is_visible()
    assert_accessible(page)


def test_two_managers_bring_a_change_into_force_without_scripts(staff: dict[str, User], page_of: PageOf) -> None:
    page = page_of("manager", "/policies/", scripts=False)
    page.get_by_label("What is the new version for?").fill("Call sooner")
    page.get_by_role("button", name="Begin a draft").click()
    version = Policy.objects.get(title="Call sooner").version
    page.get_by_role("link", name="Edit line 14").click()
    page.get_by_label("At least days past due").fill("5")
    page.get_by_label("Why, in a sentence for the agent").fill("Five days late: call.")
    page.get_by_role("button", name="Save the line").click()
    assert page.get_by_text("“Five days late: call.”", exact=True).is_visible()
    page.get_by_role("button", name="Move line 14 up").click()
    page.get_by_label("Why without trying it on past days").fill("The board wants it today.")
    page.get_by_role("button", name="Submit for approval").click()
    assert page.get_by_text("another manager has to approve it").is_visible()

    second = page_of("admin", f"/policies/{version}/", scripts=False)
    first_day = (DAY + timedelta(days=1)).isoformat()
    assert second.get_by_label("Counts from").input_value() == first_day
    second.get_by_role("button", name="Approve").click()
    assert second.get_by_text("to come").first.is_visible()
    assert Policy.objects.in_force(DAY + timedelta(days=1)).get().version == version


def test_agent_answers_with_one_key_each(staff: dict[str, User], page_of: PageOf) -> None:
    page = page_of("agent", "/worklist/")
    page.keyboard.press("n")
    page.wait_for_url("**/borrowers/*/")
    page.keyboard.press("a")
    page.get_by_text("Accepted by agent.").wait_for()
    page.keyboard.press("o")
    page.get_by_label("Do instead").select_option("visit")
    page.locator("#id_reason").fill("The phone is dead.")
    page.get_by_role("button", name="Note it").click()
    page.get_by_text("The phone is dead.").wait_for()


def test_submitted_version_tells_a_second_person_what_to_look_at(
    draft: Policy, staff: dict[str, User], page_of: PageOf, assert_accessible: Callable[[Page], None]
) -> None:
    submit_policy(policy=draft, by=staff["manager"])
    page = page_of("admin", f"/policies/{draft.version}/")
    assert page.get_by_text("What it would have done on 2 past days").is_visible()
    assert page.get_by_text("is never reached").first.is_visible()
    assert_accessible(page)
