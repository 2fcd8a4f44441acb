"""Evidence is kept until its time is over; then two people may erase the texts, and the chain stays whole."""

from datetime import UTC, date, datetime

import pytest
from django.db import connection

from borrowers.models import Borrower, ContactEvent
from creditpath.accounts.models import Role, User
from recovery.errors import BorrowerOutOfReach, EvidenceRefused
from recovery.evidence.checking import broken_links, changed_events, unsealed_rows
from recovery.evidence.keeping import (
    decide_erasure,
    due_for_erasure,
    find_keeping,
    lift_legal_hold,
    request_erasure,
    set_legal_hold,
)
from recovery.evidence.sealing import seal_evidence
from recovery.models import ErasureDecision, EvidenceEvent, Grievance, GrievanceAnswer, Hold, RetentionPeriod
from tests.factories import make_contact
from tests.recovery.evidence.conftest import refused_sql, run_unguarded

pytestmark = pytest.mark.django_db


@pytest.fixture
def two(people: dict[Role, User]) -> tuple[User, User]:
    return people[Role.COMPLIANCE], people[Role.ADMIN]


def breaks(borrower: Borrower) -> list[str]:
    return [*changed_events(borrower), *broken_links(borrower), *unsealed_rows(borrower)]


def test_clock_runs_from_the_last_activity(case: Borrower, old_case: Borrower) -> None:
    assert find_keeping(old_case).last_activity_at is None  # nothing is sealed yet
    seal_evidence()
    assert (find_keeping(old_case).months, find_keeping(old_case).ends_on) == (36, date(2026, 3, 1))
    assert find_keeping(old_case).may_erase
    assert (find_keeping(case).ends_on, find_keeping(case).may_erase) == (date(2029, 6, 9), False)
    assert [chain.borrower for chain in due_for_erasure(limit=10)] == [old_case]


def test_the_nearest_period_in_force_counts(old_case: Borrower) -> None:
    seal_evidence()
    fields = {"effective_from": date(2026, 1, 1), "source": "test", "is_shipped": True}
    RetentionPeriod.objects.create(jurisdiction_id="US-NY", version=1, months=60, **fields)
    assert find_keeping(old_case).months == 36, "a draft counts for nothing"
    fields["approved_at"] = datetime(2026, 1, 1, tzinfo=UTC)
    RetentionPeriod.objects.create(jurisdiction_id="US-NY", version=2, months=48, **fields)
    assert (find_keeping(old_case).months, find_keeping(old_case).may_erase) == (48, False)
    Borrower.objects.filter(pk=old_case.pk).update(jurisdiction="")
    assert find_keeping(old_case).months == 72, "the one for everywhere"
    assert (
        refused_sql("UPDATE recovery_retentionperiod SET months = 1 WHERE approved_at IS NOT NULL")
        == "recovery_retentionperiod_is_kept_once_approved"
    )


def test_erasure_takes_texts_and_leaves_the_chain(old_case: Borrower, two: tuple[User, User]) -> None:
    seal_evidence()
    before = {event.number: bytes(event.sha256) for event in EvidenceEvent.objects.filter(borrower=old_case)}
    request = request_erasure(borrower=old_case, origin="retention", requested_by=two[0])
    decide_erasure(request=request, is_approved=True, decided_by=two[1])
    assert set(ContactEvent.objects.values_list("note", flat=True)) == {"[erased]", ""}
    assert Hold.objects.get(borrower=old_case, kind="cease").reason == "[erased]"
    assert Grievance.objects.get().text == GrievanceAnswer.objects.get().text == "[erased]"
    assert not EvidenceEvent.objects.filter(borrower=old_case, salt__isnull=False).exists()
    after = {event.number: bytes(event.sha256) for event in EvidenceEvent.objects.filter(borrower=old_case)}
    assert before.items() <= after.items()
    seal_evidence()
    assert breaks(old_case) == []
    assert EvidenceEvent.objects.filter(borrower=old_case).order_by("number").last().source == "erasure"
    assert due_for_erasure(limit=10) == []


