"""Reserving: limited whichever way it comes in; recording: never limited, always flagged."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan
from borrowers.services import current_instant, set_business_date
from creditpath.accounts.models import Role, User
from creditpath.invariants import verify
from recovery.contacts.services import (
    ask_again,
    expire_reservations,
    record_action,
    release_contact,
    reserve_contact,
    set_hold,
)
from recovery.errors import AttemptIsOver, BorrowerOutOfReach, ContactNotPermitted
from recovery.models import ContactBlock, ContactReservation
from tests.factories import at, make_borrower, make_contact, make_loan, make_team, make_user

DAY = date(2026, 6, 30)
# The catalogue of faults asks for a thousand races for real: RACES=1000 pytest tests/recovery/contacts/test_reserving.py
RACES = int(os.environ.get("RACES", "50"))
RAW = "INSERT INTO recovery_contactreservation (borrower_id, loan_id, channel, reserved_at) VALUES (%s, %s, 'call', %s)"
Insert = Callable[..., None]


@pytest.fixture
def six_calls(loan: Loan) -> None:
    for days in range(6):
        make_contact(
            loan.borrower, DAY - timedelta(days=days), loan=loan, happened_at=at(DAY - timedelta(days=days), 9)
        )


def insert(borrower: Borrower, loan: Loan, when: Any = None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RAW, [borrower.pk, loan.pk, when or current_instant()])


# --- reserving --------------------------------------------------------------------------------------------------------
def test_the_last_attempt_is_reserved_once_and_the_refusal_is_logged(
    six_calls: None, loan: Loan, agent: User, people: dict[Role, User]
) -> None:
    report = reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call")
    assert (report.answer.attempts_left, report.reservation.number) == (1, 1)
    with pytest.raises(ContactNotPermitted) as refusal:
        reserve_contact(borrower=loan.borrower, loan=loan, agent=people[Role.MANAGER], channel="call")
    assert refusal.value.detail == "7 of 7 calls used within 7 days. Next from 2 Jul 2026 08:00 (America/New_York)."
    block = ContactBlock.objects.get()
    assert (block.agent, block.answer["reasons"][0]["code"]) == (people[Role.MANAGER], "call_limit")
    assert block.rule_id == report.reservation.rule_id


def test_who_has_an_attempt_open_gets_it_again(six_calls: None, loan: Loan, agent: User) -> None:
    first, second = (reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call") for _ in range(2))
    assert (second.is_repeat, second.reservation) == (True, first.reservation)


def test_a_released_attempt_is_free_again_and_numbers_have_no_gaps(six_calls: None, loan: Loan, agent: User) -> None:
    for number in (1, 2, 3):
        reservation = reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call").reservation
        assert reservation.number == number
        release_contact(reservation=reservation)
    with pytest.raises(AttemptIsOver):
        release_contact(reservation=reservation)
    assert list(ContactReservation.objects.order_by("id").values_list("number", flat=True)) == [1, 2, 3]


def test_an_attempt_that_expired_is_free_again_but_counts_if_it_was_made(
    six_calls: None, loan: Loan, agent: User, people: dict[Role, User]
) -> None:
    late = reserve_contact(
        borrower=loan.borrower, loan=loan, agent=agent, channel="call", lease=timedelta(seconds=0)
    ).reservation
    other = reserve_contact(borrower=loan.borrower, loan=loan, agent=people[Role.MANAGER], channel="call").reservation
    late.refresh_from_db()
    assert late.state == "expired"
    report = record_action(
        borrower=loan.borrower, loan=loan, agent=agent, channel="call", outcome="no_answer", reservation=late
    )
    assert report.attempt == late
    assert report.flags[0] == "7 of 7 calls used within 7 days."
    assert other.flags == []


def test_leases_end_by_the_clock(six_calls: None, loan: Loan, agent: User) -> None:
    reservation = reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call").reservation
    assert expire_reservations() == 0
    assert expire_reservations(now=current_instant() + timedelta(minutes=31)) == 1
    reservation.refresh_from_db()
    assert reservation.state == "expired"


def test_agents_reserve_for_their_own_team_alone(loan: Loan, other_team: Any) -> None:
    with pytest.raises(BorrowerOutOfReach):
        reserve_contact(borrower=loan.borrower, loan=loan, agent=make_user(Role.AGENT, team=other_team), channel="call")


def test_the_gate_is_asked_again_at_dispatch(loan: Loan, agent: User) -> None:
    point = ContactPoint.objects.create(borrower=loan.borrower, kind="phone", value="+1 212 555 0100")
    message = reserve_contact(borrower=loan.borrower, agent=agent, channel="sms", contact_point=point).reservation
    assert ask_again(reservation=message).is_allowed  # its own place in the count does not stand in its way
    set_hold(borrower=loan.borrower, kind="cease", reason="said so", set_by=agent)
    with pytest.raises(ContactNotPermitted):
        ask_again(reservation=message)
    message.refresh_from_db()
    assert (message.state, ContactBlock.objects.get().reservation) == ("blocked", message)


# --- past the verbs ---------------------------------------------------------------------------------------------------
def test_raw_sql_cannot_place_the_eighth_call(six_calls: None, loan: Loan) -> None:
    insert(loan.borrower, loan)
    with pytest.raises(IntegrityError, match="7 of 7 calls used") as refusal:
        insert(loan.borrower, loan)
    assert refusal.value.__cause__.diag.constraint_name == "contact_is_permitted"  # type: ignore[union-attr]


def test_raw_sql_cannot_choose_another_day(six_calls: None, loan: Loan) -> None:
    insert(loan.borrower, loan)
    for days in (-400, 40):
        with pytest.raises(IntegrityError, match="the books stand on 2026-06-30"):
            insert(loan.borrower, loan, current_instant() + timedelta(days=days))
    set_business_date(day=DAY, is_frozen=False)
    Borrower.objects.filter(pk=loan.borrower_id).update(jurisdiction="")
    with pytest.raises(
        IntegrityError, match="No jurisdiction"
    ):  # and where nothing is frozen it is now, whatever is said
        insert(loan.borrower, loan, current_instant() - timedelta(days=400))


def test_in_bulk_the_eighth_is_refused_and_with_it_the_statement(six_calls: None, loan: Loan) -> None:
    rows = [
        ContactReservation(borrower=loan.borrower, loan=loan, channel="call", reserved_at=current_instant())
        for _ in range(2)
    ]
    with pytest.raises(IntegrityError, match="7 of 7 calls used"), transaction.atomic():
        ContactReservation.objects.bulk_create(rows)
    ContactReservation.objects.bulk_create(rows[:1])
    assert ContactReservation.objects.count() == 1


@pytest.mark.parametrize("state", ["performed", "released", "expired", "blocked"])
def test_an_attempt_cannot_begin_at_its_end(state: str, loan: Loan) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO recovery_contactreservation (borrower_id, channel, state, reserved_at) VALUES (%s, 'call', %s, now())",
            [loan.borrower_id, state],
        )
    assert refusal.value.__cause__.diag.constraint_name == "attempt_is_reserved_or_took_place"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "change",
    [
        "reserved_at = reserved_at - interval '30 days'", "borrower_id = borrower_id + 1", "number = 99", "channel = 'sms'",
        "lease_until = now() + interval '9 years'", "state = 'reserved'", "answer = '{}'",
    ],
)  # fmt: skip
def test_an_attempt_is_not_rewritten(change: str, loan: Loan, agent: User) -> None:
    reservation = reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call").reservation
    release_contact(reservation=reservation)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE recovery_contactreservation SET {change}")
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM recovery_contactreservation")


# --- recording --------------------------------------------------------------------------------------------------------
def test_what_took_place_is_recorded_and_flagged(six_calls: None, loan: Loan, agent: User) -> None:
    for number, flags in ((1, []), (2, ["7 of 7 calls used within 7 days."])):
        report = record_action(borrower=loan.borrower, loan=loan, agent=agent, channel="call", outcome="no_answer")
        assert report.attempt is not None
        assert (report.attempt.number, report.flags[:1]) == (number, flags)
    assert ContactEvent.objects.count() == 8


def test_a_reserved_attempt_becomes_the_contact_and_counts_once(six_calls: None, loan: Loan, agent: User) -> None:
    reservation = reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call").reservation
    report = record_action(borrower=loan.borrower, loan=loan, agent=agent, channel="call", outcome="no_answer")
    assert (report.attempt, report.flags, report.attempt and report.attempt.state) == (reservation, [], "performed")
    with pytest.raises(ContactNotPermitted) as refusal:
        reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call")
    assert refusal.value.answer.attempts_used == 7


def test_an_inbound_call_is_no_attempt(loan: Loan, agent: User) -> None:
    report = record_action(borrower=loan.borrower, agent=agent, channel="inbound", outcome="refused")
    assert (report.attempt, report.flags) == (None, [])


def test_a_call_at_night_is_recorded_and_flagged(loan: Loan, agent: User) -> None:
    report = record_action(
        borrower=loan.borrower, agent=agent, channel="call", outcome="no_answer",
        happened_at=current_instant() - timedelta(hours=5),
    )  # fmt: skip
    assert "allowed from 08:00 to 21:00" in report.flags[0]


def test_verify_knows_that_attempts_stay_within_the_limit(six_calls: None, loan: Loan, agent: User) -> None:
    reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call")
    record_action(borrower=loan.borrower, loan=loan, agent=agent, channel="call", outcome="no_answer")
    record_action(borrower=loan.borrower, loan=loan, agent=agent, channel="call", outcome="no_answer")
    assert not verify().broken
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE recovery_contactreservation DISABLE TRIGGER USER")
        for number in range(3, 12):
            cursor.execute(
                "INSERT INTO recovery_contactreservation (borrower_id, number, loan_id, channel, state, reserved_at, rule_id,"
                " answer, flags, booked_at) SELECT borrower_id, %s, loan_id, channel, state, reserved_at, rule_id, answer, '{}',"
                " booked_at FROM recovery_contactreservation WHERE number = 1",
                [number + (number > 8)],
            )
        cursor.execute("ALTER TABLE recovery_contactreservation ENABLE TRIGGER USER")
    names = {broken.name for broken in verify().broken}
    assert names == {
        "reserved calls stay within their limit unless flagged",
        "attempts of a person are numbered without gaps",
        "all that is evidence is sealed or waits for its seal",
    }


# --- at once ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["verb", "insert", "snapshot"])
def test_of_two_who_race_for_the_last_call_one_gets_it(way: str) -> None:
    """Count-then-insert let the eighth call in 180 times of 200. `snapshot` races under REPEATABLE READ."""
    set_business_date(day=DAY, is_frozen=True)
    team = make_team("North")
    agents = [make_user(Role.AGENT, team=team) for _ in range(2)]
    loans = [make_loan(borrower=make_borrower(team=team)) for _ in range(RACES)]
    for loan in loans:
        for days in range(6):
            make_contact(
                loan.borrower, DAY - timedelta(days=days), loan=loan, happened_at=at(DAY - timedelta(days=days), 9)
            )
    barrier = Barrier(2)

    def race(place: int) -> list[bool]:
        won = []
        try:
            for loan in loans:
                barrier.wait(timeout=60)
                won.append(_try(way, loan, agents[place]))
        finally:
            connection.close()
        return won

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(race, range(2))
    assert [one + other for one, other in zip(first, second, strict=True)] == [1] * RACES
    assert ContactReservation.objects.count() == RACES
    assert any(first) or any(second)


def _try(way: str, loan: Loan, agent: User) -> bool:
    try:
        if way == "verb":
            reserve_contact(borrower=loan.borrower, loan=loan, agent=agent, channel="call")
        else:
            with transaction.atomic(), connection.cursor() as cursor:
                if way == "snapshot":
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    cursor.execute("SELECT count(*) FROM recovery_contactreservation")
                cursor.execute(RAW, [loan.borrower_id, loan.pk, current_instant()])
    except (ContactNotPermitted, IntegrityError, OperationalError):
        return False
    return True
