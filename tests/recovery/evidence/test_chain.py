"""Whatever was sealed and is changed afterwards shows, and says which event it was."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from borrowers.models import Borrower, ContactEvent
from creditpath.accounts.models import Role, Team
from creditpath.invariants import verify
from recovery.evidence.checking import broken_links, broken_seals, changed_events, unguarded_tables, unsealed_rows
from recovery.evidence.sealing import seal_borrower, seal_evidence
from recovery.models import EvidenceChain, EvidenceEvent, EvidenceSeal, UnsealedEvidence
from recovery.services import record_action
from tests.factories import make_contact, make_loan, make_user
from tests.recovery.evidence.conftest import make_case, refused_sql, run_unguarded

pytestmark = pytest.mark.django_db


def breaks(borrower: Borrower | None = None) -> list[str]:
    found = [*changed_events(borrower), *broken_links(borrower), *unsealed_rows(borrower)]
    return found if borrower else [*found, *broken_seals()]


def test_each_row_is_sealed_once_in_the_order_of_time(case: Borrower) -> None:
    waiting = UnsealedEvidence.objects.count()
    first = seal_evidence(batch=3)
    assert first.n_sealed == waiting == EvidenceEvent.objects.count()
    assert f"Sealed {waiting} events" in first.summary()
    assert seal_evidence().n_sealed == 0
    assert not UnsealedEvidence.objects.exists()
    events = EvidenceEvent.objects.filter(borrower=case)
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert {event.source for event in events} >= {"contact", "hold", "grievance", "grievance-answer"}
    with_text = {(event.source, event.salt is not None) for event in events}
    assert {("contact", True), ("contact", False)} <= with_text
    assert breaks() == []
    chain = EvidenceChain.objects.get(borrower=case)
    assert (chain.length, bytes(chain.sha256)) == (len(events), bytes(events[len(events) - 1].sha256))


def test_chain_goes_on_where_it_ended(case: Borrower) -> None:
    before = seal_evidence().n_sealed
    assert seal_borrower(case) == 0
    make_contact(case, date(2026, 6, 10), note="called again")
    make_case(at=datetime(2026, 6, 9, 15, tzinfo=UTC))
    assert seal_borrower(case) == 1
    assert EvidenceEvent.objects.get(borrower=case, number=before + 1).source == "contact"
    assert seal_evidence().n_sealed > 0
    assert breaks() == []
    assert EvidenceSeal.objects.count() == 3


def test_the_same_text_gives_another_digest_each_time(case: Borrower) -> None:
    make_contact(case, date(2026, 6, 10), note="She lost her job at the mill.")
    seal_evidence()
    digests = EvidenceEvent.objects.filter(source="contact", texts_sha256__isnull=False).values_list(
        "texts_sha256", flat=True
    )
    assert len({bytes(digest) for digest in digests}) == 2


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE borrowers_contactevent SET outcome = 'paid' WHERE id = %s", "its facts were changed"),
        (
            "UPDATE borrowers_contactevent SET happened_at = happened_at - interval '1 day' WHERE id = %s",
            "its facts were changed",
        ),
        ("UPDATE borrowers_contactevent SET note = 'She was friendly.' WHERE id = %s", "its text was changed"),
        ("UPDATE borrowers_contactevent SET note = '' WHERE id = %s", "its text was changed"),
        ("DELETE FROM borrowers_contactevent WHERE id = %s", "its row is gone"),
    ],
)
def test_changed_row_shows(case: Borrower, change: str, told: str) -> None:
    seal_evidence()
    event = ContactEvent.objects.exclude(note="").get()
    run_unguarded("borrowers_contactevent", change, event.pk)
    (line,) = breaks()
    assert f"contact {event.pk}" in line
    assert told in line
    assert breaks(case) == [line]


def test_changed_removed_and_smuggled_links_show(case: Borrower) -> None:
    n_sealed = seal_evidence().n_sealed
    table = "recovery_evidenceevent"
    run_unguarded(table, "DELETE FROM recovery_evidenceevent WHERE number = %s", n_sealed)
    assert any(f"ends at event {n_sealed - 1}, not at {n_sealed}" in line for line in breaks())
    assert any("seal" in line for line in breaks())
    run_unguarded(table, "DELETE FROM recovery_evidenceevent WHERE number = 2")
    assert any("event 3" in line and "missing" in line for line in breaks())
    run_unguarded(table, "UPDATE recovery_evidenceevent SET source_id = source_id + 100000 WHERE number = 1")
    assert any("event 1" in line and "does not follow" in line for line in breaks())


def test_database_keeps_events_and_seals(case: Borrower) -> None:
    seal_evidence()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE recovery_evidenceevent SET happened_at = now()",
        "UPDATE recovery_evidenceevent SET salt = NULL",
        "DELETE FROM recovery_evidenceevent",
        "TRUNCATE recovery_evidenceevent CASCADE",
    ):
        assert refused_sql(statement) == "recovery_evidenceevent_is_append_only"
    assert refused_sql("UPDATE recovery_evidenceseal SET n_events = 1") == "recovery_evidenceseal_is_append_only"
    assert refused_sql("UPDATE borrowers_contactevent SET note = '[erased]'") == "borrowers_contactevent_is_append_only"
    assert refused_sql("DELETE FROM recovery_hold") == "recovery_hold_is_append_only"


def test_row_past_the_triggers_is_found(case: Borrower) -> None:
    seal_evidence()
    run_unguarded(
        "recovery_pagecheck",
        "INSERT INTO recovery_pagecheck (borrower_id, facts, is_passed) VALUES (%s, '{}', true)",
        case.pk,
    )
    assert any("page-check" in line and "neither sealed nor waits" in line for line in breaks())
    assert list(unguarded_tables()) == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE recovery_hold DISABLE TRIGGER new_rows_are_evidence")
    assert list(unguarded_tables()) == ["recovery_hold has no trigger new_rows_are_evidence"]


def test_digests_do_not_depend_on_the_time_zone_of_who_asks(case: Borrower) -> None:
    seal_evidence()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone TO 'Asia/Kolkata'")
        cursor.execute("SET LOCAL datestyle TO 'German'")
    assert breaks() == []


def test_verify_knows_the_chain(case: Borrower) -> None:
    seal_evidence()
    assert not [broken for broken in verify().broken if "evidence" in broken.name or "seal" in broken.name]


def test_attempts_are_sealed_again_when_they_were_made(case: Borrower, team: Team) -> None:
    """Whether somebody reserved the contact before, or it came unannounced."""
    agent = make_user(Role.AGENT, team=team)
    Borrower.objects.filter(pk=case.pk).update(team=team)
    loan = make_loan(borrower=case, instalments=[(date(2026, 5, 1), 100)])
    for _ in range(2):
        record_action(borrower=case, loan=loan, agent=agent, channel="call", outcome="no_answer")
    seal_evidence()
    sources = list(
        EvidenceEvent.objects.filter(borrower=case, source__startswith="attempt").values_list("source", flat=True)
    )
    assert sorted(sources) == ["attempt", "attempt", "attempt-end", "attempt-end"]
    assert breaks() == []
