"""Send what is in the outbox, each message at most once.

The intention to send is committed before anything is sent. Whoever dispatches holds a lock of its session; what is still "being
sent" under a lock that nobody holds was in the hands of a process that died. It becomes unknown, and a person finds out.
"""

import logging
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from borrowers.services import current_instant
from recovery.contacts.services import ask_again, reserve_contact
from recovery.errors import BorrowerOutOfReach, ContactNotPermitted
from recovery.models import OutgoingMessage
from recovery.outreach.blocking import Block, find_block
from recovery.outreach.carriers import Carrier, NotSent, open_carriers
from recovery.outreach.queueing import mark_failed, mark_sent

logger = logging.getLogger(__name__)

LOCKS = 7_304  # the first key of the advisory locks; the second is the dispatcher's number
AT_ONCE = timedelta(minutes=2)  # what was permitted longer ago, in a process that was stopped, is not sent any more
LEASE = timedelta(days=1)  # of the attempt: long enough for a person to find out about an unknown message
State = OutgoingMessage.State


@dataclass
class DispatchReport:
    """What one run did with the outbox."""

    counts: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    n_left_unknown: int = 0
    away: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0

    def summary(self) -> str:
        said = ", ".join(f"{n:,} {State(state).label}" for state, n in sorted(self.counts.items())) or "nothing to send"
        lines = [f"Outbox: {said}."]
        lines += [f"  {n:,} refused: {code.replace('_', ' ')}" for code, n in self.reasons.most_common()]
        if self.n_left_unknown:
            lines.append(
                f"{self.n_left_unknown:,} were being sent when a dispatcher ended: find out what became of them."
            )
        lines += [f"No {channel} was sent: {why}." for channel, why in self.away.items()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "counts": dict(self.counts), "refused": dict(self.reasons), "left_unknown": self.n_left_unknown,
            "away": self.away, "seconds": round(self.seconds, 3),
        }  # fmt: skip


def dispatch_messages(*, limit: int = 1_000) -> DispatchReport:
    """Send what is due in the outbox, oldest first; any number of dispatchers may run.

    Each row is taken with SKIP LOCKED, asked about again (opt-outs, holds, hours and caps by reserving the attempt, payments
    since it was queued), noted as being sent and committed; only then it is sent. What stands in the way refuses it for
    good, with the reason. Never sent twice, whatever is killed when: what cannot be told becomes unknown. Some 30 statements a
    message, beside what the carrier takes: benchmarks/dispatch_messages.py.
    """
    started = time.perf_counter()
    report = DispatchReport()
    if not OutgoingMessage.objects.filter(state__in=(State.QUEUED, State.SENDING)).exists():
        return report
    with _dispatcher() as me:
        report.n_left_unknown = _find_left(me)
        if not _due().exists():
            return report  # and no mail server is bothered
        carriers, report.away = open_carriers()
        passed: list[int] = []
        try:
            for _ in range(limit):
                row = _take(me, tuple(carriers), passed, report)
                if row is None:
                    break
                if row.state == State.SENDING:
                    _send(row, carriers[row.channel], report)
        finally:
            for carrier in carriers.values():
                carrier.close()
    report.seconds = time.perf_counter() - started
    return report


@contextmanager
def _dispatcher() -> Iterator[int]:
    """Hold the lock of a new dispatcher; the session's end gives it up, whatever ends it."""
    me = secrets.randbelow(2**31)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s, %s)", [LOCKS, me])
        try:
            yield me
        finally:
            if connection.is_usable():
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCKS, me])


def _find_left(me: int) -> int:
    """Turn what dead dispatchers were sending into unknown, and return how many."""
    n = 0
    for other in OutgoingMessage.objects.filter(state=State.SENDING).values_list("dispatcher", flat=True).distinct():
        if other == me:
            continue
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCKS, other])
            if cursor.fetchone()[0]:
                n += OutgoingMessage.objects.filter(state=State.SENDING, dispatcher=other).update(
                    state=State.UNKNOWN, reason_code="dispatcher_ended",
                    reason="The dispatcher ended while it was being sent: it may have gone out or not.",
                )  # fmt: skip
    return n


