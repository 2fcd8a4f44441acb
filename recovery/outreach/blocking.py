"""What stands in the way of a message beside the gate; asked when it is queued, and again before it is sent."""

from dataclasses import dataclass

from django.db.models import Max, Q, QuerySet

from borrowers.models import Borrower, Loan, Payment
from recovery.models import OutgoingMessage
from recovery.models.reservations import Purpose


@dataclass(frozen=True)
class Block:
    """Why a message is not sent."""

    code: str
    text: str


def last_payment_of(borrower: Borrower, loan: Loan | None) -> int | None:
    """Return the latest entry of money that is known: a later one stops what is queued now."""
    last: int | None = _payments(borrower, loan).aggregate(last=Max("id"))["last"]
    return last


def find_block(message: OutgoingMessage) -> Block | None:
    """Return what came up since a message was queued, None where nothing did; at most three queries."""
    if not message.queued_by.is_active:
        return Block("sender_left", "Who queued it does not work here any more.")
    if message.template.retired_at is not None:
        return Block("template_retired", "Its template was retired.")
    if OutgoingMessage.objects.filter(
        borrower=message.borrower_id, channel=message.channel, state=OutgoingMessage.State.UNKNOWN
    ).exists():
        return Block("earlier_is_unknown", "An earlier message may have gone out or not: find out first.")
    if message.purpose == Purpose.COLLECTION and _has_paid_since(message):
        return Block("paid_since", "A payment came in after it was queued.")
    return None


def _has_paid_since(message: OutgoingMessage) -> bool:
    """Say whether money came in, be it still in clearing, that was not taken back; the clocks of entries play no part."""
    return (
        _payments(message.borrower, message.loan)
        .filter(id__gt=message.after_payment or 0, reverses__isnull=True, reversed_by__isnull=True)
        .exclude(status=Payment.Status.RETURNED)
        .exclude(Q(followed_by__status=Payment.Status.RETURNED) | Q(followed_by__reversed_by__isnull=False))
        .exists()
    )


def _payments(borrower: Borrower, loan: Loan | None) -> QuerySet:
    return Payment.objects.filter(loan=loan) if loan is not None else Payment.objects.filter(loan__borrower=borrower)
