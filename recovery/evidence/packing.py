"""The evidence pack: all that was done with one borrower, sealed, with what an examiner needs to check it by themselves."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction
from django.utils import timezone
from django.utils.text import slugify

from borrowers.models import Borrower, Delinquency, Loan, Payment
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.exports.services import log_export
from creditpath.sql import load_statements
from recovery.care.services import note_reading
from recovery.contacts.permission import read_answer
from recovery.evidence.checking import broken_links, changed_events, unsealed_rows
from recovery.evidence.keeping import Keeping, find_keeping
from recovery.evidence.sealing import seal_borrower
from recovery.evidence.sources import SOURCES, words_of
from recovery.models import CareRecord, EvidenceChain, EvidenceEvent

FORMAT = "creditpath-evidence/1"
PEOPLE = {
    "agent_id", "answered_by_id", "by_id", "decided_by_id", "from_agent_id", "handed_over_by_id", "opened_by_id",
    "proposed_by_id", "queued_by_id", "recorded_by_id", "requested_by_id", "resolved_by_id", "set_by_id",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event of the chain with its row as it is now; digests in hex, as in the pack."""

    number: int
    source: str
    source_id: int
    happened_at: datetime
    facts: Mapping[str, Any] | None  # None: the row is gone, which `breaks` says
    texts: Mapping[str, str] | None
    is_erased: bool
    salt: str | None
    facts_sha256: str
    texts_sha256: str | None
    sha256: str

    @property
    def words(self) -> str:
        return words_of(self.source)

    def as_json(self) -> dict[str, Any]:
        return {
            "number": self.number, "source": self.source, "source_id": self.source_id,
            "happened_at": self.happened_at.isoformat(), "facts": self.facts, "texts": self.texts,
            "is_erased": self.is_erased, "salt": self.salt, "facts_sha256": self.facts_sha256,
            "texts_sha256": self.texts_sha256, "sha256": self.sha256,
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Pack:
    """An evidence pack of one borrower; as_json() is the file that docs/check_evidence.py checks."""

    borrower: Borrower
    made_at: datetime
    made_by: User
    business_date: date
    keeping: Keeping
    chain: EvidenceChain | None
    breaks: tuple[str, ...]
    events: tuple[Event, ...]
    people: Mapping[int, str]
    loans: Mapping[int, Loan]
    figures: Mapping[int, Delinquency]
    payments: tuple[Payment, ...]

    @property
    def head(self) -> str:
        """Return the digest at the end of the chain in hex; empty where nothing was done yet."""
        return bytes(self.chain.sha256).hex() if self.chain else ""

    @property
    def zone(self) -> ZoneInfo:
        return _zone(self.borrower.time_zone)

    @property
    def file_name(self) -> str:
        """Return a name for a file of it, without its ending."""
        return f"evidence-{slugify(self.borrower.external_id) or self.borrower.pk}-{self.made_at:%Y-%m-%d}"

    def details(self, event: Event) -> Iterator[tuple[str, str]]:
        """Yield the facts of an event in words: names for people and loans, nothing that is empty or said elsewhere."""
        for name, value in (event.facts or {}).items():
            if value in (None, "", [], {}) or name in {"happened_at", "booked_at", "body_sha256"}:
                continue
            title = name.removesuffix("_id").replace("_", " ")
            if name in PEOPLE:
                yield title, self.people.get(value, f"no. {value}")
            elif name == "loan_id":
                yield title, str(self.loans.get(value, f"no. {value}"))
            elif name == "answer" and isinstance(value, str) and value.startswith("{"):
                yield "answer", read_answer(json.loads(value)).sentence
            elif isinstance(value, bool):
                yield title, "yes" if value else "no"
            else:
                yield title, str(value)

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "borrower": {
                "id": self.borrower.pk, "external_id": self.borrower.external_id, "name": self.borrower.full_name,
                "jurisdiction": self.borrower.jurisdiction, "time_zone": self.borrower.time_zone,
                "is_simulated": self.borrower.is_simulated,
            },
            "made_at": self.made_at.isoformat(),
            "made_by": self.made_by.username,
            "business_date": self.business_date.isoformat(),
            "keeping": self.keeping.as_json(),
            "chain": {"length": self.chain.length if self.chain else 0, "sha256": self.head, "breaks": list(self.breaks)},
            "events": [event.as_json() for event in self.events],
            "people": {str(number): name for number, name in self.people.items()},
            "loans": [self._loan(loan) for loan in self.loans.values()],
            "payments": [
                {
                    "loan": self.loans[row.loan_id].external_id, "amount": str(row.amount), "status": row.status,
                    "channel": row.channel, "effective_on": row.effective_on.isoformat(),
                    "booked_at": row.booked_at.isoformat(), "reverses": row.reverses_id, "id": row.pk,
                }
                for row in self.payments
            ],
        }  # fmt: skip

    def _loan(self, loan: Loan) -> dict[str, Any]:
        figure = self.figures.get(loan.pk)
        return {
            "id": loan.pk, "external_id": loan.external_id, "currency": loan.currency,
            "principal_amount": str(loan.principal_amount),
            "as_of": figure and figure.as_of.isoformat(), "days_past_due": figure and figure.days_past_due,
            "outstanding_amount": figure and str(figure.outstanding_amount),
        }  # fmt: skip


