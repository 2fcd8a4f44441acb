"""Reserve an attempt before it is made, and say what became of it."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from borrowers.models import Borrower, ContactPoint, Loan
from borrowers.services import current_instant
from creditpath.accounts.models import User
from recovery.contacts.permission import Answer, contact_permission, read_answer
from recovery.errors import AttemptIsOver, ContactNotPermitted
from recovery.models import ContactBlock, ContactReservation
from recovery.models.reservations import Purpose
from recovery.reach import check_reach

LEASE = timedelta(minutes=30)
State = ContactReservation.State


@dataclass(frozen=True, kw_only=True)
class ReservationReport:
    """What was reserved, or was already."""

    reservation: ContactReservation
    answer: Answer
    is_repeat: bool


def reserve_contact(
    *,
    borrower: Borrower,
    agent: User,
    channel: str,
    loan: Loan | None = None,
    contact_point: ContactPoint | None = None,
    purpose: str = Purpose.COLLECTION,
    lease: timedelta = LEASE,
) -> ReservationReport:
    """Reserve an attempt, or raise ContactNotPermitted with the answer; the refusal is logged as a ContactBlock.

    Of any number who ask at once for the last attempt one gets it: the person's row is locked until the transaction ends. Who has
    one open for the same gets it again. What is not performed within the lease expires; if it was made it counts. A log
    entry is lost if the caller rolls back around the error. Raises also BorrowerOutOfReach.
    """
    check_reach(borrower.pk, agent)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT reservation_id, block_id, is_repeat, answer FROM reserve_contact(%s, %s, %s, %s, %s, %s, %s, %s)",
            [
                borrower.pk,
                loan.pk if loan else None,
                channel,
                contact_point.pk if contact_point else None,
                agent.pk,
                current_instant(),
                purpose,
                str(lease),
            ],
        )
        reservation_id, block_id, is_repeat, given = cursor.fetchone()
    answer = read_answer(json.loads(given) if isinstance(given, str) else given)
    if reservation_id is None:
        raise ContactNotPermitted(answer=answer, block=ContactBlock.objects.get(pk=block_id))
    return ReservationReport(
        reservation=ContactReservation.objects.get(pk=reservation_id), answer=answer, is_repeat=is_repeat
    )


@transaction.atomic
def release_contact(*, reservation: ContactReservation) -> ContactReservation:
    """Give back an attempt that was not made; raises AttemptIsOver if it was, or if its lease has ended."""
    held = ContactReservation.objects.select_for_update().get(pk=reservation.pk)
    if held.state != State.RESERVED:
        raise AttemptIsOver(f"This attempt is {held.get_state_display()}: it cannot be released.")
    return _move(held, State.RELEASED)


def ask_again(*, reservation: ContactReservation) -> Answer:
    """Ask the gate at dispatch whether a reserved attempt may still be made; if not it is blocked, logged and the answer raised.

    For what is sent later than it was reserved: an opt-out, a hold or the hour may have come between. Raises
    ContactNotPermitted, AttemptIsOver. The log entry is lost if the caller rolls back around the error.
    """
    with transaction.atomic():
        Borrower.objects.select_for_update(no_key=True).get(pk=reservation.borrower_id)
        held = ContactReservation.objects.select_for_update().get(pk=reservation.pk)
        if held.state != State.RESERVED:
            raise AttemptIsOver(f"This attempt is {held.get_state_display()}.")
        answer = contact_permission(
            borrower=held.borrower, loan=held.loan, channel=held.channel, contact_point=held.contact_point,
            purpose=held.purpose, instant=current_instant(), reservation=held,
        )  # fmt: skip
        if answer.is_allowed:
            return answer
        _move(held, State.BLOCKED)
        block = record_block(
            ContactBlock(
                borrower_id=held.borrower_id, loan_id=held.loan_id, channel=held.channel, purpose=held.purpose,
                contact_point_id=held.contact_point_id, agent_id=held.agent_id, reservation=held, rule_id=held.rule_id,
                asked_at=answer.instant, answer=_as_json(answer),
            )
        )  # fmt: skip
    raise ContactNotPermitted(answer=answer, block=block)


def log_refusal(
    *, answer: Answer, borrower: Borrower, loan: Loan | None, contact_point: ContactPoint | None, agent: User
) -> ContactBlock:
    """Log that a contact was asked for and refused before an attempt was to be reserved."""
    return record_block(
        ContactBlock(
            borrower=borrower, loan=loan, channel=answer.channel, purpose=answer.purpose, contact_point=contact_point,
            agent=agent, rule_id=answer.rule["id"] if answer.rule else None, asked_at=answer.instant, answer=_as_json(answer),
        )
    )  # fmt: skip


def record_block(block: ContactBlock) -> ContactBlock:
    """Write a refusal to the log; writing one that a rollback took away again is safe."""
    if block.pk is None or not ContactBlock.objects.filter(pk=block.pk).exists():
        block.save(force_insert=True)
    return block


def expire_reservations(*, now: datetime | None = None) -> int:
    """Let attempts whose lease has ended expire and return how many; one statement."""
    return ContactReservation.objects.filter(state=State.RESERVED, lease_until__lte=now or current_instant()).update(
        state=State.EXPIRED, ended_at=timezone.now()
    )


def _move(held: ContactReservation, state: str) -> ContactReservation:
    held.state, held.ended_at = state, current_instant()
    held.save(update_fields=["state", "ended_at"])
    return held


def _as_json(answer: Answer) -> dict[str, object]:
    """Return an answer in the shape in which the database gives and keeps it."""
    shown = {name: getattr(answer, name) for name in Answer.__dataclass_fields__}
    for name in ("reasons", "warnings", "legal_reasons"):
        shown[name] = [{"code": line.code, "text": line.text} for line in shown[name]]
    for name in ("instant", "next_allowed_at"):
        shown[name] = shown[name].isoformat() if shown[name] else None
    return {name: value for name, value in shown.items() if value is not None}
