"""How often: seven calls in seven days, the wait after a conversation, what is not counted, caps of messages, consent."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from borrowers.models import Borrower, Consent, ContactEvent, ContactPoint, Loan, LoanParty
from creditpath.accounts.models import User
from recovery.contacts.services import choose_contact_profile
from tests.factories import make_borrower, make_contact, make_loan
from tests.recovery.contacts.conftest import NEW_YORK, Ask, codes, local

pytestmark = pytest.mark.django_db
NOON = local(NEW_YORK, 2026, 6, 30, 12)
Call = Callable[..., ContactEvent]


@pytest.fixture
def call(loan: Loan) -> Call:
    """Put a call into the books, by default about the loan and some days before noon of 30 June."""

    def call(days: int = 0, *, at: datetime | None = None, **fields: Any) -> ContactEvent:
        at = at or NOON - timedelta(days=days)
        fields = {"borrower": loan.borrower, "loan": loan, "happened_at": at} | fields
        return make_contact(fields.pop("borrower"), at.date(), **fields)

    return call


@pytest.fixture
def phone(borrower: Borrower) -> ContactPoint:
    return ContactPoint.objects.create(borrower=borrower, kind="phone", value="+1 212 555 0100")


def consent(point: ContactPoint, at: datetime, *, channel: str = "call", is_given: bool = True) -> Consent:
    return Consent.objects.create(
        contact_point=point, channel=channel, is_given=is_given, source="on the phone", happened_at=at
    )


# --- seven calls in seven days ----------------------------------------------------------------------------------------
def test_the_seventh_call_is_allowed_and_the_eighth_is_not(ask: Ask, call: Call) -> None:
    for days in range(6):
        call(days)
    answer = ask(NOON)
    assert (answer.is_allowed, answer.attempts_used, answer.attempts_left) == (True, 6, 1)
    call(6)
    answer = ask(NOON)
    assert (codes(answer), answer.attempts_left) == (["call_limit"], 0)
    assert answer.sentence == (
        "7 of 7 calls used within 7 days. Next from 1 Jul 2026 08:00 (America/New_York)."
    )  # the one of 24 June leaves the window on 1 July


def test_days_of_the_window_are_calendar_days_of_the_person(ask: Ask, call: Call) -> None:
    """A call at 20:59 of seven days ago is outside from the morning on, though it is less than 168 hours ago."""
    for _ in range(7):
        call(at=local(NEW_YORK, 2026, 6, 23, 20, 59))
    assert not ask(local(NEW_YORK, 2026, 6, 29, 20, 59)).is_allowed
    assert ask(local(NEW_YORK, 2026, 6, 30, 8)).is_allowed


def test_the_window_has_seven_calendar_days_over_the_change_of_the_clock(ask: Ask, call: Call) -> None:
    """168 hours before 11 March 2026 20:00 New York is 4 March 19:00: days are counted, not hours."""
    for _ in range(7):
        call(at=local(NEW_YORK, 2026, 3, 4, 19, 30))
    answer = ask(local(NEW_YORK, 2026, 3, 10, 20, 30))
    assert codes(answer) == ["call_limit"]
    assert answer.next_allowed_at == local(NEW_YORK, 2026, 3, 11, 8)
    assert ask(local(NEW_YORK, 2026, 3, 11, 8)).is_allowed


def test_with_two_zones_the_stricter_day_counts(ask: Ask, call: Call, borrower: Borrower) -> None:
    """In Tokyo it is still 24 June when in New York 23 June ends: the window is left only when it is left in both."""
    ContactPoint.objects.create(borrower=borrower, kind="address", value="Tokyo", time_zone="Asia/Tokyo")
    for _ in range(7):
        call(at=local(NEW_YORK, 2026, 6, 23, 20))  # 24 June 9:00 in Tokyo
    assert "call_limit" in codes(ask(local(NEW_YORK, 2026, 6, 30, 8)))
    assert "call_limit" not in codes(ask(local(NEW_YORK, 2026, 6, 30, 20)))  # 1 July in Tokyo


def test_all_numbers_and_all_agents_count_together(
    ask: Ask, call: Call, phone: ContactPoint, agent: User, people: Any
) -> None:
    for number in range(7):
        call(
            number,
            agent=agent if number % 2 else people["manager"],
            contact_point=phone if number % 3 else None,
        )
    assert not ask(NOON, contact_point=phone).is_allowed


def test_each_debt_has_a_count_of_its_own_and_a_call_about_all_counts_for_each(
    ask: Ask, call: Call, borrower: Borrower
) -> None:
    other = make_loan(borrower=borrower)
    for days in range(6):
        call(days)
    assert ask(NOON, loan=other).attempts_used == 0
    call(0, loan=None)
    assert (ask(NOON).attempts_used, ask(NOON, loan=other).attempts_used) == (7, 1)
    assert codes(ask(NOON, loan=None)) == ["call_limit"]  # a call about all debts would be the eighth of one


def test_each_person_has_a_count_of_their_own(ask: Ask, call: Call, loan: Loan) -> None:
    guarantor = make_borrower(team=loan.borrower.team)
    LoanParty.objects.create(loan=loan, person=guarantor, role="guarantor", since=date(2026, 1, 1))
    for days in range(7):
        call(days)
    assert ask(NOON, borrower=guarantor).attempts_left == 7
    call(0, borrower=guarantor)
    assert ask(NOON, borrower=guarantor).attempts_left == 6


def test_who_has_nothing_to_do_with_the_loan_is_not_contacted_about_it(ask: Ask, loan: Loan) -> None:
    stranger = make_borrower()
    assert codes(ask(NOON, borrower=stranger)) == ["not_a_party"]
    LoanParty.objects.create(
        loan=loan, person=stranger, role="authorised", authority="power of attorney", since=date(2026, 1, 1),
        until=date(2026, 6, 29),
    )  # fmt: skip
    assert codes(ask(NOON, borrower=stranger)) == ["not_a_party"]
    assert ask(NOON - timedelta(days=2), borrower=stranger).is_allowed


def test_calls_that_were_not_connected_do_not_count(ask: Ask, call: Call) -> None:
    for days in range(7):
        call(days, is_connected=days != 3)
    assert ask(NOON).attempts_used == 6


def test_a_corrected_call_does_not_count_its_correction_does(ask: Ask, call: Call) -> None:
    wrong = call(1)
    call(1, is_connected=False, corrects=wrong)
    assert ask(NOON).attempts_used == 0


def test_a_clock_that_was_set_back_forgives_nothing(ask: Ask, call: Call) -> None:
    for _ in range(7):
        call(at=NOON)
    for hours in (1, 24, 24 * 30):
        assert "call_limit" in codes(ask(NOON - timedelta(hours=hours)))


# --- conversations ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("channel", ["call", "inbound"])
def test_no_call_within_seven_days_of_a_conversation_its_day_being_the_first(
    channel: str, ask: Ask, call: Call
) -> None:
    call(at=local(NEW_YORK, 2026, 6, 24, 20), channel=channel, outcome="refused")
    answer = ask(NOON)
    assert codes(answer) == ["conversation_wait"]
    assert answer.next_allowed_at == local(NEW_YORK, 2026, 7, 1, 8)
    assert answer.attempts_used == (1 if channel == "call" else 0)  # an inbound conversation is no attempt
    assert ask(local(NEW_YORK, 2026, 7, 1, 8)).is_allowed


def test_a_conversation_about_another_debt_starts_no_wait(ask: Ask, call: Call, borrower: Borrower) -> None:
    call(1, outcome="refused", loan=make_loan(borrower=borrower))
    assert ask(NOON).is_allowed


def test_a_conversation_stops_calls_not_messages(ask: Ask, call: Call) -> None:
    call(1, outcome="refused")
    assert ask(NOON, channel="sms").is_allowed


# --- prior consent ----------------------------------------------------------------------------------------------------
def test_within_seven_days_of_consent_calls_are_allowed_and_not_counted(
    ask: Ask, call: Call, phone: ContactPoint
) -> None:
    for days in range(7):
        call(days)
    consent(phone, local(NEW_YORK, 2026, 6, 24, 9))
    assert ask(NOON, contact_point=phone).is_allowed
    assert not ask(NOON).is_allowed  # the consent is for that number
    assert not ask(local(NEW_YORK, 2026, 7, 1, 9) - timedelta(days=8), contact_point=phone).is_allowed
    consented = call(0, contact_point=phone, at=NOON - timedelta(minutes=1))
    assert ask(NOON).attempts_used == 7
    assert ask(NOON).attempts_used == ContactEvent.objects.exclude(pk=consented.pk).count()


def test_consent_of_the_eighth_day_is_over(ask: Ask, call: Call, phone: ContactPoint) -> None:
    for days in range(7):
        call(days)
    consent(phone, local(NEW_YORK, 2026, 6, 23, 23))
    assert codes(ask(NOON, contact_point=phone)) == ["call_limit"]


def test_who_asks_for_a_call_back_may_be_called_back(ask: Ask, call: Call) -> None:
    call(1, outcome="call_back")
    answer = ask(NOON)
    assert answer.is_allowed
    assert "call back" in (answer.consented or "")


# --- messages ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("channel", "cap"), [("sms", 3), ("email", 3), ("visit", 1)])
def test_messages_have_caps_of_their_own(channel: str, cap: int, ask: Ask, call: Call) -> None:
    for days in range(cap):
        call(days, channel=channel, outcome="sent")
    answer = ask(NOON, channel=channel)
    assert codes(answer) == [f"{channel}_limit"]
    assert ask(NOON).attempts_used == 0


def test_in_massachusetts_texts_count_as_calls(ask: Ask, call: Call, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction="US-MA")
    call(2)
    call(1, channel="sms", outcome="sent")
    assert codes(ask(NOON)) == ["call_limit"]
    assert codes(ask(NOON, channel="sms")) == ["sms_limit"]
    assert ask(NOON).attempts_limit == 2


# --- opting out -------------------------------------------------------------------------------------------------------
def test_the_latest_word_on_a_channel_counts(ask: Ask, phone: ContactPoint) -> None:
    consent(phone, NOON - timedelta(days=3), channel="any")
    consent(phone, NOON - timedelta(days=2), channel="sms", is_given=False)
    assert codes(ask(NOON, channel="sms", contact_point=phone)) == ["opted_out"]
    assert codes(ask(NOON, channel="sms")) == ["opted_out"]  # their only number
    assert ask(NOON, contact_point=phone).is_allowed
    consent(phone, NOON - timedelta(days=1), channel="sms")
    assert ask(NOON, channel="sms", contact_point=phone).is_allowed


def test_one_number_opted_out_leaves_the_other(ask: Ask, phone: ContactPoint, borrower: Borrower) -> None:
    consent(phone, NOON - timedelta(days=2), channel="any", is_given=False)
    other = ContactPoint.objects.create(borrower=borrower, kind="phone", value="+1 212 555 0101")
    assert not ask(NOON, contact_point=phone).is_allowed
    assert ask(NOON, contact_point=other).is_allowed
    assert ask(NOON).is_allowed


def test_a_point_marked_as_opted_out_is_closed(ask: Ask, phone: ContactPoint) -> None:
    ContactPoint.objects.filter(pk=phone.pk).update(opted_out_on=date(2026, 6, 1))
    consent(phone, NOON - timedelta(days=1))
    assert codes(ask(NOON, contact_point=phone)) == ["opted_out"]


def test_a_contact_point_is_the_persons_and_of_the_kind(ask: Ask, phone: ContactPoint) -> None:
    strange = ContactPoint.objects.create(borrower=make_borrower(), kind="phone", value="+1 212 555 0102")
    assert codes(ask(NOON, contact_point=strange)) == ["not_their_contact_point"]
    assert codes(ask(NOON, channel="email", contact_point=phone)) == ["wrong_contact_point"]


# --- which rules ------------------------------------------------------------------------------------------------------
def test_the_answer_names_the_version_of_the_rules(ask: Ask, call: Call) -> None:
    assert ask(NOON).rule_words == "US third party, version 1"  # the stricter profile until one is chosen
    call(3, outcome="refused")
    assert not ask(NOON).is_allowed
    choose_contact_profile(profile="first_party", reason="Own debts.", chosen_by=None)
    answer = ask(NOON)
    assert answer.is_allowed  # the wait of three days is over
    assert (answer.rule or {})["basis"] == "policy"


def test_all_reasons_are_given_at_once(ask: Ask, call: Call) -> None:
    for days in range(7):
        call(days, outcome="refused")
    late = ask(local(NEW_YORK, 2026, 6, 30, 22))
    assert codes(late) == ["call_limit", "conversation_wait", "outside_hours"]
    assert late.next_allowed_at == local(NEW_YORK, 2026, 7, 7, 8)


def test_the_answer_in_sql_has_columns(borrower: Borrower, loan: Loan) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT is_allowed, reasons, attempts_left, next_allowed_local FROM contact_permission(%s, %s, 'call', NULL, %s)",
            [borrower.pk, loan.pk, NOON],
        )
        assert cursor.fetchone()[0] is True