@transaction.atomic
def build_pack(*, borrower: Borrower, made_by: User) -> Pack:
    """Seal what is not sealed yet and gather everything; it is noted that records of care were read, where there are any.

    Some 130 queries, however long the chain: four for each source.
    """
    seal_borrower(borrower)
    if CareRecord.objects.filter(borrower=borrower).exists():
        note_reading(borrower=borrower, read_by=made_by)
    loans = {
        loan.pk: loan
        for loan in Loan.objects.filter(borrower=borrower).select_related("product", "delinquency").order_by("id")
    }
    events = tuple(_events(borrower))
    asked = {value for event in events for name, value in (event.facts or {}).items() if name in PEOPLE and value}
    return Pack(
        borrower=borrower,
        made_at=timezone.now(),
        made_by=made_by,
        business_date=get_business_date(),
        keeping=find_keeping(borrower),
        chain=EvidenceChain.objects.filter(borrower=borrower).first(),
        breaks=find_breaks(borrower),
        events=events,
        people={user.pk: user.get_full_name() or user.username for user in User.objects.filter(pk__in=asked).order_by("pk")},
        loans=loans,
        figures={pk: loan.delinquency for pk, loan in loans.items() if hasattr(loan, "delinquency")},
        payments=tuple(Payment.objects.filter(loan__in=loans).order_by("effective_on", "id")),
    )  # fmt: skip


@transaction.atomic
def take_pack(*, borrower: Borrower, form: str, taken_by: User) -> Pack:
    """Build the pack of a borrower for a file of this form, and log who took it."""
    pack = build_pack(borrower=borrower, made_by=taken_by)
    log_export(
        model="recovery.evidenceevent", form=form, filters=f"borrower={borrower.external_id}", n_rows=len(pack.events),
        exported_by=taken_by,
    )  # fmt: skip
    return pack


def find_breaks(borrower: Borrower) -> tuple[str, ...]:
    """Return a line for each thing that breaks a borrower's chain; empty: it is whole."""
    return (*changed_events(borrower), *broken_links(borrower), *unsealed_rows(borrower))


def _events(borrower: Borrower) -> Iterator[Event]:
    rows = {}
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'UTC'")
        statement = load_statements("recovery", "evidence/check.sql")["rows_of_events"]
        for source in SOURCES:
            cursor.execute(statement.format(rows=source.rows), {"source": source.name, "borrower": borrower.pk})
            for number, facts, texts in cursor.fetchall():
                rows[number] = _read(facts), _read(texts)
    for event in EvidenceEvent.objects.filter(borrower=borrower).order_by("number"):
        facts, texts = rows.get(event.number, (None, None))
        yield Event(
            number=event.number,
            source=event.source,
            source_id=event.source_id,
            happened_at=event.happened_at,
            facts=facts,
            texts=texts,
            is_erased=event.texts_sha256 is not None and event.salt is None,
            salt=_hex(event.salt),
            facts_sha256=bytes(event.facts_sha256).hex(),
            texts_sha256=_hex(event.texts_sha256),
            sha256=bytes(event.sha256).hex(),
        )


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def _hex(value: Any) -> str | None:
    return None if value is None else bytes(value).hex()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name or "UTC")
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
