"""What the gate answers: whether a person may be contacted, why not, and when next. The rules are in sql/contacts/."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from borrowers.models import Borrower, ContactPoint, Loan
from recovery.models import ContactReservation
from recovery.models.reservations import Purpose

CHANNELS = ("call", "sms", "email", "letter", "visit")


@dataclass(frozen=True)
class Reason:
    """One thing that stands in the way, or that must be said, in plain words."""

    code: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of the gate. Counts are None where no limit holds; `next_allowed_at` is None where nobody knows when."""

    is_allowed: bool
    channel: str
    instant: datetime
    reasons: tuple[Reason, ...]
    warnings: tuple[Reason, ...] = ()
    legal_reasons: tuple[Reason, ...] = ()
    purpose: str = Purpose.COLLECTION
    attempts_used: int | None = None
    attempts_limit: int | None = None
    attempts_left: int | None = None
    window_days: int | None = None
    consented: str | None = None
    next_allowed_at: datetime | None = None
    next_allowed_local: str | None = None
    local_times: Mapping[str, str] | None = None
    rule: Mapping[str, Any] | None = None

    @property
    def channel_words(self) -> str:
        return str(ContactReservation.Channel(self.channel).label)

    @property
    def sentence(self) -> str:
        """Say all of it in one line: "7 of 7 calls used within 7 days. Next from 4 Jul 2026 08:00 (America/New_York)."."""
        if self.is_allowed:
            left = f"{self.attempts_left} of {self.attempts_limit} left" if self.attempts_left is not None else ""
            return f"Allowed now{f', {left}' if left else ''}."
        when = f" Next from {self.next_allowed_local}." if self.next_allowed_local else ""
        return " ".join(reason.text for reason in self.reasons) + when

    @property
    def rule_words(self) -> str:
        if self.rule is None:
            return "no rules"
        return (
            f"{self.rule['jurisdiction']} {str(self.rule['profile']).replace('_', ' ')}, version {self.rule['version']}"
        )


def _instant_or_never(text: str) -> datetime | None:
    """Read an instant; one beyond the year 9999, which no clock of ours reaches, is never."""
    return datetime.fromisoformat(text) if text[4:5] == "-" else None


def read_answer(given: Mapping[str, Any]) -> Answer:
    """Turn what the database answered, or what was kept of it, into an Answer."""
    values = {name: given[name] for name in Answer.__dataclass_fields__ if name in given}
    for name in ("reasons", "warnings", "legal_reasons"):
        values[name] = tuple(Reason(line["code"], line["text"]) for line in values.get(name, ()))
    for name in ("instant", "next_allowed_at"):
        if values.get(name):
            values[name] = _instant_or_never(values[name])
    return Answer(**values)


def contact_permission(
    *,
    borrower: Borrower,
    channel: str,
    instant: datetime,
    loan: Loan | None = None,
    contact_point: ContactPoint | None = None,
    purpose: str = Purpose.COLLECTION,
    reservation: ContactReservation | None = None,
) -> Answer:
    """Ask whether a person may be contacted about a debt at an instant; without a loan about all of theirs.

    Changes nothing and reserves nothing: two who ask at once get the same answer. `reservation` is left out of the count, to
    ask again for one that is held. One query of about a millisecond.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT contact_answer(%s, %s, %s, %s, %s, %s, %s)",
            [
                borrower.pk, loan.pk if loan else None, channel, contact_point.pk if contact_point else None, instant, purpose,
                reservation.pk if reservation else None,
            ],
        )  # fmt: skip
        return read_answer(json.loads(cursor.fetchone()[0]))


def contact_permissions(asked: Iterable[tuple[int, str]], *, instant: datetime) -> dict[tuple[int, str], Answer]:
    """Answer for many (borrower id, channel) at once, each about all the person's debts; one query."""
    pairs = sorted(set(asked))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT asked.borrower, asked.channel, contact_answer(asked.borrower, NULL, asked.channel, NULL, %s)"
            " FROM unnest(%s::bigint[], %s::text[]) AS asked (borrower, channel)",
            [instant, [borrower for borrower, _ in pairs], [channel for _, channel in pairs]],
        )
        return {(borrower, channel): read_answer(json.loads(given)) for borrower, channel, given in cursor.fetchall()}
