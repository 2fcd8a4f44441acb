"""The verbs of the ledger. Entries are never changed: a mistake is answered by a new entry."""

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils import timezone

from borrowers.clock import get_business_date
from borrowers.errors import PaymentRefused, ReferenceTaken, ReversalRefused
from borrowers.models import Loan, Payment
from borrowers.models.fields import MONEY_LIMIT
from creditpath.accounts.models import User

CENT = Decimal("0.01")


def record_payment(
    *,
    loan: Loan,
    amount: Decimal,
    effective_on: date | None = None,
    channel: str = Payment.Channel.UNKNOWN,
    recorded_by: User | None = None,
    external_id: str | None = None,
    booked_at: datetime | None = None,
    status: str = Payment.Status.CLEARED,
    follows: Payment | None = None,
) -> Payment:
    """Enter money that came in; it counts from effective_on (the business date) and is known from booked_at (now).

    Money that is pending settles nothing yet; where it moves on, the new entry `follows` the earlier one.

    One insert; everything that depends on the loan hears of it through `books_changed`. Two entries of one external_id at once:
    one wins. Raises PaymentRefused for an amount or a day that cannot be, ReferenceTaken for a reference entered before.
    """
    business_date = get_business_date()
    effective_on = effective_on or business_date
    if not (amount.is_finite() and 0 < amount < MONEY_LIMIT and amount == amount.quantize(CENT)):
        raise PaymentRefused(
            f"A payment of {amount} cannot be entered: it must be above zero, in whole cents.",
            fields={"amount": "must be above zero, in whole cents"},
        )
    _check_day(effective_on, business_date=business_date, error=PaymentRefused)
    if effective_on < loan.approved_on:
        raise PaymentRefused(
            f"Loan {loan} was approved on {loan.approved_on}: a payment cannot count from {effective_on}.",
            fields={"effective_on": f"must not be before {loan.approved_on}"},
        )
    payment = Payment(
        loan=loan,
        amount=amount,
        effective_on=effective_on,
        channel=channel,
        recorded_by=recorded_by,
        external_id=external_id or None,
        booked_at=booked_at or timezone.now(),
        status=status,
        follows=follows,
    )
    try:
        with transaction.atomic():
            payment.save(force_insert=True)
    except IntegrityError as error:
        if external_id and Payment.objects.filter(external_id=external_id).exists():
            raise ReferenceTaken(
                f"Another payment has the reference {external_id} already.", fields={"external_id": "is taken"}
            ) from error
        raise
    return payment


def reverse_payment(*, payment: Payment, effective_on: date | None = None, recorded_by: User | None = None) -> Payment:
    """Take a payment back with a new entry of the negated amount, which counts from effective_on (the business date).

    One insert. Two reversals at once: one wins. Raises ReversalRefused where the payment is a reversal itself, is reversed
    already, or would be reversed before it was made.
    """
    business_date = get_business_date()
    effective_on = effective_on or business_date
    if payment.reverses_id:
        raise ReversalRefused("This entry is a reversal itself: enter the payment anew instead.")
    _check_day(effective_on, business_date=business_date, error=ReversalRefused)
    if effective_on < payment.effective_on:
        raise ReversalRefused(
            f"The payment counts from {payment.effective_on}: it cannot be reversed on {effective_on}.",
            fields={"effective_on": f"must not be before {payment.effective_on}"},
        )
    reversal = Payment(
        loan_id=payment.loan_id,
        reverses=payment,
        amount=-payment.amount,
        effective_on=effective_on,
        channel=payment.channel,
        recorded_by=recorded_by,
        booked_at=max(timezone.now(), payment.booked_at),
    )
    try:
        with transaction.atomic():
            reversal.save(force_insert=True)
    except IntegrityError as error:
        if Payment.objects.filter(reverses=payment).exists():
            raise ReversalRefused("This payment is reversed already.") from error
        raise
    return reversal


def _check_day(effective_on: date, *, business_date: date, error: type[PaymentRefused] | type[ReversalRefused]) -> None:
    if effective_on > business_date:
        raise error(
            f"{effective_on} lies after the business date {business_date}.",
            fields={"effective_on": f"must not be after {business_date}"},
        )
