"""Inbound calls: the right borrower by any spelling, nothing of a debt before the check, the call recorded."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan
from borrowers.services import current_instant
from creditpath.accounts.models import Role, Team, User
from recovery.contacts.services import contact_permission
from recovery.errors import IdentityCheckRefused
from recovery.inbound.services import check_identity, find_callers
from recovery.models import ContactReservation, IdentityCheck
from tests.factories import make_borrower
from tests.recovery.inbound.conftest import FACTS

pytestmark = pytest.mark.django_db
Clients = Callable[[Role], Client]
OF_THE_DEBT = (b"L-0007788", b"7788", b"150.00", b"300.00", b"past due", b"overdue", b"1980", b"10001")


def number_of(value: str, jurisdiction: str) -> str | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT e164(%s, %s)", [value, jurisdiction])
        found: str | None = cursor.fetchone()[0]
        return found


@pytest.mark.parametrize(
    ("value", "place", "number"),
    [
        ("(212) 555-0123", "US-NY", "+12125550123"),
        ("1-212-555-0123 x45", "US-NY", "+12125550123"),
        ("011 44 20 7946 0018", "US-NY", "+442079460018"),
        ("+44 (0)20 7946 0018", "US-NY", "+442079460018"),
        ("020 7946 0018", "GB", "+442079460018"),
        ("0803 123 4567", "NG", "+2348031234567"),
        ("2348031234567", "NG", "+2348031234567"),
        ("98765 43210", "IN", "+919876543210"),
        ("06 30 123 4567", "HU", "+36301234567"),
        ("0039 06 1234567", "US", "+39061234567"),
        ("555 0123", "", None),
        ("12", "US-NY", None),
    ],
)
def test_numbers_become_e164_by_the_jurisdiction(value: str, place: str, number: str | None, db: None) -> None:
    assert number_of(value, place) == number


@pytest.mark.parametrize(
    "asked", ["+1 212 555 0123", "2125550123", "001 (212) 555.0123", "555-0123", "+12125550123", "C-500", "L-0007788"]
)
def test_any_spelling_finds_the_borrower(loan: Loan, agent: User, asked: str) -> None:
    assert find_callers(asked=asked, user=agent).matches == (loan.borrower,)


@pytest.mark.parametrize("asked", ["+44 212 555 0123", "718 555 0123", "0123", "nobody", "+1 212 555 0124", "%_%", "'"])
def test_another_number_finds_nobody(loan: Loan, agent: User, asked: str) -> None:
    assert find_callers(asked=asked, user=agent).matches == ()


def test_several_who_share_a_number_are_listed_without_a_debt_and_other_teams_are_named(
    loan: Loan, team: Team, other_team: Team, client_of: Clients
) -> None:
    for name, of in (("Ben Brown", team), ("Secret Person", other_team)):
        person = make_borrower(full_name=name, team=of)
        ContactPoint.objects.create(borrower=person, kind="phone", value="+1 212-555-0123")
    page = client_of(Role.AGENT).post("/inbound/", {"number": "2125550123"})
    assert b"Ada Brown" in page.content and b"Ben Brown" in page.content and b"South" in page.content
    assert b"Secret Person" not in page.content
    assert not [piece for piece in OF_THE_DEBT if piece in page.content]


def test_one_key_finds_one_checks_and_one_opens_the_case(
    loan: Loan, agent: User, client_of: Clients, settings: Any
) -> None:
    settings.LENDER_NAME = "North Lending"
    client, own = client_of(Role.AGENT), f"/inbound/{loan.borrower_id}/"
    assert client.post("/inbound/", {"number": "212 555 0123"}).headers["Location"] == own
    before = client.get(own)
    assert not [piece for piece in OF_THE_DEBT if piece in before.content]
    assert client.get(f"{own}disclosure/").headers["Location"] == own
    assert client.post(own, FACTS).headers["Location"] == f"{own}disclosure/"
    said = client.get(f"{own}disclosure/").content.decode()
    assert "This is an attempt to collect a debt" in said and "North Lending" in said
    case = client.get(f"/borrowers/{loan.borrower_id}/?call=inbound").content.decode()
    assert re.search(r'value="inbound"[^>]* checked', case)
    client.post(own, FACTS)  # a second press
    event = ContactEvent.objects.get()
    assert (event.channel, event.outcome, event.reached_borrower) == ("inbound", "spoke", True)
    assert event.contact_point.value == "(212) 555-0123"  # type: ignore[union-attr]


def test_the_call_starts_the_wait_and_is_no_attempt(loan: Loan, agent: User) -> None:
    check_identity(borrower=loan.borrower, agent=agent, answers=FACTS)
    answer = contact_permission(
        borrower=loan.borrower, loan=loan, channel="call", instant=current_instant() + timedelta(days=6)
    )
    assert [reason.code for reason in answer.reasons] == ["conversation_wait"]
    assert answer.attempts_used == 0 and not ContactReservation.objects.exists()


def test_what_came_of_the_call_takes_the_place_of_its_first_record(loan: Loan, agent: User, client_of: Clients) -> None:
    check = check_identity(borrower=loan.borrower, agent=agent, answers=FACTS)
    form = {
        "key": "k", "channel": "inbound", "outcome": "promise", "promise_amount": "150", "promise_due_on": "2026-07-03",
        "then": "stay",
    }  # fmt: skip
    client_of(Role.AGENT).post(f"/borrowers/{loan.borrower_id}/actions/", form)
    client_of(Role.AGENT).post(f"/borrowers/{loan.borrower_id}/actions/", form | {"key": "l"})  # a second call
    first, second = ContactEvent.objects.filter(outcome="promise").order_by("id")
    assert (first.corrects, second.corrects) == (check.contact_event, None)


@pytest.mark.parametrize(
    "answers",
    [
        FACTS | {"birth_date": "1980-02-04"},
        FACTS | {"postcode": "4711"},  # the number of the house
        FACTS | {"loan_last_4": "0007"},
        {"birth_date": "1980-02-03", "postcode": "x"},
        {"birth_date": "nonsense", "loan_last_4": "7788"},
    ],
)
def test_one_wrong_answer_fails_and_is_logged_without_the_answer(
    loan: Loan, agent: User, answers: dict[str, str]
) -> None:
    check = check_identity(borrower=loan.borrower, agent=agent, answers=answers)
    assert (check.is_passed, len(check.wrong)) == (False, 1)
    assert not ContactEvent.objects.exists()
    kept = str(IdentityCheck.objects.values())
    assert not [value for value in answers.values() if len(value) > 3 and value in kept]


def test_too_few_answers_are_no_check(loan: Loan, agent: User) -> None:
    with pytest.raises(IdentityCheckRefused, match="Ask for 2 of these"):
        check_identity(borrower=loan.borrower, agent=agent, answers={"birth_date": "1980-02-03"})
    assert not IdentityCheck.objects.exists()


def test_a_fact_that_the_books_do_not_hold_never_fits(loan: Loan, agent: User) -> None:
    Borrower.objects.filter(pk=loan.borrower_id).update(birth_date=None)
    loan.borrower.refresh_from_db()
    assert not check_identity(borrower=loan.borrower, agent=agent, answers=FACTS).is_passed


def test_after_three_failed_checks_even_the_right_answers_are_not_taken(
    loan: Loan, agent: User, client_of: Clients, people: dict[Role, User]
) -> None:
    for _ in range(3):
        check_identity(borrower=loan.borrower, agent=agent, answers=FACTS | {"postcode": "99999"})
    with pytest.raises(IdentityCheckRefused, match="Too many checks of this borrower"):
        check_identity(borrower=loan.borrower, agent=people[Role.MANAGER], answers=FACTS)
    page = client_of(Role.AGENT).post(f"/inbound/{loan.borrower_id}/", FACTS)
    assert b"Too many checks of this borrower" in page.content and b'name="birth_date"' not in page.content


def test_raw_sql_changes_no_check_and_passes_none_that_is_wrong(loan: Loan, agent: User) -> None:
    check = check_identity(borrower=loan.borrower, agent=agent, answers=FACTS | {"postcode": "99999"})
    insert = (
        "INSERT INTO recovery_identitycheck (borrower_id, agent_id, number, facts, wrong, is_passed, disclosure)"
        f" VALUES ({loan.borrower_id}, {agent.pk}, '', '{{birth_date}}', '{{birth_date}}', true, '')"
    )
    for change in (f"UPDATE recovery_identitycheck SET is_passed = true WHERE id = {check.pk}", insert):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
