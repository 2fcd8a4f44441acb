"""How long evidence is kept: the clock, legal holds, and the erasure of personal text that two people decide."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from creditpath.sql import load_statements
from recovery.errors import EvidenceRefused
from recovery.evidence.sealing import seal_borrower
from recovery.evidence.sources import ALSO_ERASED, SOURCES
from recovery.models import ErasureDecision, ErasureRequest, EvidenceChain, EvidenceEvent, LegalHold
from recovery.reach import check_reach

SENTENCES = {
    "one_open_erasure_request_per_borrower": "An erasure was asked for already: it waits for a decision.",
    "erasure_is_decided_by_a_second_person": "You asked for this: another person decides.",
    "legal_hold_keeps_evidence": "A legal hold keeps this evidence: lift it first, or refuse the request.",
    "evidence_is_kept_until_its_time_is_over": "This evidence is to be kept longer: refuse the request for now.",
    "erasure_goes_to_the_end_of_the_chain": "Something was added meanwhile: decide again.",
    "lift_is_of_a_legal_hold_of_the_same_person": "There is no such legal hold.",
    "recovery_legalhold_lifts_id_key": "This legal hold was lifted already.",
    "recovery_erasuredecision_request_id_key": "This was decided already.",
}


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """How a borrower's evidence stands: how long it is kept and what keeps it longer."""

    months: int | None  # None: nobody says for how long
    last_activity_at: datetime | None
    ends_on: date | None  # the last day on which it is kept
    is_over: bool
    legal_holds: tuple[LegalHold, ...]
    open_request: ErasureRequest | None

    @property
    def may_erase(self) -> bool:
        """Say whether an erasure could be approved now."""
        return self.is_over and not self.legal_holds

    def as_json(self) -> dict[str, Any]:
        return {
            "months": self.months,
            "last_activity_at": self.last_activity_at and self.last_activity_at.isoformat(),
            "ends_on": self.ends_on and self.ends_on.isoformat(),
            "is_over": self.is_over,
            "legal_holds": [
                {"reason": hold.reason, "set_by": hold.set_by.username, "set_at": hold.booked_at.isoformat()}
                for hold in self.legal_holds
            ],
        }  # fmt: skip


def find_keeping(borrower: Borrower) -> Keeping:
    """Return how long a borrower's evidence is kept, as of the business date; four queries."""
    today = get_business_date()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT retention_months(jurisdiction, %(today)s), retention_ends_on(id, %(today)s)"
            " FROM borrowers_borrower WHERE id = %(borrower)s",
            {"today": today, "borrower": borrower.pk},
        )
        months, ends_on = cursor.fetchone()
    return Keeping(
        months=months,
        last_activity_at=EvidenceChain.objects.filter(borrower=borrower).values_list("last_activity_at", flat=True).first(),
        ends_on=ends_on,
        is_over=ends_on is not None and ends_on < today,
        legal_holds=tuple(
            LegalHold.objects.filter(borrower=borrower, lifts=None, lifted_by=None).select_related("set_by").order_by("id")
        ),
        open_request=ErasureRequest.objects.filter(borrower=borrower, decision=None).select_related("requested_by").first(),
    )  # fmt: skip


def set_legal_hold(*, borrower: Borrower, reason: str, set_by: User) -> LegalHold:
    """Keep a borrower's evidence until this is lifted, whatever the clock says. Raises EvidenceRefused, BorrowerOutOfReach."""
    check_reach(borrower.pk, set_by)
    if not reason.strip():
        raise EvidenceRefused(fields={"reason": "Name the case or the order."})
    with told_in_words(EvidenceRefused, SENTENCES), transaction.atomic():
        return LegalHold.objects.create(borrower=borrower, reason=reason.strip(), set_by=set_by)


def lift_legal_hold(*, hold: LegalHold, reason: str, lifted_by: User) -> LegalHold:
    """End a legal hold, once and with a reason. Raises EvidenceRefused, BorrowerOutOfReach."""
    check_reach(hold.borrower_id, lifted_by)
    if not reason.strip():
        raise EvidenceRefused(fields={"reason": "Say why it is over."})
    with told_in_words(EvidenceRefused, SENTENCES), transaction.atomic():
        return LegalHold.objects.create(
            borrower_id=hold.borrower_id, reason=reason.strip(), lifts=hold, set_by=lifted_by
        )


