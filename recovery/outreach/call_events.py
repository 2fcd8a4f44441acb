"""What telephone systems and SMS providers tell by themselves, signed; each event is taken once."""

import hashlib
import json
from typing import Any

from django.db import IntegrityError, transaction

from borrowers.models import ContactPoint
from recovery.errors import EventKnownOtherwise
from recovery.models import CallEvent, InboundMessage
from recovery.outreach.dialler_results import find_entry, record_result
from recovery.outreach.numbers import points_of_number
from recovery.outreach.opting_out import is_stop, opt_out

ENDED = "ended"


def take_call_event(
    *, event_id: str, kind: str, body: dict[str, Any], result: dict[str, Any]
) -> tuple[CallEvent, bool]:
    """Keep an event of a call and, where it tells how the call ended, record that; say whether it was new.

    The same event again changes nothing and gets the first answer. Raises EventKnownOtherwise for the same id with another
    body, and what recording raises: then nothing is kept, and it may be sent again.
    """
    digest = _digest(body)
    if (known := _find_known(CallEvent, "event_id", event_id, digest)) is not None:
        return known, False
    try:
        with transaction.atomic():
            entry = find_entry(str(body.get("reference") or ""))
            contact = None
            if entry is not None and kind == ENDED and result.get("outcome"):
                record_result(entry=entry, agent=entry.file.created_by, **result)
                entry.reservation.refresh_from_db()
                contact = entry.reservation.contact_event
            row = CallEvent.objects.create(
                event_id=event_id, kind=kind, entry=entry, happened_at=result["happened_at"], body=body, body_sha256=digest,
                contact_event=contact,
            )  # fmt: skip
    except IntegrityError:  # the same one at the same moment
        if (known := _find_known(CallEvent, "event_id", event_id, digest)) is None:
            raise
        return known, False
    return row, True


def take_inbound_message(
    *, message_id: str, sender: str, text: str, body: dict[str, Any]
) -> tuple[InboundMessage, bool]:
    """Keep a message that came in; STOP and its like withdraw consent to text messages for every contact point with that number.

    Says whether it was new. Raises EventKnownOtherwise.
    """
    digest = _digest(body)
    if (known := _find_known(InboundMessage, "message_id", message_id, digest)) is not None:
        return known, False
    points = list(ContactPoint.objects.filter(pk__in=points_of_number(sender)))
    people = {point.borrower_id for point in points}
    try:
        with transaction.atomic():
            n_opted_out = (
                opt_out(contact_points=points, channel="sms", source="reply to a text message", wording=text)
                if is_stop(text)
                else 0
            )
            row = InboundMessage.objects.create(
                message_id=message_id, sender=sender, text=text, n_opted_out=n_opted_out, body_sha256=digest,
                borrower_id=people.pop() if len(people) == 1 else None,
            )  # fmt: skip
    except IntegrityError:
        if (known := _find_known(InboundMessage, "message_id", message_id, digest)) is None:
            raise
        return known, False
    return row, True


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode("utf-8", "replace")).hexdigest()


def _find_known(model: Any, name: str, value: str, digest: str) -> Any:
    known = model.objects.filter(**{name: value}).first()
    if known is not None and known.body_sha256 != digest:
        raise EventKnownOtherwise()
    return known
