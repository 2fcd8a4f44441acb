"""Everything about contacts with one person in one line of time, as an examiner reads it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection
from django.utils import timezone

from borrowers.models import Borrower, Consent, ContactEvent, ContactPoint, LoanParty
from borrowers.services import current_instant
from recovery.contacts.permission import CHANNELS, Answer, contact_permissions, read_answer
from recovery.models import ContactBlock, ContactProfile, ContactReservation, Hold, ValidationNotice

# What a line of the evidence holds, in the order of the export.
COLUMNS = (
    "kind", "at", "local_time", "zone", "what", "channel", "contact_point", "loan", "who", "attempt", "rule", "permitted",
    "consent", "text_sent", "note",
)  # fmt: skip


ShowPoint = Callable[[ContactPoint], str]


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that happened: a contact, an attempt without one, a refusal, a hold, a consent, a notice."""

    kind: str
    at: datetime
    what: str
    zone: str = ""
    channel: str = ""
    contact_point: str = ""
    loan: str = ""
    who: str = ""
    attempt: int | None = None
    rule: str = ""
    permitted: str = ""
    consent: str = ""
    text_sent: str = ""
    note: str = ""
    is_bad: bool = False

    @property
    def local_time(self) -> str:
        """Return the time at the person's place with its offset: "2026-06-30 10:40:00 -0400"."""
        return f"{self.at.astimezone(ZoneInfo(self.zone or 'UTC')):%Y-%m-%d %H:%M:%S %z}"

    def as_json(self) -> dict[str, Any]:
        values = asdict(self) | {"local_time": self.local_time, "at": self.at.isoformat()}
        return {name: values[name] for name in COLUMNS}


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it, with what the gate answers now by channel."""

    borrower: Borrower
    now: datetime
    answers: tuple[Answer, ...]
    lines: tuple[Line, ...]
    holds: tuple[Hold, ...]
    profile: str
    also_answers_for: tuple[LoanParty, ...]
    counts: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "borrower": self.borrower.external_id,
            "jurisdiction": self.borrower.jurisdiction,
            "time_zone": self.borrower.time_zone,
            "is_simulated": self.borrower.is_simulated,
            "as_of": self.now.isoformat(),
            "profile": self.profile,
            "now": [
                {"channel": answer.channel, "is_allowed": answer.is_allowed, "answer": answer.sentence, "rule": answer.rule_words}
                for answer in self.answers
            ],
            "lines": [line.as_json() for line in self.lines],
        }  # fmt: skip


def build_evidence(*, borrower: Borrower, show: ShowPoint = str) -> Evidence:
    """Gather all contacts, attempts, refusals, holds, consents and notices of a person, newest first; a dozen queries.

    `show` writes a contact point, to hide a part of it. The rule of a contact is the one that was asked for it; of one from
    before the gate, or imported, the one that was in force.
    """
    now = current_instant()
    consents = list(
        Consent.objects.filter(contact_point__borrower=borrower)
        .select_related("contact_point", "recorded_by")
        .order_by("happened_at", "id")
    )
    holds = tuple(
        Hold.objects.filter(borrower=borrower).select_related("loan", "set_by", "contact_point", "lifted_by", "lifts")
    )
    zone = _zone(borrower)
    answers = contact_permissions([(borrower.pk, channel) for channel in CHANNELS], instant=now)
    lines = [
        *_contacts(borrower, zone, consents, show),
        *_attempts(borrower, zone, show),
        *_blocks(borrower, zone, show),
        *(_hold(hold, zone, show) for hold in holds),
        *(_consent(consent, zone, show) for consent in consents),
        *_notices(borrower, zone),
    ]
    lines.sort(key=lambda line: line.at, reverse=True)
    counts: dict[str, int] = {}
    for line in lines:
        counts[line.kind] = counts.get(line.kind, 0) + 1
    profile = ContactProfile.objects.first()
    return Evidence(
        borrower=borrower,
        now=now,
        answers=tuple(answers[borrower.pk, channel] for channel in CHANNELS),
        lines=tuple(lines),
        holds=tuple(hold for hold in holds if _stands(hold, now, zone)),
        profile=str(profile) if profile else "third party, the stricter one, until the lender chooses",
        also_answers_for=tuple(LoanParty.objects.filter(person=borrower).select_related("loan")),
        counts=counts,
    )  # fmt: skip


def _stands(hold: Hold, now: datetime, zone: str) -> bool:
    if hold.lifts_id is not None or hasattr(hold, "lifted_by"):
        return False
    return hold.ends_on is None or hold.ends_on >= now.astimezone(ZoneInfo(zone or "UTC")).date()


def _zone(borrower: Borrower) -> str:
    try:
        return borrower.time_zone and ZoneInfo(borrower.time_zone).key
    except (KeyError, ValueError, OSError):
        return ""


def _contacts(borrower: Borrower, zone: str, consents: list[Consent], show: ShowPoint) -> Iterator[Line]:
    events = list(
        ContactEvent.objects.filter(borrower=borrower)
        .select_related("agent", "loan", "contact_point", "reservation__rule", "corrected_by")
        .order_by("-happened_at", "-id")
    )
    in_force = _rules_in_force(
        borrower, {event.happened_at.date() for event in events if not hasattr(event, "reservation")}
    )
    for event in events:
        attempt: ContactReservation | None = getattr(event, "reservation", None)
        permitted = "inbound" if event.channel == "inbound" else "not asked"
        if attempt is not None:
            permitted = " ".join(attempt.flags) or "yes"
        yield Line(
            kind="contact",
            at=event.happened_at,
            zone=zone,
            what=f"{event.get_outcome_display()}{', corrected later' if hasattr(event, 'corrected_by') else ''}",
            channel=event.get_channel_display(),
            contact_point=show(event.contact_point) if event.contact_point else "",
            loan=str(event.loan or ""),
            who=_name(event.agent),
            attempt=attempt.number if attempt else None,
            rule=str(attempt.rule) if attempt and attempt.rule else in_force.get(event.happened_at.date(), ""),
            permitted=permitted,
            consent=_consent_then(event.contact_point_id, event.channel, event.happened_at, consents),
            text_sent=event.text_sent,
            note=event.note,
            is_bad=bool(attempt and attempt.flags),
        )


def _attempts(borrower: Borrower, zone: str, show: ShowPoint) -> Iterator[Line]:
    held = ContactReservation.objects.filter(borrower=borrower, contact_event__isnull=True)
    for attempt in held.select_related("agent", "loan", "contact_point", "rule"):
        yield Line(
            kind="reservation",
            at=attempt.reserved_at,
            zone=zone,
            what=attempt.get_state_display(),
            channel=attempt.get_channel_display(),
            contact_point=show(attempt.contact_point) if attempt.contact_point else "",
            loan=str(attempt.loan or ""),
            who=_name(attempt.agent),
            attempt=attempt.number,
            rule=str(attempt.rule or ""),
            permitted=" ".join(attempt.flags) or "yes",
            is_bad=bool(attempt.flags),
        )


def _blocks(borrower: Borrower, zone: str, show: ShowPoint) -> Iterator[Line]:
    rows = ContactBlock.objects.filter(borrower=borrower).select_related("agent", "loan", "contact_point", "rule")
    for block in rows:
        yield Line(
            kind="blocked",
            at=block.asked_at,
            zone=zone,
            what="blocked at dispatch" if block.reservation_id else "refused",
            channel=str(ContactReservation.Channel(block.channel).label),
            contact_point=show(block.contact_point) if block.contact_point else "",
            loan=str(block.loan or ""),
            who=_name(block.agent),
            rule=str(block.rule or ""),
            permitted=read_answer(block.answer).sentence,
            is_bad=True,
        )


def _hold(hold: Hold, zone: str, show: ShowPoint) -> Line:
    until = f", until {hold.ends_on}" if hold.ends_on else ""
    end = f"{hold.until_time:%H:%M}" if hold.until_time else "midnight"
    times = f", {hold.from_time:%H:%M} to {end}" if hold.from_time else ""
    return Line(
        kind="hold",
        at=hold.booked_at,
        zone=zone,
        what=f"{hold.get_kind_display()}{' lifted' if hold.lifts_id else ''}, from {hold.starts_on}{until}{times}",
        channel=hold.get_channel_display() if hold.channel else "",
        contact_point=show(hold.contact_point) if hold.contact_point else "",
        loan=str(hold.loan or ""),
        who=_name(hold.set_by),
        note=hold.reason,
    )


def _consent(consent: Consent, zone: str, show: ShowPoint) -> Line:
    return Line(
        kind="consent",
        at=consent.happened_at,
        zone=zone,
        what=f"{'allowed' if consent.is_given else 'refused'} {consent.get_channel_display()}: {consent.source}",
        contact_point=show(consent.contact_point) if consent.contact_point else "",
        who=_name(consent.recorded_by),
        text_sent=consent.wording,
    )


def _notices(borrower: Borrower, zone: str) -> Iterator[Line]:
    for notice in ValidationNotice.objects.filter(borrower=borrower).select_related("loan", "recorded_by"):
        yield Line(
            kind="notice",
            at=notice.booked_at,
            zone=zone,
            what=f"validation notice, sent on {notice.sent_on}",
            channel=notice.get_channel_display(),
            loan=str(notice.loan),
            who=_name(notice.recorded_by),
            text_sent=notice.text,
        )


def _consent_then(point_id: int | None, channel: str, at: datetime, consents: list[Consent]) -> str:
    """Say what the person had allowed or refused of a channel at an instant, at that contact point or, without one, at any."""
    latest: Consent | None = None
    for consent in consents:  # the oldest first
        if (
            consent.happened_at <= at
            and consent.channel in (channel, "any")
            and point_id in (None, consent.contact_point_id)
        ):
            latest = consent
    if latest is None:
        return "none on record"
    word = "allowed" if latest.is_given else "refused"
    return f"{word} {latest.get_channel_display()}, {timezone.localdate(latest.happened_at)}: {latest.source}"


def _rules_in_force(borrower: Borrower, days: set[date]) -> dict[date, str]:
    if not days:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.day, (found.rule).jurisdiction_id, (found.rule).profile, (found.rule).version"
            " FROM unnest(%s::date[]) AS asked (day)"
            " CROSS JOIN LATERAL (SELECT contact_rule_of(%s, contact_profile(), asked.day) AS rule) AS found"
            " WHERE (found.rule).id IS NOT NULL",
            [sorted(days), borrower.jurisdiction],
        )
        return {
            day: f"{place} {profile.replace('_', ' ')}, version {version}, in force then"
            for day, place, profile, version in cursor.fetchall()
        }


def _name(user: Any) -> str:
    return (user.get_full_name() or user.username) if user else ""