def request_erasure(
    *, borrower: Borrower, origin: str, requested_by: User, received_on: date | None = None, note: str = ""
) -> ErasureRequest:
    """Ask that a borrower's personal text is erased; it may be asked for before its time and is then refused with that reason.

    Raises EvidenceRefused with a remedy for each field, BorrowerOutOfReach.
    """
    check_reach(borrower.pk, requested_by)
    today = get_business_date()
    fields = {}
    if origin not in ErasureRequest.Origin.values:
        fields["origin"] = "Say who asked."
    if received_on and received_on > today:
        fields["received_on"] = f"That day is still to come: the books stand at {today}."
    if fields:
        raise EvidenceRefused(" ".join(fields.values()), fields=fields)
    with told_in_words(EvidenceRefused, SENTENCES), transaction.atomic():
        return ErasureRequest.objects.create(
            borrower=borrower,
            origin=origin,
            received_on=received_on or today,
            note=note.strip(),
            requested_by=requested_by,
        )


def decide_erasure(
    *, request: ErasureRequest, is_approved: bool, decided_by: User, reason: str = ""
) -> ErasureDecision:
    """Erase the personal text of all that was sealed about a borrower, or say why not.

    Facts stay, and with them the chain: each erased text leaves its digest, whose salt is gone. Everything is sealed first, so
    that nothing is erased whose digest is not kept. One transaction. Raises EvidenceRefused, BorrowerOutOfReach.
    """
    check_reach(request.borrower_id, decided_by)
    if not is_approved and not reason.strip():
        raise EvidenceRefused(fields={"reason": "Say why it is refused: the borrower is owed an answer."})
    with told_in_words(EvidenceRefused, SENTENCES), transaction.atomic():
        borrower = Borrower.objects.select_for_update(no_key=True).get(pk=request.borrower_id)
        through = None
        if is_approved:
            seal_borrower(borrower)
            chain = EvidenceChain.objects.filter(borrower=borrower).values_list("length", flat=True)
            through = chain.first() or 0
        decision = ErasureDecision.objects.create(
            request=request,
            is_approved=is_approved,
            reason=reason.strip(),
            through_number=through,
            decided_by=decided_by,
        )
        if through:
            _erase_texts(borrower.pk, through)
        return decision


def _erase_texts(borrower: int, through: int) -> None:
    """Write [erased] where there was personal text, then forget the salts; a statement for each table that has any."""
    statements = load_statements("recovery", "evidence/erase.sql")
    tables = [(source.name, source.table, "id", source.texts) for source in SOURCES if source.texts]
    with connection.cursor() as cursor:
        for name, table, number, texts in [*tables, *ALSO_ERASED]:
            values: dict[str, int | str] = {"borrower": borrower, "through": through, "source": name}
            parts = {
                "table": table,
                "number": number,
                "is_left": " OR ".join(f"entry.{text} NOT IN ('', '[erased]')" for text in texts),
                "erased": ", ".join(
                    f"{text} = CASE WHEN entry.{text} <> '' THEN '[erased]' ELSE '' END" for text in texts
                ),
            }
            cursor.execute(statements["is_left"].format(**parts), values)
            if cursor.fetchone() == (True,):  # an UPDATE of nothing is refused, as any other
                cursor.execute(statements["erase"].format(**parts), values)
    EvidenceEvent.objects.filter(borrower_id=borrower, number__lte=through, salt__isnull=False).update(salt=None)


def due_for_erasure(*, limit: int) -> list[EvidenceChain]:
    """Return the borrowers whose time of keeping is over and whom no legal hold keeps, the longest over first.

    Those whose text is erased already are left out. One query, by the index of the last activity.
    """
    today = get_business_date()
    rows: list[EvidenceChain] = list(
        EvidenceChain.objects.raw(
            """
            SELECT chain.*, retention_ends_on(chain.borrower_id, %(today)s) AS ends_on
            FROM recovery_evidencechain AS chain
            WHERE chain.last_activity_at
                < %(today)s::date - make_interval(months => (
                    SELECT coalesce(min(months), 0) FROM recovery_retentionperiod WHERE approved_at IS NOT NULL))
                AND retention_ends_on(chain.borrower_id, %(today)s) < %(today)s
                AND NOT is_under_legal_hold(chain.borrower_id)
                AND EXISTS (
                    SELECT FROM recovery_evidenceevent AS event
                    WHERE event.borrower_id = chain.borrower_id AND event.salt IS NOT NULL
                )
            ORDER BY chain.last_activity_at
            LIMIT %(limit)s
            """,
            {"today": today, "limit": limit},
        ).prefetch_related("borrower")
    )
    return rows
