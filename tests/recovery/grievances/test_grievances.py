"""Disputes hold contacts until they are answered, complaints have a clock, and neither is ever changed."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from borrowers.models import Borrower
from borrowers.services import current_instant
from creditpath.accounts.models import Role, User
from recovery.contacts.services import contact_permission, lift_hold, set_hold
from recovery.errors import BorrowerOutOfReach, GrievanceRefused, HoldRefused
from recovery.grievances.services import answer_grievance, record_grievance
from recovery.models import AnswerPeriod, Grievance, GrievanceAnswer, Hold
from tests.factories import make_borrower, make_contact, make_loan, make_team

pytestmark = pytest.mark.django_db
DAY = date(2026, 6, 30)


@pytest.fixture
def borrower(frozen_day: date) -> Borrower:
    return make_borrower(jurisdiction="US-NY", time_zone="America/New_York")


def enter(borrower: Borrower, kind: str = "dispute", **fields: Any) -> Grievance:
    fields = {"subject": "other", "channel": "letter", "text": "I do not owe this.", "recorded_by": None} | fields
    return record_grievance(borrower=borrower, kind=kind, **fields)


def answer(grievance: Grievance, **fields: Any) -> GrievanceAnswer:
    return answer_grievance(
        grievance=grievance, **{"outcome": "not_upheld", "text": "Here is the contract.", "answered_by": None} | fields
    )


def standing(borrower: Borrower) -> list[str]:
    return [
        hold.kind
        for hold in Hold.objects.filter(borrower=borrower, lifts__isnull=True)
        if not hasattr(hold, "lifted_by")
    ]


def test_a_dispute_holds_until_it_is_answered_and_no_other_way(borrower: Borrower) -> None:
    entered = enter(borrower)
    said = contact_permission(borrower=borrower, channel="call", instant=current_instant()).sentence
    assert "The debt is disputed, since 30 Jun 2026, until it is answered." in said
    (hold,) = Hold.objects.filter(borrower=borrower)
    assert (hold.kind, hold.ends_on, hold.grievance_id) == ("dispute", None, entered.pk)
    with pytest.raises(HoldRefused, match="Answer the dispute"):
        lift_hold(hold=hold, reason="It annoys me.", lifted_by=None)
    with pytest.raises(IntegrityError, match="dispute is answered before"), transaction.atomic():
        Hold.objects.create(borrower=borrower, kind="dispute", starts_on=DAY, reason="x", lifts=hold)
    answer(entered)
    assert standing(borrower) == []


def test_only_the_disputed_debt_is_held(borrower: Borrower) -> None:
    loan = make_loan(borrower=borrower, instalments=[(date(2026, 6, 1), 100)])
    enter(borrower, loan=loan)
    assert Hold.objects.get(borrower=borrower).loan == loan


def test_a_complaint_holds_nothing(borrower: Borrower) -> None:
    enter(borrower, "complaint", subject="conduct")
    assert standing(borrower) == []


@pytest.mark.parametrize(
    ("kind", "jurisdiction", "days"),
    [("dispute", "US-NY", 30), ("complaint", "US-NY", 15), ("complaint", "GB", 56), ("complaint", "", 15)],
)
def test_the_answer_is_due_as_where_they_live(borrower: Borrower, kind: str, jurisdiction: str, days: int) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction=jurisdiction)
    assert enter(borrower, kind).answer_due_on == DAY + timedelta(days=days)


def test_a_period_of_the_lenders_own_counts_from_its_day(borrower: Borrower) -> None:
    AnswerPeriod.objects.create(
        kind="complaint", jurisdiction_id="US", days=5, effective_from=DAY - timedelta(days=2), source="our board"
    )
    assert enter(borrower, "complaint").answer_due_on == DAY + timedelta(days=5)
    before = enter(borrower, "complaint", received_on=DAY - timedelta(days=3))
    assert before.answer_due_on == DAY - timedelta(days=3) + timedelta(days=15)


def test_what_is_wrong_is_said_by_field(borrower: Borrower) -> None:
    with pytest.raises(GrievanceRefused) as refused:
        enter(borrower, subject="conduct", text=" ", channel="pigeon", received_on=DAY + timedelta(days=1))
    assert set(refused.value.fields) == {"subject", "text", "channel", "received_on"}
    with pytest.raises(GrievanceRefused) as refused:
        enter(borrower, loan=make_loan(instalments=[(date(2026, 6, 1), 100)]))
    assert set(refused.value.fields) == {"loan"}


def test_it_is_answered_once(borrower: Borrower) -> None:
    entered = enter(borrower, "complaint", subject="service")
    kept = answer(entered, outcome="upheld", redress_amount=Decimal("20.00"), cause="A letter was lost.")
    assert (kept.answered_on, kept.redress_amount) == (DAY, Decimal("20.00"))
    with pytest.raises(GrievanceRefused, match="answered already"):
        answer(entered)


def test_the_database_changes_neither(borrower: Borrower) -> None:
    answer(enter(borrower))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    for table in ("recovery_grievance", "recovery_grievanceanswer"):
        for sql in (f"UPDATE {table} SET text = 'x'", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
            with (
                pytest.raises(IntegrityError, match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(sql)


def test_whoever_disputes_in_a_contact_is_in_the_register(borrower: Borrower) -> None:
    contact = make_contact(borrower, DAY - timedelta(days=20), outcome="dispute", note="Says it was paid in May.")
    (entered,) = Grievance.objects.filter(borrower=borrower)
    assert (entered.text, entered.received_on) == ("Says it was paid in May.", DAY - timedelta(days=20))
    assert standing(borrower) == ["dispute"]
    make_contact(borrower, DAY, outcome="no_answer", corrects=contact)
    assert (entered.answer.outcome, standing(borrower)) == ("withdrawn", [])


def test_a_history_that_is_imported_opens_no_old_disputes(borrower: Borrower) -> None:
    make_contact(borrower, DAY - timedelta(days=200), outcome="dispute")
    assert not Grievance.objects.exists()
    assert [hold.ends_on for hold in Hold.objects.all()] == [DAY - timedelta(days=200) + timedelta(days=29)]


def test_a_hold_for_a_dispute_is_a_dispute(borrower: Borrower) -> None:
    hold = set_hold(borrower=borrower, kind="dispute", reason="Letter of 29 June.", set_by=None)
    assert hold.grievance is not None and hold.grievance.text == "Letter of 29 June."
    with pytest.raises(HoldRefused, match="until it is answered"):
        set_hold(borrower=borrower, kind="dispute", reason="x", set_by=None, ends_on=DAY)


def test_an_agent_reaches_those_of_the_own_team_only(borrower: Borrower, people: dict[Role, User]) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(team=make_team("Elsewhere"))
    with pytest.raises(BorrowerOutOfReach):
        enter(borrower, recorded_by=people[Role.AGENT])
    enter(borrower)
    assert not Grievance.objects.visible_to(people[Role.AGENT]).exists()


# --- pages ------------------------------------------------------------------------------------------------------------
def test_a_dispute_is_entered_and_answered_on_its_pages(borrower: Borrower, client_of: Any) -> None:
    client = client_of(Role.MANAGER)
    fields = {"key": "k", "kind": "dispute", "subject": "amount", "channel": "call", "text": "<b>Too much</b>"}
    entered = client.post(f"/borrowers/{borrower.pk}/grievances/", fields, follow=True)
    assert "&lt;b&gt;Too much&lt;/b&gt;" in entered.content.decode()
    client.post(f"/borrowers/{borrower.pk}/grievances/", fields)  # a second press
    row = Grievance.objects.get()
    register = client.get("/grievances/").content.decode()
    assert f"/grievances/{row.pk}/" in register
    refused = client.post(f"/grievances/{row.pk}/answer/", {"key": "k", "outcome": "upheld", "text": ""})
    assert "What you typed is still here" in refused.content.decode()
    client.post(f"/grievances/{row.pk}/answer/", {"key": "k", "outcome": "upheld", "text": "You are right."})
    assert "You are right." in client.get(f"/grievances/{row.pk}/").content.decode()
    assert f"/grievances/{row.pk}/" in client.get("/grievances/?state=answered").content.decode()


def test_an_agent_enters_but_does_not_answer(borrower: Borrower, client_of: Any, people: dict[Role, User]) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(team=people[Role.AGENT].team)
    row = enter(borrower)
    client = client_of(Role.AGENT)
    assert "A manager or compliance answers" in client.get(f"/grievances/{row.pk}/").content.decode()
    assert client.post(f"/grievances/{row.pk}/answer/", {"outcome": "upheld", "text": "x"}).status_code == 403


def test_the_register_is_taken_out_as_text_that_no_spreadsheet_runs(borrower: Borrower, client_of: Any) -> None:
    enter(borrower, "complaint", text="=HYPERLINK(1)")
    taken = b"".join(client_of(Role.COMPLIANCE).get("/grievances.csv?kind=complaint").streaming_content).decode()
    assert "'=HYPERLINK(1)" in taken


def test_the_register_costs_the_same_however_long(borrower: Borrower, client_of: Any) -> None:
    client = client_of(Role.MANAGER)
    enter(borrower)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as captured:
            client.get("/grievances/")
        counts.append(len(captured))
        for _ in range(5):
            enter(make_borrower(), "complaint")
    assert counts[0] == counts[1]
