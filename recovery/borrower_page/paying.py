"""Payments that borrowers begin on their page: what was meant, and what the provider tells of it."""

import secrets
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from borrowers.models import Borrower, Loan, Payment
from borrowers.querysets import SETTLED_BUCKETS
from borrowers.services import get_business_date, record_payment, reverse_payment
from recovery.errors import PageRefused
from recovery.models import PaymentIntent, PaymentIntentEvent
from recovery.outreach.call_events import take_once

Status = PaymentIntentEvent.Status
CENT = Decimal("0.01")
SENT_TWICE = timedelta(minutes=5)  # the same amount again, by a second press


def read_amount(text: str) -> Decimal | None:
    """Return an amount as it was typed, in whole cents; None for what is none."""
    try:
        amount = Decimal(text.strip()) if len(text) < 20 else None
    except InvalidOperation:
        return None
    return amount if amount is not None and amount.is_finite() and amount == amount.quantize(CENT) else None


def payable_loans(borrower: Borrower) -> list[Loan]:
    """Return the loans on which something is owed, the one longest overdue first."""
    loans = Loan.objects.filter(borrower=borrower, delinquency__outstanding_amount__gt=0)
    return list(
        loans.exclude(delinquency__bucket__in=SETTLED_BUCKETS)
        .select_related("delinquency")
        .order_by("-delinquency__days_past_due", "id")
    )


def begin_payment(*, borrower: Borrower, loan_id: int, amount: Decimal | None) -> PaymentIntent:
    """Write down that a borrower is about to pay, once for a second press. Raises PageRefused."""
    with transaction.atomic():
        Borrower.objects.select_for_update().get(pk=borrower.pk)
        loan = next((one for one in payable_loans(borrower) if one.pk == loan_id), None)
        if loan is None:
            raise PageRefused("Nothing is owed here.")
        owed = loan.delinquency.outstanding_amount
        if amount is None or owed is None or not 0 < amount <= owed:
            raise PageRefused(f"Enter an amount up to {loan.currency} {owed:,}.")
        again = PaymentIntent.objects.filter(
            loan=loan, amount=amount, made_at__gt=timezone.now() - SENT_TWICE, events__isnull=True
        ).first()
        return again or PaymentIntent.objects.create(
            loan=loan, amount=amount, currency=loan.currency, reference=f"CPI-{secrets.token_hex(8)}"
        )


def payment_address(intent: PaymentIntent) -> str:
    """Return where the provider takes the payment, "" where none is set."""
    if not settings.PAYMENT_URL:
        return ""
    asked = {"reference": intent.reference, "amount": intent.amount, "currency": intent.currency}
    return f"{settings.PAYMENT_URL}?{urlencode(asked)}"


def take_payment_event(
    *, event_id: str, intent: PaymentIntent, status: str, body: dict[str, Any]
) -> tuple[PaymentIntentEvent, bool]:
    """Keep what the provider told and enter in the books what is new of it; say whether the event was new.

    The intent is locked, so that events at once come one after the other. Nothing is booked twice, under however many events: a
    step that the books know makes no entry. What was returned after it cleared is reversed, also where that was told first.
    Raises EventKnownOtherwise, and what the ledger refuses: then nothing is kept, and it may be sent again.
    """

    def take(digest: str) -> PaymentIntentEvent:
        held = PaymentIntent.objects.select_for_update().select_related("loan").get(pk=intent.pk)
        told = list(PaymentIntentEvent.objects.filter(intent=held).select_related("payment").order_by("id"))
        entry = _enter(held, status, told)
        return PaymentIntentEvent.objects.create(
            event_id=event_id, intent=held, status=status, body=body, body_sha256=digest, payment=entry
        )

    return take_once(PaymentIntentEvent.objects.filter(event_id=event_id), body, take)


def _enter(intent: PaymentIntent, status: str, told: list[PaymentIntentEvent]) -> Payment | None:
    entries = {event.status: event.payment for event in told if event.payment is not None}
    pending, cleared = entries.get(Status.PENDING), entries.get(Status.CLEARED)
    if status in {event.status for event in told}:
        return None
    if status == Status.PENDING:
        return None if told else _book(intent, status)
    if status == Status.CLEARED:
        was_returned = any(event.status == Status.RETURNED for event in told)
        if was_returned and pending is not None:  # it came back while it was pending: it never cleared
            return None
        made = _book(intent, status, follows=pending)
        if was_returned:
            reverse_payment(payment=made)
        return made
    if cleared is not None:
        return reverse_payment(payment=cleared)
    return _book(intent, status, follows=pending) if pending is not None else None


def _book(intent: PaymentIntent, status: str, *, follows: Payment | None = None) -> Payment:
    return record_payment(
        loan=intent.loan, amount=intent.amount, effective_on=get_business_date(), channel=Payment.Channel.CARD,
        external_id=f"{intent.reference}:{status}", status=status, follows=follows,
    )  # fmt: skip
