"""The pages of policies: who may do what, errors beside fields, what is said, and what a page costs."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from recovery.models import DecisionAnswer, Policy, PolicyReplay, Recommendation
from recovery.policymaking.services import plan_replay, run_replay
from recovery.services import ensure_default_policy, plan_worklists, recommend_actions, submit_policy
from tests.factories import make_borrower, make_loan, make_user
from tests.recovery.policies import make_draft, put_in_force

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Role | str], Client]
QUERY_BUDGET = 20
LINE = {
    "min_days_past_due": "31",
    "max_days_past_due": "60",
    "tiers": ["high"],
    "action": "call",
    "alternatives": ["sms"],
    "expected_minutes": "8",
    "reason": "More than a month late.",
    "has_hold": "no",
}


def address(name: str, *arguments: Any) -> str:
    return reverse(f"recovery:{name}", args=arguments)


@pytest.fixture
def in_force(frozen_day: date) -> Policy:
    return ensure_default_policy(as_of=frozen_day)


@pytest.fixture
def draft(in_force: Policy, people: dict[Role, User]) -> Policy:
    return make_draft(people[Role.MANAGER], title="Softer", based_on=in_force)


def test_managers_write_and_others_read(draft: Policy, client_of: ClientOf) -> None:
    for role in (Role.AGENT, Role.ANALYST, Role.COMPLIANCE, Role.DATA_SCIENTIST):
        client = client_of(role)
        page = client.get(address("policy", draft.version))
        assert page.status_code == 200
        assert b"Submit for approval" not in page.content
        assert client.post(address("change-policy", draft.version)).status_code == 403
        assert client.get(address("policy-line", draft.version, 1)).status_code == 403
    for role in (Role.MANAGER, Role.ADMIN):
        assert b"Submit for approval" in client_of(role).get(address("policy", draft.version)).content


def test_line_is_written_from_the_form_and_read_as_a_sentence(draft: Policy, client_of: ClientOf) -> None:
    client = client_of(Role.MANAGER)
    answer = client.post(address("add-policy-line", draft.version), LINE | {"position": "2"}, follow=True)
    assert answer.status_code == 200
    rule = draft.rules.get(position=2)
    assert (rule.tiers, rule.alternatives, rule.has_hold, rule.is_vulnerable) == (["high"], ["sms"], False, None)
    page = " ".join(answer.content.decode().split())
    assert "If no hold stands, 31 to 60 days past due and risk is high:" in page
    form = client.get(address("policy-line", draft.version, 2)).context["form"]
    assert (form["tiers"].value(), form["has_hold"].value(), form["position"].value()) == (["high"], "no", None)
    client.post(address("policy-line", draft.version, 2), LINE | {"max_days_past_due": "45"})
    rule.refresh_from_db()
    assert (rule.position, rule.max_days_past_due) == (2, 45)


def test_mistakes_stand_beside_their_fields_and_typed_text_stays(draft: Policy, client_of: ClientOf) -> None:
    wrong = LINE | {"max_days_past_due": "3", "action": "settlement", "expected_minutes": "", "reason": "kept"}
    form = client_of(Role.MANAGER).post(address("add-policy-line", draft.version), wrong).context["form"]
    assert "expected_minutes" in form.errors
    page = client_of(Role.MANAGER).post(address("add-policy-line", draft.version), wrong | {"expected_minutes": "4"})
    assert set(page.context["form"].errors) == {"max_days_past_due", "settlement_limit_ratio"}
    assert b'value="kept"' in page.content
    assert b"Less than the first number" in page.content


def test_lines_move_and_go_by_buttons(draft: Policy, client_of: ClientOf) -> None:
    client = client_of(Role.MANAGER)
    first, second = draft.rules.order_by("position")[:2]
    client.post(address("move-policy-line", draft.version, 1), {"to": "down"})
    assert list(draft.rules.order_by("position").values_list("key", flat=True)[:2]) == [second.key, first.key]
    client.post(address("delete-policy-line", draft.version, 1))
    assert draft.rules.order_by("position").first() == first


def test_faults_are_pointed_out(draft: Policy, client_of: ClientOf) -> None:
    client = client_of(Role.MANAGER)
    client.post(address("add-policy-line", draft.version), {**LINE, "tiers": [], "position": ""})
    page = client.get(address("policy", draft.version))
    assert b"is never reached: line" in page.content


def test_two_people_bring_a_version_into_force(
    draft: Policy, client_of: ClientOf, people: dict[Role, User], frozen_day: date
) -> None:
    writer, other = client_of(Role.MANAGER), client_of(Role.ADMIN)
    steps = address("take-policy-step", draft.version)
    refused = writer.post(steps, {"step": "submit"})
    assert b"Try the draft on past days first" in refused.content
    writer.post(steps, {"step": "submit", "waiver": "urgent"})
    assert b"You had a hand in this version" in writer.get(address("policy", draft.version)).content
    alone = writer.post(steps, {"step": "approve", "effective_from": "2026-07-01"})
    assert "a second person has to approve it" in str(alone.context["approve_form"].errors)
    late = other.post(steps, {"step": "approve", "effective_from": "2026-06-01"})
    assert "effective_from" in late.context["approve_form"].errors
    other.post(steps, {"step": "approve", "effective_from": "2026-07-01"})
    draft.refresh_from_db()
    assert (draft.state, draft.approved_by) == ("approved", people[Role.ADMIN])
    listed = other.get(address("policies"))
    assert [row["policy"].version for row in listed.context["policies"]] == [draft.version, draft.version - 1]
    page = listed.content.decode()
    assert "to come" in page
    assert "approved by" in page


def test_history_and_differences_are_told(draft: Policy, in_force: Policy, client_of: ClientOf) -> None:
    client = client_of(Role.MANAGER)
    client.post(address("delete-policy-line", draft.version, 1))
    page = client.get(address("compare-policies", draft.version, in_force.version)).content.decode()
    assert "Line 1 is gone" in page
    assert "If a promise is open: no action." in page
    assert "Line 1 is gone" in client.get(address("policy", draft.version)).content.decode()


def test_replay_is_asked_for_and_read(
    draft: Policy, client_of: ClientOf, people: dict[Role, User], frozen_day: date
) -> None:
    make_loan(instalments=[(frozen_day - timedelta(days=40), 500)])
    client = client_of(Role.MANAGER)
    answer = client.post(address("replay-policy", draft.version), {"days": "3", "every_days": "1"})
    replay = PolicyReplay.objects.get()
    assert answer.headers["Location"] == address("policy-replay", draft.version, replay.pk)
    assert b"Waits for a worker" in client.get(answer.headers["Location"]).content
    run_replay(replay=replay, tell=lambda done, total, message: None)
    page = client.get(answer.headers["Location"]).content.decode()
    assert "what was paid, not what it would have brought" in page
    assert "Tried as it stands on 3 days" in client.get(address("policy", draft.version)).content.decode()
    wrong = client.post(address("replay-policy", draft.version), {"days": "5", "every_days": "6"})
    assert "every_days" in wrong.context["replay_form"].errors


def test_pages_cost_the_same_however_much_there_is(
    draft: Policy, client_of: ClientOf, people: dict[Role, User], frozen_day: date
) -> None:
    make_loan(instalments=[(frozen_day - timedelta(days=40), 500)])
    replay = plan_replay(policy=draft, by=people[Role.MANAGER], days=2)
    run_replay(replay=replay, tell=lambda done, total, message: None)
    client = client_of(Role.MANAGER)
    pages = [
        address("policies"), address("policy", draft.version), address("policy-replay", draft.version, replay.pk),
        address("compare-policies", draft.version, 1), address("policy-line", draft.version, 1),
    ]  # fmt: skip

    def cost() -> list[int]:
        counts = []
        for page in pages:
            with CaptureQueriesContext(connection) as queries:
                assert client.get(page).status_code == 200
            counts.append(len(queries))
        return counts

    before = cost()
    for number in range(5):
        make_draft(people[Role.MANAGER], title=f"Draft {number}", based_on=draft)
        submit_policy(policy=Policy.objects.order_by("-version")[0], by=people[Role.MANAGER], waiver="x")
    assert max(before) <= QUERY_BUDGET
    assert cost() == before


# --- the recommendation on the borrower's page ----------------------------------------------------------------------------
@pytest.fixture
def case(frozen_day: date, team: Team, people: dict[Role, User]) -> Recommendation:
    borrower = make_borrower(team=team)
    make_loan(borrower=borrower, instalments=[(frozen_day - timedelta(days=40), 500)])
    refresh_delinquency(as_of=frozen_day)
    recommend_actions(as_of=frozen_day)
    plan_worklists(as_of=frozen_day)
    return Recommendation.objects.get()


def test_page_shows_what_to_ask_for_and_that_no_model_orders_the_work(
    case: Recommendation, client_of: ClientOf
) -> None:
    client = client_of(Role.AGENT)
    page = client.get(address("borrower", case.borrower_id)).content.decode()
    assert "USD 500.00 now makes the loan current." in page
    assert "Ordered by rules and priors: no model yet." in page
    assert "Line 11 of policy 1: Starting policy" in page
    for where in (address("worklist"), reverse("home")):
        assert "Ordered by rules and priors: no model yet." in client.get(where).content.decode()


def test_agent_accepts_or_does_something_else_on_the_page(case: Recommendation, client_of: ClientOf) -> None:
    client = client_of(Role.AGENT)
    there, here = address("answer-recommendation", case.borrower_id), address("borrower", case.borrower_id)
    key = client.get(here).context["answer_form"]["key"].value()
    client.post(there, {"answer": "accept", "key": key})
    client.post(there, {"answer": "accept", "key": key})
    assert DecisionAnswer.objects.count() == 1
    assert "Accepted by agent." in client.get(here).content.decode()
    wrong = client.post(there, {"answer": "other", "key": "k2", "action": "visit", "reason": ""})
    assert "reason" in wrong.context["answer_form"].errors
    client.post(there, {"answer": "other", "key": "k2", "action": "visit", "reason": "Phone is dead."})
    page = client.get(here)
    assert "Phone is dead." in page.content.decode()
    assert page.context["follow_up"]["channel"].value() == "visit"


def test_another_team_and_mere_readers_do_not_answer(case: Recommendation, client_of: ClientOf) -> None:
    there = address("answer-recommendation", case.borrower_id)
    stranger = Client()
    stranger.force_login(make_user(Role.AGENT), backend="creditpath.accounts.backends.RoleBackend")
    assert stranger.post(there, {"answer": "accept"}).status_code == 404
    assert client_of(Role.COMPLIANCE).post(there, {"answer": "accept"}).status_code == 403
    assert not DecisionAnswer.objects.exists()


def test_lines_of_a_version_in_force_are_not_offered_for_editing(
    draft: Policy, client_of: ClientOf, people: dict[Role, User], frozen_day: date
) -> None:
    put_in_force(draft, submitter=people[Role.MANAGER], approver=people[Role.ADMIN], day=frozen_day)
    client = client_of(Role.MANAGER)
    for page in (address("policy", 99), address("policy-line", 99, 1), address("compare-policies", 1, 99)):
        assert client.get(page).status_code == 404
    closed = client.get(address("policy-line", draft.version, 1), follow=True)
    assert b"no draft any more" in closed.content
