"""Record what happened with a borrower."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from borrowers.models import Borrower, Bucket, ContactEvent, ContactPoint, Delinquency, Loan, LoanParty, Promise
from borrowers.services import current_instant, get_business_date
from creditpath.accounts.models import User
from recovery.contacts.calling_back import find_call_back
from recovery.decisions.services import record_performed
from recovery.errors import ActionRefused, FormAlreadyUsed
from recovery.models import CallBack, ContactReservation, WorklistItem
from recovery.reach import check_reach
from recovery.reports import ActionReport

Channel, Outcome = ContactEvent.Channel, ContactEvent.Outcome

# Outcomes that the borrower in person brings about, unless it is said that it was somebody else.
REACHED = frozenset(
    {
        Outcome.PROMISE, Outcome.REFUSED, Outcome.HARDSHIP, Outcome.DISPUTE, Outcome.CALL_BACK, Outcome.PAID, Outcome.SPOKE,
    }
)  # fmt: skip
# What somebody else can have said in their place.
SAID_BY_ANYBODY = frozenset({Outcome.REFUSED, Outcome.CALL_BACK, Outcome.PAID, Outcome.SPOKE})
CENT = Decimal("0.01")
NOTE_LENGTH = 4_000


@dataclass(frozen=True, kw_only=True)
class PromiseTerms:
    """What was promised, checked."""

    loan: Loan
    amount: Decimal
    due_on: date


@transaction.atomic
def record_action(
    *,
    borrower: Borrower,
    agent: User,
    channel: str,
    outcome: str,
    note: str = "",
    follow_up_on: date | None = None,
    call_back_time: time | None = None,
    promise_amount: Decimal | None = None,
    promise_due_on: date | None = None,
    loan: Loan | None = None,
    spoke_with_other: bool = False,
    happened_at: datetime | None = None,
    contact_point: ContactPoint | None = None,
    is_connected: bool | None = None,
    text_sent: str = "",
    talk_minutes: Decimal | None = None,
    wrap_up_minutes: Decimal | None = None,
    reservation: ContactReservation | None = None,
    corrects: ContactEvent | None = None,
    form_key: str = "",
    external_id: str = "",
) -> ActionReport:
    """Record a contact, with the promise if one was made, and take the borrower off today's lists; all of it or nothing.

    What happened is always recorded: no limit on contacts stands in the way. It becomes the attempt that was reserved for it
    (`reservation`, or the one the agent has open for the borrower and channel); one that was not reserved is registered all the
    same, and flagged with the reasons if the rules did not permit it. `form_key` makes it safe to send a form twice:
    the second one gets the first answer; `external_id` does so for what a system tells, whoever enters it. `call_back_time` is
    the borrower's own on the day `follow_up_on`. Scores follow after commit, through `books_changed`. Raises ActionRefused with a
    remedy for each field, BorrowerOutOfReach, FormAlreadyUsed.
    """
    check_reach(borrower.pk, agent)
    reference = external_id or (f"form:{agent.pk}:{form_key}" if form_key else None)
    # One at a time for a borrower: a double click waits here and then finds what the first one wrote.
    Borrower.objects.select_for_update().get(pk=borrower.pk)
    if reference and (made := _find_made(reference, borrower)):
        return made
    today = get_business_date()
    fields = _check_contact(channel, outcome, note, follow_up_on, today)
    terms, promise_fields = _check_promise(borrower, outcome, promise_amount, promise_due_on, loan, today)
    fields = {**promise_fields, **fields}
    fields |= _check_belonging(borrower, channel, contact_point, reservation, corrects)
    if spoke_with_other and outcome in REACHED - SAID_BY_ANYBODY:
        fields["spoke_with_other"] = "Only the borrower can do that: was it them? Else choose what the other one said."
    due = None
    if call_back_time is not None and "follow_up_on" not in fields:
        due, faults = find_call_back(borrower=borrower, loan=loan, day=follow_up_on, at=call_back_time)
        fields |= faults
    if happened_at is not None and happened_at > max(timezone.now(), current_instant()):
        fields["happened_at"] = "This time is still to come: enter when it took place."
    if fields:
        raise ActionRefused(" ".join(dict.fromkeys(fields.values())), fields=fields)

    try:
        with transaction.atomic():
            event = ContactEvent.objects.create(
                borrower=borrower,
                loan=terms.loan if terms else loan,
                agent=agent,
                external_id=reference,
                channel=channel,
                outcome=outcome,
                reached_borrower=outcome in REACHED and not spoke_with_other,
                note=note.strip(),
                follow_up_on=follow_up_on,
                effective_on=today,
                happened_at=happened_at or current_instant(),
                contact_point=contact_point,
                is_connected=is_connected,
                text_sent=text_sent,
                talk_minutes=talk_minutes,
                wrap_up_minutes=wrap_up_minutes,
                corrects=corrects,
                booked_at=timezone.now(),
            )
    except IntegrityError as error:  # the same form, sent for another borrower at the same moment
        if reference and ContactEvent.objects.filter(external_id=reference).exists():
            raise FormAlreadyUsed() from error
        raise
    promise = _write_promise(event, terms)
    if due is not None:
        CallBack.objects.create(
            contact_event=event, borrower=borrower, agent=agent, due_at=due.instant, time_zone=due.time_zone
        )
    if reservation is None and happened_at is None:
        reservation = _find_open(event)
    record_performed(event=event)
    return ActionReport(
        event=event,
        promise=promise,
        item=_take_off_list(borrower, today),
        attempt=None if channel == Channel.INBOUND else _register_attempt(event, reservation),
    )


def _write_promise(event: ContactEvent, terms: PromiseTerms | None) -> Promise | None:
    if terms is None:
        return None
    return Promise.objects.create(
        loan=terms.loan, contact_event=event, amount=terms.amount, made_on=event.effective_on, due_on=terms.due_on,
        booked_at=event.booked_at,
    )  # fmt: skip


def _find_open(event: ContactEvent) -> ContactReservation | None:
    """Return the attempt that the agent has open for this contact."""
    held = ContactReservation.objects.filter(
        borrower=event.borrower_id, channel=event.channel, agent=event.agent_id, state=ContactReservation.State.RESERVED
    )
    if event.loan_id is not None:
        held = held.filter(Q(loan=event.loan_id) | Q(loan__isnull=True))
    return held.order_by("id").first()


def _register_attempt(event: ContactEvent, held: ContactReservation | None) -> ContactReservation:
    """Make the contact the attempt that was reserved, or enter it as one that was not; the database flags it."""
    if held is None:
        held = ContactReservation.objects.create(
            borrower_id=event.borrower_id,
            channel=event.channel,
            agent_id=event.agent_id,
            state=ContactReservation.State.PERFORMED,
            contact_event=event,
        )
    else:
        held.state, held.contact_event, held.ended_at = ContactReservation.State.PERFORMED, event, event.happened_at
        held.save(update_fields=["state", "contact_event", "ended_at"])
    held.refresh_from_db()
    return held


def _find_made(reference: str, borrower: Borrower) -> ActionReport | None:
    event = ContactEvent.objects.filter(external_id=reference).first()
    if event is None:
        return None
    if event.borrower_id != borrower.pk:
        raise FormAlreadyUsed()
    item = WorklistItem.objects.filter(as_of=event.effective_on, recommendation__borrower=borrower).first()
    return ActionReport(
        event=event,
        promise=Promise.objects.filter(contact_event=event).first(),
        item=item,
        attempt=ContactReservation.objects.filter(contact_event=event).first(),
        is_repeat=True,
    )


def _take_off_list(borrower: Borrower, today: date) -> WorklistItem | None:
    item = WorklistItem.objects.on(today).filter(recommendation__borrower=borrower).first()
    if item is not None and item.done_at is None:
        item.done_at = timezone.now()
        item.save(update_fields=["done_at"])
    return item


def _check_contact(channel: str, outcome: str, note: str, follow_up_on: date | None, today: date) -> dict[str, str]:
    fields = {}
    if channel not in Channel.values:
        fields["channel"] = "Choose how the borrower was contacted."
    if outcome not in Outcome.values:
        fields["outcome"] = "Choose what came of it."
    if "\x00" in note:
        fields["note"] = "The note holds a character that cannot be stored: type it again."
    elif len(note) > NOTE_LENGTH:
        fields["note"] = f"The note has {len(note):,} characters: shorten it to {NOTE_LENGTH:,}."
    if follow_up_on is not None and follow_up_on < today:
        fields["follow_up_on"] = f"{_day(follow_up_on)} has passed: choose {_day(today)} or later."
    elif follow_up_on is None and outcome == Outcome.CALL_BACK:
        fields["follow_up_on"] = "Enter the day on which to call back."
    return fields


def _check_belonging(
    borrower: Borrower,
    channel: str,
    contact_point: ContactPoint | None,
    reservation: ContactReservation | None,
    corrects: ContactEvent | None,
) -> dict[str, str]:
    fields = {}
    if contact_point is not None and contact_point.borrower_id != borrower.pk:
        fields["contact_point"] = "This contact point is another borrower's: choose one of theirs."
    if reservation is not None and (reservation.borrower_id, reservation.channel) != (borrower.pk, channel):
        fields["reservation"] = "This attempt is of another borrower or channel."
    if corrects is not None and corrects.borrower_id != borrower.pk:
        fields["corrects"] = "This contact was with another borrower."
    elif corrects is not None and ContactEvent.objects.filter(corrects=corrects).exists():
        fields["corrects"] = "What came of this contact was written down meanwhile: open the page again."
    return fields


def _check_promise(
    borrower: Borrower,
    outcome: str,
    amount: Decimal | None,
    due_on: date | None,
    loan: Loan | None,
    today: date,
) -> tuple[PromiseTerms | None, Mapping[str, str]]:
    """Return the terms of a promise, or what is wrong with them by field."""
    fields: dict[str, str] = {}
    owed = (
        Delinquency.objects.filter(loan__borrower=borrower)
        .select_related("loan")
        .order_by("-days_past_due", "-overdue_amount", "loan_id")
    )
    if loan is not None and not _may_be_about(loan, borrower, outcome):
        return None, {"loan": "This loan is another borrower's: choose one of the list."}
    if outcome != Outcome.PROMISE:
        if amount is not None or due_on is not None:
            fields["outcome"] = 'An amount or day is promised: choose "promise to pay", or clear them.'
        return None, fields
    if due_on is None:
        fields["promise_due_on"] = "Enter the day by which the borrower will pay."
    elif due_on < today:
        fields["promise_due_on"] = f"{_day(due_on)} has passed: choose {_day(today)} or later."
    owed = owed.exclude(bucket__in=(Bucket.PAID_OFF, Bucket.SOLD))
    if loan is not None:
        figures = owed.filter(loan=loan).first()
    else:  # money for a written-off loan is welcome too, but only where nothing else is owed
        figures = owed.exclude(bucket=Bucket.WRITTEN_OFF).first() or owed.first()
    if figures is None:
        fields["loan"] = "This borrower has no loan with a balance: nothing can be promised."
        return None, fields
    currency, outstanding = figures.loan.currency, figures.outstanding_amount
    if amount is None:
        fields["promise_amount"] = "Enter the amount that was promised."
    elif not amount.is_finite() or amount <= 0 or amount != amount.quantize(CENT):
        fields["promise_amount"] = "Enter an amount above zero, with at most two decimals."
    elif outstanding is not None and amount > outstanding:
        fields["promise_amount"] = (
            f"More than is owed on loan {figures.loan}: enter at most {currency} {outstanding:,.2f}."
        )
    if fields or amount is None or due_on is None:
        return None, fields
    return PromiseTerms(loan=figures.loan, amount=amount, due_on=due_on), {}


def _may_be_about(loan: Loan, borrower: Borrower, outcome: str) -> bool:
    """Say whether a contact may be about a loan: the borrower's own, or but for promises one that they answer for."""
    if loan.borrower_id == borrower.pk:
        return True
    return outcome != Outcome.PROMISE and LoanParty.objects.filter(loan=loan, person=borrower).exists()


def _day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"
