"""Payments come in through the API once, count at once, and are taken back by a new entry."""

import uuid
from typing import Any

import pytest

from borrowers.models import Loan, Payment
from creditpath.accounts.models import Role
from tests.api.conftest import Api
from tests.models import promote_logistic


def _post(client: Any, body: Any, key: str = "", address: str = "/api/v1/payments/") -> Any:
    return client.post(address, body, format="json", headers={"Idempotency-Key": key or uuid.uuid4().hex})


@pytest.mark.parametrize("role", list(Role))
def test_only_those_who_take_money_enter_payments(role: Role, api: Api, loan: Loan) -> None:
    answer = _post(api(role), {"loan": loan.pk, "amount": "10.00"})
    may = role in {Role.MANAGER, Role.ADMIN, Role.INTEGRATION}
    assert answer.status_code == (201 if may else 403)
    assert loan.payments.count() == (2 if may else 1)


def test_payment_is_entered_with_both_clocks_and_who_did_it(api: Api, loan: Loan) -> None:
    body = {"loan": loan.pk, "amount": "10.5", "effective_on": "2026-06-29", "channel": "card", "external_id": "P-1"}
    answer = _post(api(Role.INTEGRATION), body).json()
    payment = Payment.objects.get(pk=answer["id"])
    assert (answer["amount"], answer["effective_on"], answer["currency"]) == ("10.50", "2026-06-29", "USD")
    assert answer["booked_at"] is not None
    assert (payment.recorded_by.username, payment.external_id) == ("integration", "P-1")


def test_same_key_twice_enters_one_payment(api: Api, loan: Loan) -> None:
    client, body = api(Role.INTEGRATION), {"loan": loan.pk, "amount": "10.00"}
    first, second = (_post(client, body, key="one") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert loan.payments.count() == 2


def test_same_key_with_another_body_is_refused(api: Api, loan: Loan) -> None:
    client = api(Role.INTEGRATION)
    _post(client, {"loan": loan.pk, "amount": "10.00"}, key="one")
    answer = _post(client, {"loan": loan.pk, "amount": "11.00"}, key="one")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert loan.payments.count() == 2


def test_refused_payment_leaves_its_key_free(api: Api, loan: Loan) -> None:
    client = api(Role.INTEGRATION)
    assert _post(client, {"loan": loan.pk, "amount": "-1"}, key="one").status_code == 400
    assert _post(client, {"loan": loan.pk, "amount": "1"}, key="one").status_code == 201


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0"),
        ("amount", "-5.00"),
        ("amount", "NaN"),
        ("amount", "Infinity"),
        ("amount", "1e400"),
        ("amount", "0.001"),
        ("amount", "1000000000000"),
        ("amount", "9" * 4000),
        ("amount", None),
        ("amount", [1]),
        ("loan", 10**30),
        ("loan", -1),
        ("loan", "x"),
        ("loan", {}),
        ("effective_on", "2026-07-01"),
        ("effective_on", "2020-01-01"),
        ("effective_on", "2026-02-30"),
        ("channel", "pigeon"),
        ("external_id", "with\x00nul"),
        ("external_id", "x" * 81),
        ("balance", "0.00"),
        ("recorded_by", 1),
        ("booked_at", "2020-01-01T00:00:00Z"),
    ],
)
def test_payment_that_cannot_be_is_refused_by_field(api: Api, loan: Loan, field: str, value: Any) -> None:
    answer = _post(api(Role.INTEGRATION), {"loan": loan.pk, "amount": "10.00"} | {field: value})
    assert answer.status_code == 400, answer.content
    assert field in answer.json()["fields"]
    assert loan.payments.count() == 1


@pytest.mark.parametrize("body", ["", "null", "[]", "{", '{"amount": NaN}', "[" * 100_000, '"x"', '{"loan": 1e999}'])
def test_body_that_is_no_payment_is_refused(api: Api, loan: Loan, body: str) -> None:
    answer = api(Role.INTEGRATION).post("/api/v1/payments/", body, content_type="application/json")
    assert answer.status_code == 400, answer.content
    assert set(answer.json()) == {"code", "detail", "fields"}


def test_reference_is_taken_once(api: Api, loan: Loan) -> None:
    client, body = api(Role.INTEGRATION), {"loan": loan.pk, "amount": "10.00", "external_id": "P-1"}
    _post(client, body)
    answer = _post(client, body)
    assert answer.status_code in {400, 409}
    assert answer.json()["code"] == "reference_taken"
    assert loan.payments.count() == 2


def test_reversal_is_a_new_entry_and_is_made_once(api: Api, loan: Loan) -> None:
    client, payment = api(Role.MANAGER), loan.payments.get()
    address = f"/api/v1/payments/{payment.pk}/reverse/"
    answer = _post(client, {}, address=address)
    assert answer.status_code == 201
    assert (answer.json()["amount"], answer.json()["reverses"]) == ("-100.00", payment.pk)
    again = _post(client, {}, address=address)
    assert (again.status_code, again.json()["code"]) == (409, "reversal_refused")
    assert client.get(f"/api/v1/payments/{payment.pk}/").json()["reversed_by"] == answer.json()["id"]


def test_payment_moves_the_days_past_due_and_the_score_of_its_loan(
    api: Api, loan: Loan, django_capture_on_commit_callbacks: Any
) -> None:
    promote_logistic()
    assert loan.delinquency.days_past_due == 29
    with django_capture_on_commit_callbacks(execute=True):
        _post(api(Role.INTEGRATION), {"loan": loan.pk, "amount": "100.00"})
    loan.delinquency.refresh_from_db()
    assert loan.delinquency.days_past_due == 0
    assert loan.scores.published().count() == 1
