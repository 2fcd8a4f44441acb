"""What has happened with a borrower, in one line of time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from borrowers.models import Borrower, ContactEvent, Loan, LoanEvent, Payment, Promise
from creditpath.accounts.models import User
from recovery.models import Grievance, Hold, OutgoingMessage
from scoring.models import ModelVersion, Purpose, Score
from scoring.querysets import heavy_fields

ENTRIES = 60  # of each kind on one page
ZERO = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    kind: str  # contact, message, promise, payment, score, grievance, hold, event
    icon: str
    at: datetime
    day: date
    title: str
    detail: str = ""
    who: str = ""
    amount: str = ""
    tone: str = ""
    state: str = ""


@dataclass(frozen=True)
class Timeline:
    """A page of it, the newest entry first; `older` is the day at which the next page begins, None on the last one."""

    entries: tuple[Entry, ...]
    older: date | None
    is_newest: bool


def build_timeline(
    borrower: Borrower,
    loans: list[Loan],
    promises: dict[int, dict[str, Any]],
    *,
    until: date | None = None,
) -> Timeline:
    """Return what happened up to a day, at most ENTRIES of each kind; one query for each kind, however much there is.

    A page ends above the day at which the first kind runs out of places, so that the next one, which begins with that day, tells
    of all kinds without a gap.
    """
    by_id = {loan.pk: loan for loan in loans}
    last = until or date.max
    kinds = [
        _contacts(borrower, last),
        _messages(borrower, last),
        _promises(by_id, promises, last),
        _payments(by_id, last),
        _scores(by_id, last),
        _grievances(borrower, last),
        _holds(borrower, last),
        _events(by_id, last),
    ]
    cut = max((rows[-1].day for rows in kinds if len(rows) == ENTRIES), default=None)
    entries = sorted((entry for rows in kinds for entry in rows), key=lambda entry: (entry.day, entry.at), reverse=True)
    shown = [entry for entry in entries if cut is None or entry.day > cut]
    older = cut
    if cut is not None and not shown:  # more on one day than a page holds: the rest of that day is in the admin
        shown, older = [entry for entry in entries if entry.day == cut], cut - timedelta(days=1)
    return Timeline(entries=tuple(_fold_scores(shown)), older=older, is_newest=until is None)


def _fold_scores(entries: Iterable[Entry]) -> list[Entry]:
    """Keep of the scores of one loan, model and day the newest, which says how many there were."""
    folded: dict[object, Entry] = {}
    counts: dict[object, int] = {}
    for place, entry in enumerate(entries):
        key = (entry.day, entry.detail) if entry.kind == "score" else place
        counts[key] = counts.get(key, 0) + 1
        folded.setdefault(key, entry)
    return [
        replace(entry, state=f"{counts[key]} times that day") if counts[key] > 1 else entry
        for key, entry in folded.items()
    ]


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.username) if user else ""


def _contacts(borrower: Borrower, last: date) -> list[Entry]:
    events = (
        ContactEvent.objects.filter(borrower=borrower, effective_on__lte=last)
        .select_related("agent", "corrected_by")
        .order_by("-effective_on", "-happened_at", "-id")[:ENTRIES]
    )
    return [
        Entry(
            kind="contact",
            icon=event.channel,
            at=event.happened_at,
            day=event.effective_on,
            title=f"{event.get_channel_display().capitalize()}: {event.get_outcome_display()}",
            detail=event.note,
            who=_name(event.agent),
            tone="info" if event.reached_borrower else "",
            state=_contact_state(event),
        )
        for event in events
    ]


def _contact_state(event: ContactEvent) -> str:
    if hasattr(event, "corrected_by"):
        return "corrected later"
    return f"follow up on {event.follow_up_on.day} {event.follow_up_on:%b %Y}" if event.follow_up_on else ""


def _messages(borrower: Borrower, last: date) -> list[Entry]:
    """Tell of messages that were not sent, or not yet; one that was sent is a contact."""
    tones = {"queued": "info", "sending": "info", "refused": "bad", "failed": "bad", "unknown": "warn"}
    rows = (
        OutgoingMessage.objects.filter(borrower=borrower, queued_at__date__lte=last, contact_event=None)
        .select_related("queued_by")
        .order_by("-queued_at", "-id")[:ENTRIES]
    )
    return [
        Entry(
            kind="message",
            icon=row.channel,
            at=row.queued_at,
            day=timezone.localdate(row.queued_at),
            title=f"{row.get_channel_display().capitalize()} to {row.to_address}",
            detail=row.reason or row.text,
            who=_name(row.queued_by),
            tone=tones.get(row.state, ""),
            state=row.get_state_display(),
        )
        for row in rows
    ]


def _promises(by_id: dict[int, Loan], states: dict[int, dict[str, Any]], last: date) -> list[Entry]:
    tones = {"kept": "good", "broken": "bad", "open": "warn"}
    rows = (
        Promise.objects.filter(loan__in=by_id, made_on__lte=last)
        .select_related("contact_event__agent")
        .order_by("-made_on", "-id")[:ENTRIES]
    )
    entries = []
    for row in rows:
        state = states.get(row.pk, {})
        word = state.get("state", "open")
        paid = state.get("paid_amount") or ZERO
        loan = by_id[row.loan_id]
        entries.append(
            Entry(
                kind="promise",
                icon="promise",
                at=row.contact_event.happened_at if row.contact_event else row.booked_at,
                day=row.made_on,
                title=f"Promise for {row.due_on.day} {row.due_on:%b %Y}",
                detail=f"Loan {loan}; {loan.currency} {paid:,.2f} came in." if paid else f"Loan {loan}.",
                who=_name(row.contact_event.agent) if row.contact_event else "",
                amount=f"{loan.currency} {row.amount:,.2f}",
                tone=tones.get(word, ""),
                state=word,
            )
        )
    return entries


def _payments(by_id: dict[int, Loan], last: date) -> list[Entry]:
    rows = (
        Payment.objects.filter(loan__in=by_id, effective_on__lte=last)
        .select_related("recorded_by", "reversed_by")
        .order_by("-effective_on", "-id")[:ENTRIES]
    )
    entries = []
    for row in rows:
        loan = by_id[row.loan_id]
        late = (timezone.localdate(row.booked_at) - row.effective_on).days
        entries.append(
            Entry(
                kind="payment",
                icon="payment",
                at=row.booked_at,
                day=row.effective_on,
                title="Payment taken back"
                if row.reverses_id
                else f"Payment by {row.get_channel_display()}"
                if row.channel != Payment.Channel.UNKNOWN
                else "Payment",
                detail=f"Loan {loan}." + (f" Known {late} days later." if late > 1 and not row.recorded_by_id else ""),
                who=_name(row.recorded_by),
                amount=f"{loan.currency} {row.amount:,.2f}",
                tone="bad" if row.reverses_id else "good",
                state="taken back later" if hasattr(row, "reversed_by") else "",
            )
        )
    return entries


def _grievances(borrower: Borrower, last: date) -> list[Entry]:
    rows = (
        Grievance.objects.filter(borrower=borrower, received_on__lte=last)
        .select_related("answer", "recorded_by", "loan")
        .order_by("-received_on", "-id")[:ENTRIES]
    )
    entries = []
    for row in rows:
        answer = getattr(row, "answer", None)
        due = f"answer due {row.answer_due_on.day} {row.answer_due_on:%b %Y}"
        entries.append(
            Entry(
                kind="grievance",
                icon="warning",
                at=row.booked_at,
                day=row.received_on,
                title=f"{row.get_kind_display().capitalize()}: {row.get_subject_display()}",
                detail=f"Loan {row.loan}. {row.text}" if row.loan else row.text,
                who=_name(row.recorded_by),
                tone="" if answer else "warn",
                state=answer.get_outcome_display() if answer else due,
            )
        )
    return entries


def _holds(borrower: Borrower, last: date) -> list[Entry]:
    """Tell of holds that were set and of those that were lifted, each on the day from which it counts."""
    rows = (
        Hold.objects.filter(borrower=borrower, starts_on__lte=last)
        .select_related("set_by", "loan", "lifted_by")
        .order_by("-starts_on", "-id")[:ENTRIES]
    )
    entries = []
    for row in rows:
        until = f"until {row.ends_on.day} {row.ends_on:%b %Y}" if row.ends_on else ""
        is_over = row.lifts_id is not None or hasattr(row, "lifted_by")
        entries.append(
            Entry(
                kind="hold",
                icon="warning",
                at=row.booked_at,
                day=row.starts_on,
                title=f"Hold {'lifted' if row.lifts_id else 'set'}: {row.get_kind_display()}",
                detail=f"Loan {row.loan}. {row.reason}" if row.loan else row.reason,
                who=_name(row.set_by),
                tone="" if is_over else "warn",
                state="lifted later" if hasattr(row, "lifted_by") else until,
            )
        )
    return entries


def _events(by_id: dict[int, Loan], last: date) -> list[Entry]:
    rows = (
        LoanEvent.objects.filter(loan__in=by_id, effective_on__lte=last)
        .select_related("recorded_by", "revoked_by")
        .order_by("-effective_on", "-id")[:ENTRIES]
    )
    return [
        Entry(
            kind="event",
            icon="info",
            at=row.booked_at,
            day=row.effective_on,
            title=row.get_kind_display().capitalize() + (f": {row.counterparty}" if row.counterparty else ""),
            detail=f"Loan {by_id[row.loan_id]}. {row.note}".strip(),
            who=_name(row.recorded_by),
            amount=f"{by_id[row.loan_id].currency} {row.amount:,.2f}" if row.amount is not None else "",
            state="revoked later" if hasattr(row, "revoked_by") else "",
        )
        for row in rows
    ]


def _for_segment(model: ModelVersion) -> str:
    return f", for loans {model.get_segment_display()}" if model.segment else ""


def _scores(by_id: dict[int, Loan], last: date) -> list[Entry]:
    scores = (
        Score.objects.published()
        .filter(loan__in=by_id, run__as_of__lte=last)
        .exclude(run__model__purpose=Purpose.PAYS_30)
        .select_related("run__model")
        .defer(*heavy_fields("run__model"))
        .order_by("-run__as_of", "-id")[:ENTRIES]
    )
    return [
        Entry(
            kind="score",
            icon="score",
            at=score.scored_at,
            day=score.run.as_of,
            title=f"Scored: {score.get_tier_display()} risk",
            detail=f"Loan {by_id[score.loan_id]} by model {score.run.model}{_for_segment(score.run.model)}.",
            amount=f"{score.pd:.1%}",
        )
        for score in scores
    ]
