"""Plans, approvals and hardship over REST; whose address a throttle counts; the warning about text messages."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.test import Client, RequestFactory

from borrowers.models import Loan
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from creditpath.proxies import address_of
from recovery.checks import CONSOLE, text_messages_leave_the_console
from recovery.models import CareReading, CareRecord, LoanProposal, Plan
from tests.factories import make_borrower, make_loan

Clients = Callable[[Role], Client]


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    loan = make_loan(borrower=make_borrower(team=team), instalments=[(date(2026, 5, 1), 100), (date(2026, 6, 1), 100)])
    refresh_delinquency()
    return loan


def post(client: Client, address: str, key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/api/v1/{address}/", body, content_type="application/json", headers=headers)


def test_write_off_is_proposed_by_one_and_approved_by_another(
    loan: Loan, people: dict[Role, User], client_of: Clients
) -> None:
    body = {"loan": loan.pk, "kind": "write_off", "reason": "no estate"}
    first = post(client_of(Role.MANAGER), "loan-proposals", "k", **body)
    assert (first.status_code, first.json()["amount"]) == (201, "200.00")
    assert post(client_of(Role.MANAGER), "loan-proposals", "k", **body).json() == first.json()
    assert LoanProposal.objects.count() == 1
    address = f"loan-proposals/{first.json()['id']}/decide"
    own = post(client_of(Role.MANAGER), address, is_approved=True)
    assert (own.status_code, own.json()["code"]) == (409, "proposal_is_decided_by_a_second_person")
    assert post(client_of(Role.AGENT), address, is_approved=True).status_code == 403
    done = post(client_of(Role.ADMIN), address, is_approved=True)
    assert (done.status_code, done.json()["decision"]["decided_by"]) == (201, "admin")
    assert client_of(Role.COMPLIANCE).get("/api/v1/loan-proposals/?is_open=true").json()["results"] == []


def test_plan_is_proposed_and_given_up(loan: Loan, people: dict[Role, User], client_of: Clients) -> None:
    budget = [
        {"kind": "income", "label": "Wages", "amount": "1500"},
        {"kind": "expense", "label": "Rent", "amount": "500"},
    ]
    client = client_of(Role.AGENT)
    body = {"loan": loan.pk, "kind": "pay_off", "instalments": 2, "budget": budget, "is_agreed": False}
    made = post(client, "plans", "k", **body)
    assert made.status_code == 201, made.content
    assert [event["state"] for event in made.json()["events"]] == ["proposed"]
    assert [line["amount"] for line in made.json()["instalments"]] == ["100.00", "100.00"]
    assert post(client, "plans", "k", **body).json()["id"] == made.json()["id"]
    assert Plan.objects.count() == 1
    step = f"plans/{made.json()['id']}"
    assert post(client, f"{step}/activate").json()["events"][-1]["state"] == "active"
    assert post(client, f"{step}/cancel").status_code == 400
    assert post(client, f"{step}/cancel", reason="moved away").json()["events"][-1]["state"] == "cancelled"
    assert len(client.get("/api/v1/plans/?state=cancelled").json()["results"]) == 1
    assert "income" not in client.get(f"/api/v1/{step}/").content.decode()


def test_hardship_is_written_by_agents_read_by_few_and_each_reading_is_kept(
    loan: Loan, people: dict[Role, User], client_of: Clients
) -> None:
    body = {"borrower": loan.borrower_id, "category": "health", "details": "in hospital"}
    made = post(client_of(Role.AGENT), "care-records", "k", **body)
    assert made.status_code == 201
    assert b"hospital" not in made.content
    number = made.json()["id"]
    assert client_of(Role.AGENT).get(f"/api/v1/care-records/{number}/").status_code == 403
    assert client_of(Role.INTEGRATION).get(f"/api/v1/care-records/?borrower={loan.borrower_id}").status_code == 403
    assert not CareReading.objects.exists()
    reader = client_of(Role.COMPLIANCE)
    assert reader.get("/api/v1/care-records/").status_code == 400
    assert reader.get("/api/v1/care-records/?borrower=9999999").json()["results"] == []
    shown = reader.get(f"/api/v1/care-records/?borrower={loan.borrower_id}")
    assert shown.json()["results"][0]["details"] == "in hospital"
    assert reader.get(f"/api/v1/care-records/{number}/").status_code == 200
    assert set(CareReading.objects.values_list("read_by__username", "borrower")) == {("compliance", loan.borrower_id)}
    assert CareReading.objects.count() == 2
    ended = post(client_of(Role.MANAGER), f"care-records/{number}/decide", outcome="ended", reason="well again")
    assert ended.status_code == 201
    assert not CareRecord.objects.open().exists()


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (0, "1.1.1.1", "9.9.9.9"),
        (1, "6.6.6.6, 2.2.2.2", "2.2.2.2"),
        (2, "6.6.6.6, 2.2.2.2, 3.3.3.3", "2.2.2.2"),
        (1, "", "9.9.9.9"),
    ],
)
def test_throttle_counts_by_what_our_own_proxies_say(proxies: int, told: str, address: str, settings: Any) -> None:
    settings.PROXIES = proxies
    request = RequestFactory().get("/", REMOTE_ADDR="9.9.9.9", headers={"X-Forwarded-For": told})
    assert address_of(request) == address


def test_production_with_printed_text_messages_is_warned_of(settings: Any) -> None:
    settings.PRODUCTION, settings.SMS_BACKEND = True, CONSOLE
    (warning,) = text_messages_leave_the_console(None)
    assert warning.id == "recovery.W001"
    settings.SMS_BACKEND = "lender.Sms"
    assert text_messages_leave_the_console(None) == []


def test_hardship_that_is_due_stands_on_the_worklist_of_those_who_decide(
    loan: Loan, people: dict[Role, User], client_of: Clients
) -> None:
    post(client_of(Role.AGENT), "care-records", borrower=loan.borrower_id, category="health", details="in hospital")
    for role, on, sees in (
        (Role.MANAGER, date(2026, 6, 30), False),
        (Role.MANAGER, date(2026, 7, 30), True),
        (Role.AGENT, date(2026, 7, 30), False),
    ):
        set_business_date(day=on, is_frozen=True)
        page = client_of(role).get("/worklist/").content.decode()
        assert ("Hardship to be looked at" in page) == sees
        assert "hospital" not in page
