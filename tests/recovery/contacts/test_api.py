"""The gate over REST: ask, reserve, be refused with the whole answer, hold and lift."""

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from borrowers.models import ContactPoint, Loan
from creditpath.accounts.models import Role, User
from recovery.models import ContactBlock, ContactReservation
from tests.factories import at, make_borrower, make_contact, make_loan

DAY = date(2026, 6, 30)
RESERVATIONS = "/api/v1/contact-reservations/"


@pytest.fixture
def api(people: dict[Role, User], loan: Loan) -> Any:
    cache.clear()

    def log_in(role: Role) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(people[role])
        return client

    return log_in


@pytest.fixture
def six_calls(loan: Loan) -> None:
    for days in range(6):
        make_contact(
            loan.borrower, DAY - timedelta(days=days), loan=loan, happened_at=at(DAY - timedelta(days=days), 9)
        )


def reserve(client: APIClient, loan: Loan, **fields: Any) -> Any:
    key = fields.pop("key", None)
    body = {"borrower": loan.borrower_id, "loan": loan.pk, "channel": "call"} | fields
    return client.post(RESERVATIONS, body, format="json", headers={"Idempotency-Key": key} if key else {})


def test_the_gate_is_asked_without_reserving(six_calls: None, api: Any, loan: Loan) -> None:
    address = f"/api/v1/borrowers/{loan.borrower_id}/contact-permission/"
    answer = api(Role.AGENT).get(address, {"channel": "call", "loan": loan.pk}).json()
    assert (answer["is_allowed"], answer["attempts_left"], answer["rule"]["version"]) == (True, 1, 1)
    night = api(Role.AGENT).get(address, {"at": "2026-07-01T03:00:00Z"}).json()
    assert night["sentence"].endswith("Next from 1 Jul 2026 08:00 (America/New_York).")
    assert not ContactReservation.objects.exists()
    for wrong in ({"channel": "pigeon"}, {"loan": 0}, {"loan": make_loan(borrower=make_borrower()).pk}, {"x": 1}):
        assert api(Role.AGENT).get(address, wrong).status_code == 400, wrong


@pytest.mark.parametrize("key", [None, "one"])
def test_the_eighth_call_gets_409_with_the_answer_and_is_logged_once(
    key: str | None, six_calls: None, api: Any, loan: Loan
) -> None:
    first = reserve(api(Role.AGENT), loan)
    assert (first.status_code, first.json()["number"], first.json()["state"]) == (201, 1, "reserved")
    refused = reserve(api(Role.MANAGER), loan, key=key)
    body = refused.json()
    assert (refused.status_code, body["code"]) == (409, "contact_not_permitted")
    assert body["detail"] == "7 of 7 calls used within 7 days. Next from 2 Jul 2026 08:00 (America/New_York)."
    assert body["answer"]["attempts_left"] == 0
    assert ContactBlock.objects.get().agent.username == "manager"  # type: ignore[union-attr]
    assert api(Role.COMPLIANCE).get("/api/v1/contact-blocks/").json()["results"][0]["answer"] == body["answer"]


def test_a_reservation_is_released_and_free_again(six_calls: None, api: Any, loan: Loan) -> None:
    number = reserve(api(Role.AGENT), loan).json()["id"]
    released = api(Role.AGENT).post(f"{RESERVATIONS}{number}/release/")
    assert (released.status_code, released.json()["state"]) == (200, "released")
    assert api(Role.AGENT).post(f"{RESERVATIONS}{number}/release/").json()["code"] == "attempt_is_over"
    assert reserve(api(Role.MANAGER), loan).status_code == 201


def test_an_action_recorded_over_the_limit_is_taken(six_calls: None, api: Any, loan: Loan) -> None:
    body = {"borrower": loan.borrower_id, "loan": loan.pk, "channel": "call", "outcome": "no_answer"}
    for _ in range(2):
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        assert api(Role.AGENT).post("/api/v1/actions/", body, format="json", headers=headers).status_code == 201
    attempts = api(Role.MANAGER).get(RESERVATIONS, {"borrower": loan.borrower_id}).json()["results"]
    assert [bool(attempt["flags"]) for attempt in attempts] == [True, False]  # the newest first


def test_another_teams_borrower_and_points_do_not_exist(api: Any, loan: Loan, other_team: Any) -> None:
    foreign = make_loan(borrower=make_borrower(team=other_team))
    point = ContactPoint.objects.create(borrower=foreign.borrower, kind="phone", value="+1 212 555 0100")
    assert list(reserve(api(Role.AGENT), foreign).json()["fields"]) == ["borrower", "loan"]
    assert list(reserve(api(Role.AGENT), loan, contact_point=point.pk).json()["fields"]) == ["contact_point"]


def test_a_hold_stops_reserving_until_it_is_lifted(api: Any, loan: Loan) -> None:
    body = {"borrower": loan.borrower_id, "kind": "cease", "reason": "said so on the phone"}
    hold = api(Role.AGENT).post("/api/v1/holds/", body, format="json")
    assert (hold.status_code, hold.json()["set_by"]) == (201, "agent")
    assert reserve(api(Role.AGENT), loan).json()["answer"]["reasons"][0]["code"] == "cease"
    assert reserve(api(Role.AGENT), loan, purpose="notice", channel="letter").status_code == 201
    lift = f"/api/v1/holds/{hold.json()['id']}/lift/"
    assert api(Role.AGENT).post(lift, {"reason": "x"}, format="json").status_code == 403
    assert api(Role.COMPLIANCE).post(lift, {"reason": "withdrawn in writing"}, format="json").status_code == 201
    assert reserve(api(Role.AGENT), loan).status_code == 201
    wrong = api(Role.AGENT).post("/api/v1/holds/", body | {"kind": "do_not_contact"}, format="json")
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["channel"])
