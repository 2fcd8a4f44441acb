"""Actions over the API: recorded once, with their promise, within one's reach."""

import uuid
from typing import Any

import pytest

from borrowers.models import ContactEvent, Loan, Promise
from creditpath.accounts.models import Role
from tests.api.conftest import Api


def _post(client: Any, body: Any, key: str = "") -> Any:
    return client.post("/api/v1/actions/", body, format="json", headers={"Idempotency-Key": key or uuid.uuid4().hex})


def _call(loan: Loan, **fields: Any) -> dict[str, Any]:
    return {"borrower": loan.borrower_id, "channel": "call", "outcome": "no_answer"} | fields


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_work_cases_record_actions(role: Role, api: Api, loan: Loan) -> None:
    may = role in {Role.AGENT, Role.MANAGER, Role.ADMIN, Role.INTEGRATION}
    assert _post(api(role), _call(loan)).status_code == (201 if may else 403)
    assert ContactEvent.objects.count() == int(may)


def test_promise_is_taken_with_the_action_in_which_it_was_made(api: Api, loan: Loan) -> None:
    body = _call(loan, outcome="promise", promise_amount="50.00", promise_due_on="2026-07-03", note="By transfer.")
    answer = _post(api(Role.AGENT), body).json()
    promise = Promise.objects.get(pk=answer["promise"])
    assert (promise.loan_id, str(promise.amount)) == (loan.pk, "50.00")
    assert (answer["agent"], answer["reached_borrower"], answer["effective_on"]) == ("agent", True, "2026-06-30")
    assert api(Role.AGENT).get(f"/api/v1/promises/{promise.pk}/").json()["contact_event"] == answer["id"]


def test_agent_records_nothing_on_another_teams_borrower(api: Api, other_loan: Loan) -> None:
    answer = _post(api(Role.AGENT), _call(other_loan))
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["borrower"])
    assert not ContactEvent.objects.exists()


def test_same_key_twice_records_one_action(api: Api, loan: Loan) -> None:
    client = api(Role.AGENT)
    first, second = (_post(client, _call(loan), key="one") for _ in range(2))
    assert first.json() == second.json()
    assert ContactEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"channel": "pigeon"}, "channel"),
        ({"outcome": "happy"}, "outcome"),
        ({"note": "x" * 4001}, "note"),
        ({"note": "nul\x00"}, "note"),
        ({"follow_up_on": "2026-06-29"}, "follow_up_on"),
        ({"follow_up_on": "2026-02-30"}, "follow_up_on"),
        ({"outcome": "promise", "promise_due_on": "2026-07-03"}, "promise_amount"),
        ({"outcome": "promise", "promise_amount": "NaN", "promise_due_on": "2026-07-03"}, "promise_amount"),
        ({"outcome": "promise", "promise_amount": "100000", "promise_due_on": "2026-07-03"}, "promise_amount"),
        ({"happened_at": "9999-01-01T00:00:00Z"}, "happened_at"),
        ({"agent": 1}, "agent"),
        ({"reached_borrower": True}, "reached_borrower"),
    ],
)
def test_action_that_cannot_be_is_refused_by_field(api: Api, loan: Loan, fields: dict[str, Any], wrong: str) -> None:
    answer = _post(api(Role.AGENT), _call(loan, **fields))
    assert answer.status_code == 400, answer.content
    assert wrong in answer.json()["fields"]
    assert not ContactEvent.objects.exists()
