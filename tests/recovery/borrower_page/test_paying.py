"""A payment that a borrower begins on their page is booked once, whatever the provider tells how often."""

import json
import threading
import time
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client, override_settings

from borrowers.models import Borrower, ContactPoint, Loan, Payment
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.signatures import sign
from recovery.borrower_page.links import Visitor, make_token
from recovery.borrower_page.paying import take_payment_event
from recovery.models import PaymentIntent, PaymentIntentEvent
from tests.factories import make_borrower, make_loan

DAY = date(2026, 6, 30)
SECRET = "a secret"
EVENTS = "/api/v1/payment-events/"


def make_intent(amount: int = 100) -> PaymentIntent:
    loan = make_loan(instalments=[(date(2026, 5, 1), 300)])
    refresh_delinquency(as_of=DAY)
    return PaymentIntent.objects.create(loan=loan, amount=amount, currency="USD", reference=f"CPI-{loan.pk}")


@pytest.fixture
def intent(frozen_day: date) -> PaymentIntent:
    return make_intent()


def tell(intent: PaymentIntent, status: str, *, event: str | None = None, **said: Any) -> Any:
    body = {
        "id": event or f"e-{status}", "reference": intent.reference, "status": status, "amount": "100.00", "currency": "USD",
    } | said  # fmt: skip
    raw = json.dumps(body).encode()
    now = int(time.time())
    headers = {"X-Event-Timestamp": str(now), "X-Event-Signature": sign(raw, timestamp=now, secret=SECRET)}
    with override_settings(EVENT_SECRETS=[SECRET]):
        return Client().post(EVENTS, raw, content_type="application/json", headers=headers)


def booked(intent: PaymentIntent) -> list[tuple[str, int]]:
    return [(entry.status, int(entry.amount)) for entry in Payment.objects.filter(loan=intent.loan).order_by("id")]


def test_a_payment_goes_from_pending_to_cleared_to_returned_and_each_step_counts_once(intent: PaymentIntent) -> None:
    for status in ("pending", "cleared", "returned"):
        assert tell(intent, status).status_code == 201
        assert tell(intent, status).json()["is_repeat"]
        assert tell(intent, status, event=f"again-{status}").json()["payment"] is None
    assert booked(intent) == [("pending", 100), ("cleared", 100), ("cleared", -100)]


@pytest.mark.parametrize(
    ("told", "entries"),
    [
        (["cleared", "pending"], [("cleared", 100)]),
        (["pending", "returned", "cleared"], [("pending", 100), ("returned", 100)]),
        (["returned", "cleared"], [("cleared", 100), ("cleared", -100)]),
    ],
)
def test_steps_that_come_in_another_order_end_the_same(
    intent: PaymentIntent, told: list[str], entries: list[tuple[str, int]]
) -> None:
    assert [tell(intent, status).status_code for status in told] == [201] * len(told)
    assert booked(intent) == entries


def test_what_does_not_fit_is_refused_and_books_nothing(intent: PaymentIntent) -> None:
    assert Client().post(EVENTS, "{}", content_type="application/json").status_code == 400
    assert tell(intent, "cleared", amount="999.00").status_code == 400
    assert tell(intent, "cleared", reference="CPI-none").status_code == 400
    assert tell(intent, "cleared").status_code == 201
    assert tell(intent, "cleared", currency="EUR").status_code == 400
    assert tell(intent, "returned", event="e-cleared").status_code == 409
    assert booked(intent) == [("cleared", 100)]


@pytest.mark.parametrize("table", ["paymentintent", "paymentintentevent"])
def test_what_was_begun_and_told_is_never_changed(db: None, table: str) -> None:
    for verb in ("UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(verb.format(f"recovery_{table}"))


def test_a_borrower_who_proved_it_begins_a_payment_once(frozen_day: date) -> None:
    borrower = make_borrower(birth_date=date(1980, 2, 3))
    loan = make_loan(borrower=borrower, instalments=[(date(2026, 5, 1), 300)], external_id="LOAN-4711")
    other = make_loan(instalments=[(date(2026, 5, 1), 300)])
    refresh_delinquency(as_of=frozen_day)
    point = ContactPoint.objects.create(borrower=borrower, kind="email", value="ada@example.com")
    page = f"/your/{make_token(visitor=Visitor(borrower.pk, point.pk, 'email'))}/"
    client = Client()
    client.post(page, {"do": "pay", "loan": loan.pk, "amount": "100"})
    assert not PaymentIntent.objects.exists()
    client.post(page, {"do": "prove", "birth_date": "1980-02-03", "loan_last_4": "4711"})
    for wrong in (
        {"loan": other.pk, "amount": "100"},
        {"loan": loan.pk, "amount": "300.01"},
        {"loan": loan.pk, "amount": "NaN"},
    ):
        client.post(page, {"do": "pay"} | wrong)
    assert not PaymentIntent.objects.exists()
    with override_settings(PAYMENT_URL="https://pay.example.com/"):
        for _ in range(2):
            html = client.post(page, {"do": "pay", "loan": loan.pk, "amount": "100"}).content.decode()
    made = PaymentIntent.objects.get()
    assert (made.amount, made.currency) == (Decimal(100), "USD")
    assert made.reference in html
    assert not Payment.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_events_of_one_step_at_once_book_it_once() -> None:
    set_business_date(day=DAY)
    intent = make_intent()
    together, answers = threading.Barrier(4), []

    def take(number: int) -> None:
        together.wait()
        try:
            body = {"id": f"e-{number % 2}"}
            event, _ = take_payment_event(event_id=body["id"], intent=intent, status="cleared", body=body)
            answers.append(event.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=take, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert PaymentIntentEvent.objects.count() == 2
    assert booked(intent) == [("cleared", 100)]
    assert Borrower.objects.count() == Loan.objects.count() == 1
