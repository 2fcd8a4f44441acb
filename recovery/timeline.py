"""What has happened with a borrower, in one line of time."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from borrowers.models import Borrower, ContactEvent, Loan, Payment, Promise
from creditpath.accounts.models import User
from scoring.models import Score

ENTRIES = 60  # of each kind; the admin has all of them
ZERO = Decimal(0)


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    kind: str  # contact, promise, payment, score
    icon: str
    at: datetime
    day: date
    title: str
    detail: str = ""
    who: str = ""
    amount: str = ""
    tone: str = ""
    state: str = ""


def build_timeline(
    borrower: Borrower,
    loans: list[Loan],
    scores: list[Score],
    promises: dict[int, dict[str, Any]],
) -> tuple[Entry, ...]:
    by_id = {loan.pk: loan for loan in loans}
    entries = [
        *_contacts(borrower, by_id),
        *_promises(by_id, promises),
        *_payments(by_id),
        *_scores(scores, by_id),
    ]
    return tuple(sorted(entries, key=lambda entry: (entry.day, entry.at), reverse=True))


def _name(user: User | None) -> str:
    return (user.get_full_name() or user.username) if user else ""


def _contacts(borrower: Borrower, by_id: dict[int, Loan]) -> list[Entry]:
    events = (
        ContactEvent.objects.filter(borrower=borrower)
        .select_related("agent", "corrected_by")
        .order_by("-happened_at", "-id")[:ENTRIES]
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


def _promises(by_id: dict[int, Loan], states: dict[int, dict[str, Any]]) -> list[Entry]:
    tones = {"kept": "good", "broken": "bad", "open": "warn"}
    rows = Promise.objects.filter(loan__in=by_id).select_related("contact_event__agent").order_by("-id")[:ENTRIES]
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


def _payments(by_id: dict[int, Loan]) -> list[Entry]:
    rows = (
        Payment.objects.filter(loan__in=by_id)
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


def _scores(scores: list[Score], by_id: dict[int, Loan]) -> list[Entry]:
    return [
        Entry(
            kind="score",
            icon="score",
            at=score.scored_at,
            day=score.run.as_of,
            title=f"Scored: {score.get_tier_display()} risk",
            detail=f"Loan {by_id[score.loan_id]} by model {score.run.model}.",
            amount=f"{score.pd:.1%}",
        )
        for score in scores
    ]
