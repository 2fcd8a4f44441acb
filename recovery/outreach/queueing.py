"""Put a message into the outbox, take it out again, say what became of one that is unknown."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from borrowers.models import Borrower, ContactPoint, Loan
from borrowers.services import current_instant, get_business_date
from creditpath.accounts.models import User
from creditpath.jobs import nudge
from recovery.contacts.services import Answer, contact_permission, log_refusal, record_action, release_contact
from recovery.errors import (
    AttemptIsOver,
    ContactNotPermitted,
    MessageIsOver,
    MessageRefused,
)
from recovery.models import MessageTemplate, OutgoingMessage, Recommendation
from recovery.once import find_made, key_of
from recovery.outreach.blocking import last_payment_of
from recovery.outreach.rendering import Rendered, render
from recovery.outreach.values import choose_loan, values_for
from recovery.reach import check_reach

State = OutgoingMessage.State
KIND_OF = {"sms": ContactPoint.Kind.PHONE, "email": ContactPoint.Kind.EMAIL}
# What time alone will take away: such a message waits until then.
ONLY_THE_HOUR = frozenset({"outside_hours", "inconvenient_time"})


@dataclass(frozen=True)
class Draft:
    """A message before it is queued: what would be sent, to whom, and what the gate says about it now."""

    template: MessageTemplate
    contact_point: ContactPoint | None
    loan: Loan | None
    recommendation: Recommendation | None
    rendered: Rendered
    answer: Answer

    @property
    def waits_until(self) -> datetime | None:
        """Return when it may be sent, where nothing but the hour stands in the way."""
        codes = {reason.code for reason in self.answer.reasons}
        return self.answer.next_allowed_at if codes and codes <= ONLY_THE_HOUR else None


def draft_message(
    *,
    borrower: Borrower,
    template: MessageTemplate,
    sender: User,
    loan: Loan | None = None,
    contact_point: ContactPoint | None = None,
) -> Draft:
    """Say what a message would be, without keeping anything; works for a template that is still a draft.

    Raises TemplateRefused where a field does not exist or is not known for this borrower.
    """
    recommendation = Recommendation.objects.filter(borrower=borrower, as_of=get_business_date()).first()
    loan = loan or (recommendation.loan if recommendation else None) or choose_loan(borrower)
    point = contact_point or _choose_point(borrower, template.channel)
    values = values_for(
        borrower=borrower, loan=loan, recommendation=recommendation, contact_point=point, channel=template.channel,
        sender=sender,
    )  # fmt: skip
    asked = "call" if template.channel == MessageTemplate.Channel.CALL else template.channel
    return Draft(
        template=template,
        contact_point=point,
        loan=loan,
        recommendation=recommendation,
        rendered=render(subject=template.subject, body=template.body, values=values),
        answer=contact_permission(
            borrower=borrower, channel=asked, loan=loan, contact_point=point, purpose=template.purpose,
            instant=current_instant(),
        ),
    )  # fmt: skip


def render_for(*, borrower: Borrower, template: MessageTemplate, sender: User) -> Rendered:
    """Return the text of a template for a borrower, without asking whether it may be sent."""
    loan = choose_loan(borrower)
    values = values_for(
        borrower=borrower, loan=loan, recommendation=None, contact_point=None, channel=template.channel, sender=sender
    )
    return render(subject=template.subject, body=template.body, values=values)


def queue_message(
    *,
    borrower: Borrower,
    template: MessageTemplate,
    queued_by: User,
    loan: Loan | None = None,
    contact_point: ContactPoint | None = None,
    not_before: datetime | None = None,
    form_key: str = "",
) -> OutgoingMessage:
    """Write a message from a live template into the outbox, its exact text with it.

    Nothing is reserved by queueing: the gate, opt-outs, holds and payments are asked again when it is sent. Outside the hours
    it waits for the next opening. `form_key` makes it safe to ask twice. Raises MessageRefused with a remedy for each field,
    ContactNotPermitted (logged) where more than the hour stands in the way, TemplateRefused, BorrowerOutOfReach, FormAlreadyUsed.
    """
    check_reach(borrower.pk, queued_by)
    reference = key_of(queued_by, form_key)
    if made := find_made(OutgoingMessage.objects, reference, borrower):
        return made
    if not template.is_live:
        raise MessageRefused(fields={"template": "This version is not live: choose another template."})
    if template.channel not in KIND_OF:
        raise MessageRefused(fields={"template": "Only text messages and e-mails are sent: this is read or printed."})
    if contact_point is not None and contact_point.borrower_id != borrower.pk:
        raise MessageRefused(
            fields={"contact_point": "This contact point is another borrower's: choose one of theirs."}
        )
    draft = draft_message(
        borrower=borrower, template=template, sender=queued_by, loan=loan, contact_point=contact_point
    )
    if draft.contact_point is None:
        kind = KIND_OF[template.channel].label
        raise MessageRefused(fields={"contact_point": f"No {kind} that they did not opt out of is known."})
    if not draft.answer.is_allowed and draft.waits_until is None:
        block = log_refusal(
            answer=draft.answer, borrower=borrower, loan=draft.loan, contact_point=draft.contact_point, agent=queued_by
        )
        raise ContactNotPermitted(answer=draft.answer, block=block)
    waits = [instant for instant in (not_before, draft.waits_until) if instant is not None]
    try:
        with transaction.atomic():
            nudge("dispatch messages")  # once this is committed
            return OutgoingMessage.objects.create(
                borrower=borrower, loan=draft.loan, contact_point=draft.contact_point, channel=template.channel,
                purpose=template.purpose, template=template, recommendation=draft.recommendation,
                to_address=_address(draft.contact_point, template.channel, borrower), subject=draft.rendered.subject,
                text=draft.rendered.text, after_payment=last_payment_of(borrower, draft.loan), queued_by=queued_by,
                not_before=max(waits, default=None), form_key=reference,
            )  # fmt: skip
    except IntegrityError:  # the same form, sent twice at the same moment
        if made := find_made(OutgoingMessage.objects, reference, borrower):
            return made
        raise


def _choose_point(borrower: Borrower, channel: str) -> ContactPoint | None:
    """Return the contact point for a channel: the preferred one that was not opted out of."""
    kind = KIND_OF.get(channel)
    if kind is None:
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM borrowers_contactpoint WHERE borrower_id = %s AND kind = %s AND NOT has_opted_out(id, %s, %s)"
            " ORDER BY is_preferred DESC, verified_on DESC NULLS LAST, id LIMIT 1",
            [borrower.pk, kind, channel, current_instant()],
        )
        row = cursor.fetchone()
    return ContactPoint.objects.get(pk=row[0]) if row else None


def _address(point: ContactPoint, channel: str, borrower: Borrower) -> str:
    """Return where the message goes; raises MessageRefused for what is no number or no address."""
    if channel == "email":
        try:
            validate_email(point.value)
        except ValidationError:
            raise MessageRefused(fields={"contact_point": f"{point.value} is no e-mail address: correct it."}) from None
        return point.value
    with connection.cursor() as cursor:
        cursor.execute("SELECT e164(%s, %s)", [point.value, borrower.jurisdiction])
        (number,) = cursor.fetchone()
    if number is None:
        raise MessageRefused(
            fields={"contact_point": f"{point.value} is no whole number: write it with its country, as +12125550123."}
        )
    return str(number)


@transaction.atomic
def cancel_message(*, message: OutgoingMessage, by: User) -> OutgoingMessage:
    """Take a message that is still queued out of the outbox; raises MessageIsOver if it has moved on."""
    row = OutgoingMessage.objects.select_for_update().get(pk=message.pk)
    if row.state != State.QUEUED:
        raise MessageIsOver(f"This message is {row.get_state_display()}: it cannot be cancelled.")
    row.state, row.resolved_by, row.ended_at = State.CANCELLED, by, timezone.now()
    row.save(update_fields=["state", "resolved_by", "ended_at"])
    return row


@transaction.atomic
def resolve_message(*, message: OutgoingMessage, was_sent: bool, reference: str = "", by: User) -> OutgoingMessage:
    """Say what became of a message that is unknown: sent, and then it is recorded as a contact, or not sent.

    It is not sent again either way: whoever wants that queues a new one. Raises MessageIsOver if it is not unknown.
    """
    row = OutgoingMessage.objects.select_for_update().get(pk=message.pk)
    if row.state != State.UNKNOWN:
        raise MessageIsOver(f"This message is {row.get_state_display()}: there is nothing to find out.")
    return mark_sent(row, reference, by=by) if was_sent else mark_failed(row, "Found out: it was not sent.", by=by)


def mark_sent(row: OutgoingMessage, reference: str, *, by: User | None = None) -> OutgoingMessage:
    """Record that a message went out, with the contact that it is; the caller holds the row."""
    report = record_action(
        borrower=row.borrower, agent=row.queued_by, channel=row.channel, outcome="sent", loan=row.loan,
        contact_point=row.contact_point, text_sent=_as_sent(row), reservation=row.reservation, external_id=f"message:{row.pk}",
    )  # fmt: skip
    row.state, row.provider_reference, row.contact_event = State.SENT, reference[:200], report.event
    row.ended_at, row.resolved_by = timezone.now(), by
    row.save(update_fields=["state", "provider_reference", "contact_event", "ended_at", "resolved_by"])
    return row


def mark_failed(row: OutgoingMessage, reason: str, *, by: User | None = None) -> OutgoingMessage:
    """Record that a message did not go out and give its attempt back; the caller holds the row."""
    row.state, row.reason_code, row.reason = State.FAILED, "not_sent", reason[:1000]
    row.ended_at, row.resolved_by = timezone.now(), by
    row.save(update_fields=["state", "reason_code", "reason", "ended_at", "resolved_by"])
    assert row.reservation is not None
    try:
        release_contact(reservation=row.reservation)
    except AttemptIsOver:  # its lease has ended meanwhile
        pass
    return row


def _as_sent(row: OutgoingMessage) -> str:
    return f"{row.subject}\n\n{row.text}" if row.subject else row.text
