"""What telephone systems and SMS providers tell by themselves, signed; each event is taken once."""

import hashlib
import json
from collections.abc import Callable
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from borrowers.models import ContactPoint
from recovery.errors import EventKnownOtherwise
from recovery.models import CallEvent, InboundMessage, PaymentIntentEvent
from recovery.outreach.dialler_results import find_entry, record_result
from recovery.outreach.numbers import points_of_number
from recovery.outreach.opting_out import is_stop, opt_out

ENDED = "ended"
T = TypeVar("T", CallEvent, InboundMessage, PaymentIntentEvent)


def take_call_event(
    *, event_id: str, kind: str, body: dict[str, Any], result: dict[str, Any]
) -> tuple[CallEvent, bool]:
    """Keep an event of a call and, where it tells how the call ended, record that; say whether it was new.

    The same event again changes nothing and gets the first answer. Raises EventKnownOtherwise for the same id with another
    body, and what recording raises: then nothing is kept, and it may be sent again.
    """

    def take(digest: str) -> CallEvent:
        entry = find_entry(str(body.get("reference") or ""))
        contact = None
        if entry is not None and kind == ENDED and result.get("outcome"):
            record_result(entry=entry, agent=entry.file.created_by, **result)
            entry.reservation.refresh_from_db()
            contact = entry.reservation.contact_event
        return CallEvent.objects.create(
            event_id=event_id, kind=kind, entry=entry, happened_at=result["happened_at"], body=body, body_sha256=digest,
            contact_event=contact,
        )  # fmt: skip

    return take_once(CallEvent.objects.filter(event_id=event_id), body, take)


def take_inbound_message(
    *, message_id: str, sender: str, text: str, body: dict[str, Any]
) -> tuple[InboundMessage, bool]:
    """Keep a message that came in; STOP and its like withdraw consent to text messages for every contact point with that number.

    Says whether it was new. Raises EventKnownOtherwise.
    """

    def take(digest: str) -> InboundMessage:
        points = list(ContactPoint.objects.filter(pk__in=points_of_number(sender)))
        people = {point.borrower_id for point in points}
        n_opted_out = 0
        if is_stop(text):
            n_opted_out = opt_out(contact_points=points, channel="sms", source="reply to a text message", wording=text)
        return InboundMessage.objects.create(
            message_id=message_id, sender=sender, text=text, n_opted_out=n_opted_out, body_sha256=digest,
            borrower_id=next(iter(people)) if len(people) == 1 else None,
        )  # fmt: skip

    return take_once(InboundMessage.objects.filter(message_id=message_id), body, take)


def take_once(same: QuerySet[T], body: dict[str, Any], take: Callable[[str], T]) -> tuple[T, bool]:
    """Return what is known under the same name, or what `take` makes of the body, in one transaction; say whether it is new."""
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8", "replace")).hexdigest()
    if (known := _find_known(same, digest)) is not None:
        return known, False
    try:
        with transaction.atomic():
            return take(digest), True
    except IntegrityError:  # the same one at the same moment
        if (known := _find_known(same, digest)) is None:
            raise
        return known, False


def _find_known(same: QuerySet[T], digest: str) -> T | None:
    known = same.all().first()
    if known is not None and known.body_sha256 != digest:
        raise EventKnownOtherwise()
    return known