def _take(me: int, channels: tuple[str, ...], passed: list[int], report: DispatchReport) -> OutgoingMessage | None:
    """Take the next message, refused or noted as being sent and committed; None where nothing is due."""
    others = OutgoingMessage.objects.filter(
        borrower=OuterRef("borrower"), channel=OuterRef("channel"), state=State.SENDING
    )
    with transaction.atomic():
        row = (
            _due()
            .filter(~Exists(others), channel__in=channels)
            .exclude(pk__in=passed)
            .select_for_update(skip_locked=True, of=("self",))
            .select_related("borrower", "loan", "contact_point", "queued_by", "template")
            .order_by("id")
            .first()
        )
        if row is None:
            return None
        block = find_block(row)
        if block is None:
            try:
                reserved = reserve_contact(
                    borrower=row.borrower, agent=row.queued_by, channel=row.channel, loan=row.loan,
                    contact_point=row.contact_point, purpose=row.purpose, lease=LEASE,
                )  # fmt: skip
                if reserved.is_repeat:  # of somebody's who reserved it earlier: much may have come between
                    ask_again(reservation=reserved.reservation)
            except ContactNotPermitted as refusal:  # logged
                block = Block(refusal.answer.reasons[0].code, refusal.answer.sentence)
            except BorrowerOutOfReach:
                block = Block("out_of_reach", "Who queued it does not service this borrower any more.")
        if block is not None:
            row.state, row.reason_code, row.reason, row.ended_at = (
                State.REFUSED,
                block.code,
                block.text[:1000],
                timezone.now(),
            )
            row.save(update_fields=["state", "reason_code", "reason", "ended_at"])
            report.counts[State.REFUSED] += 1
            report.reasons[block.code] += 1
            return row
        if reserved.is_repeat and OutgoingMessage.objects.filter(reservation=reserved.reservation).exists():
            passed.append(row.pk)  # the attempt is another message's, which another dispatcher sends just now
            return row
        row.state, row.dispatcher, row.reservation, row.sending_at = (
            State.SENDING,
            me,
            reserved.reservation,
            timezone.now(),
        )
        row.save(update_fields=["state", "dispatcher", "reservation", "sending_at"])
        return row


def _due() -> QuerySet[OutgoingMessage]:
    """Return what is queued and held back no longer."""
    waits_no_more = Q(not_before__isnull=True) | Q(not_before__lte=current_instant())
    return OutgoingMessage.objects.filter(waits_no_more, state=State.QUEUED)


def _held(row: OutgoingMessage) -> OutgoingMessage:
    """Return a message as it is now, locked, with what recording it asks for; one query."""
    related = ("borrower", "loan", "contact_point", "queued_by", "reservation")
    return OutgoingMessage.objects.select_for_update(of=("self",)).select_related(*related).get(pk=row.pk)


def _send(row: OutgoingMessage, carrier: Carrier, report: DispatchReport) -> None:
    """Send a message whose intention is committed, and write down what became of it."""
    try:
        if row.sending_at is None or timezone.now() - row.sending_at > AT_ONCE:
            raise NotSent("the dispatcher was held up after the last check")
        reference = carrier.send(row)
    except NotSent as refusal:
        with transaction.atomic():
            mark_failed(OutgoingMessage.objects.select_for_update().get(pk=row.pk), str(refusal))
        report.counts[State.FAILED] += 1
    except Exception as error:  # whatever a carrier raises: it may have gone out before
        logger.exception("message %s: the carrier failed", row.pk)
        OutgoingMessage.objects.filter(pk=row.pk).update(
            state=State.UNKNOWN, reason_code="carrier_failed", reason=f"The carrier failed: {type(error).__name__}."
        )
        report.counts[State.UNKNOWN] += 1
    else:
        with transaction.atomic():
            mark_sent(_held(row), reference)
        report.counts[State.SENT] += 1