def test_any_other_change_of_an_erased_row_shows(old_case: Borrower, two: tuple[User, User]) -> None:
    request = request_erasure(borrower=old_case, origin="borrower", requested_by=two[0])
    decide_erasure(request=request, is_approved=True, decided_by=two[1])
    contact = ContactEvent.objects.get(note="[erased]")
    assert refused_sql("UPDATE borrowers_contactevent SET note = 'x'") == "borrowers_contactevent_is_append_only"
    assert (
        refused_sql("UPDATE borrowers_contactevent SET note = '[erased]', outcome = 'paid' WHERE id = %s", contact.pk)
        == "borrowers_contactevent_is_append_only"
    )
    run_unguarded(
        "borrowers_contactevent", "UPDATE borrowers_contactevent SET note = 'friendly' WHERE id = %s", contact.pk
    )
    (line,) = breaks(old_case)
    assert "its text was changed" in line


def test_text_written_after_an_erasure_stays(old_case: Borrower, two: tuple[User, User]) -> None:
    request = request_erasure(borrower=old_case, origin="retention", requested_by=two[0])
    decide_erasure(request=request, is_approved=True, decided_by=two[1])
    contact = make_contact(old_case, date(2026, 6, 29), note="He called us.")
    seal_evidence()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert (
        refused_sql("UPDATE borrowers_contactevent SET note = '[erased]' WHERE id = %s", contact.pk)
        == "borrowers_contactevent_is_append_only"
    )
    assert breaks(old_case) == []
    assert not find_keeping(old_case).may_erase, "the clock began anew"


def test_erasure_waits_for_time_hold_and_a_second_person(
    case: Borrower, old_case: Borrower, two: tuple[User, User]
) -> None:
    seal_evidence()
    early = request_erasure(borrower=case, origin="borrower", requested_by=two[0])
    with pytest.raises(EvidenceRefused, match="kept longer"):
        decide_erasure(request=early, is_approved=True, decided_by=two[1])
    with pytest.raises(EvidenceRefused) as refusal:
        decide_erasure(request=early, is_approved=False, decided_by=two[1])
    assert "reason" in refusal.value.fields
    decide_erasure(request=early, is_approved=False, decided_by=two[1], reason="Kept until 9 June 2029 by law.")
    held = set_legal_hold(borrower=old_case, reason="Smith v. us", set_by=two[0])
    request = request_erasure(borrower=old_case, origin="retention", requested_by=two[0])
    with pytest.raises(EvidenceRefused, match="already"):
        request_erasure(borrower=old_case, origin="borrower", requested_by=two[1])
    with pytest.raises(EvidenceRefused, match="legal hold"):
        decide_erasure(request=request, is_approved=True, decided_by=two[1])
    assert due_for_erasure(limit=10) == []
    lift_legal_hold(hold=held, reason="settled", lifted_by=two[1])
    with pytest.raises(EvidenceRefused, match="lifted already"):
        lift_legal_hold(hold=held, reason="again", lifted_by=two[1])
    with pytest.raises(EvidenceRefused, match="another person"):
        decide_erasure(request=request, is_approved=True, decided_by=two[0])
    decide_erasure(request=request, is_approved=True, decided_by=two[1])
    with pytest.raises(EvidenceRefused, match="already"):
        decide_erasure(request=request, is_approved=True, decided_by=two[1])
    assert ErasureDecision.objects.filter(is_approved=True).count() == 1


def test_forged_decision_is_refused_by_the_database(case: Borrower, two: tuple[User, User]) -> None:
    seal_evidence()
    request = request_erasure(borrower=case, origin="borrower", requested_by=two[0])
    insert = (
        "INSERT INTO recovery_erasuredecision (request_id, is_approved, reason, through_number, decided_by_id)"
        " VALUES (%s, true, '', 1, %s)"
    )
    assert refused_sql(insert, request.pk, two[0].pk) == "erasure_is_decided_by_a_second_person"
    assert refused_sql(insert, request.pk, two[1].pk) == "evidence_is_kept_until_its_time_is_over"


def test_agents_decide_nothing_about_borrowers_of_others(case: Borrower, people: dict[Role, User]) -> None:
    with pytest.raises(BorrowerOutOfReach):
        set_legal_hold(borrower=case, reason="x", set_by=people[Role.AGENT])
