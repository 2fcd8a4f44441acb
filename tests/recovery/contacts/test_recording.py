"""Recording what happened: all of it or nothing, once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from borrowers.models import ContactEvent, Loan, Promise
from borrowers.services import current_instant, refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from recovery.errors import ActionRefused, BorrowerOutOfReach, FormAlreadyUsed
from recovery.models import WorklistItem
from recovery.services import plan_worklists, recommend_actions, record_action
from tests.factories import make_borrower, make_loan, make_team, make_user

DAY = date(2026, 6, 30)
PROMISED = {
    "channel": "call",
    "outcome": "promise",
    "promise_amount": Decimal("200"),
    "promise_due_on": DAY + timedelta(days=5),
}


@pytest.fixture
def agent(team: Team) -> User:
    return make_user(Role.AGENT, team=team)


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    loan = make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=40), 500)])
    refresh_delinquency(as_of=DAY)
    return loan


def test_a_promise_is_written_with_its_contact_and_the_case_leaves_the_list(loan: Loan, agent: User) -> None:
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    report = record_action(borrower=loan.borrower, agent=agent, note=" will pay on Sunday ", **PROMISED)
    assert report.event.reached_borrower
    assert report.event.note == "will pay on Sunday"
    assert (report.event.effective_on, report.event.happened_at) == (DAY, current_instant())
    assert (report.promise.loan, report.promise.amount, report.promise.made_on) == (loan, Decimal("200"), DAY)
    assert WorklistItem.objects.get().done_at is not None


def test_the_same_form_twice_writes_once(loan: Loan, agent: User) -> None:
    first = record_action(borrower=loan.borrower, agent=agent, form_key="k1", **PROMISED)
    second = record_action(borrower=loan.borrower, agent=agent, form_key="k1", **PROMISED)
    assert (second.is_repeat, second.event, second.promise) == (True, first.event, first.promise)
    assert ContactEvent.objects.count() == Promise.objects.count() == 1


def test_a_form_of_another_borrower_is_refused(loan: Loan, agent: User, team: Team) -> None:
    record_action(borrower=loan.borrower, agent=agent, form_key="k1", channel="call", outcome="no_answer")
    other = make_borrower(team=team)
    with pytest.raises(FormAlreadyUsed):
        record_action(borrower=other, agent=agent, form_key="k1", channel="call", outcome="no_answer")


def test_keys_of_two_people_do_not_meet(loan: Loan, agent: User, team: Team) -> None:
    for person in (agent, make_user(Role.AGENT, team=team)):
        assert not record_action(
            borrower=loan.borrower, agent=person, form_key="k1", channel="call", outcome="no_answer"
        ).is_repeat


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"channel": "pigeon"}, "channel", "Choose how"),
        ({"outcome": ""}, "outcome", "Choose what"),
        (
            {"follow_up_on": DAY - timedelta(days=1)},
            "follow_up_on",
            "29 Jun 2026 has passed: choose 30 Jun 2026 or later",
        ),
        ({"promise_due_on": DAY - timedelta(days=1)}, "promise_due_on", "has passed"),
        ({"promise_due_on": None}, "promise_due_on", "Enter the day"),
        ({"promise_amount": None}, "promise_amount", "Enter the amount"),
        ({"promise_amount": Decimal(0)}, "promise_amount", "above zero"),
        ({"promise_amount": Decimal("NaN")}, "promise_amount", "above zero"),
        ({"promise_amount": Decimal("1.005")}, "promise_amount", "two decimals"),
        ({"promise_amount": Decimal("500.01")}, "promise_amount", "enter at most USD 500.00"),
        ({"outcome": "refused"}, "outcome", "promise to pay"),
        ({"note": "a\x00b"}, "note", "cannot be stored"),
        ({"note": "x" * 4001}, "note", "shorten it to 4,000"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy_and_nothing_is_written(
    loan: Loan, agent: User, changes: dict[str, Any], field: str, words: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        record_action(borrower=loan.borrower, agent=agent, **(PROMISED | changes))
    assert words in refusal.value.fields[field]
    assert not ContactEvent.objects.exists()


def test_a_call_back_needs_its_day(loan: Loan, agent: User) -> None:
    with pytest.raises(ActionRefused, match="call back"):
        record_action(borrower=loan.borrower, agent=agent, channel="call", outcome="call_back")


def test_a_time_to_come_is_refused(loan: Loan, agent: User) -> None:
    with pytest.raises(ActionRefused, match="still to come"):
        record_action(
            borrower=loan.borrower, agent=agent, channel="call", outcome="no_answer",
            happened_at=current_instant() + timedelta(days=400),
        )  # fmt: skip


def test_a_loan_of_another_borrower_is_refused(loan: Loan, agent: User) -> None:
    with pytest.raises(ActionRefused, match="another borrower's"):
        record_action(borrower=loan.borrower, agent=agent, loan=make_loan(), **PROMISED)


def test_agents_cannot_record_for_another_team(loan: Loan, other_team: Team) -> None:
    with pytest.raises(BorrowerOutOfReach):
        record_action(
            borrower=loan.borrower, agent=make_user(Role.AGENT, team=other_team), channel="call", outcome="no_answer"
        )


@pytest.mark.django_db(transaction=True)
def test_a_double_click_writes_once() -> None:
    set_business_date(day=DAY, is_frozen=True)
    team = make_team("North")
    agent = make_user(Role.AGENT, team=team)
    loan = make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=40), 500)])
    refresh_delinquency(as_of=DAY)
    barrier = Barrier(4)

    def click(_: int) -> int:
        try:
            barrier.wait()
            return record_action(borrower=loan.borrower, agent=agent, form_key="k", **PROMISED).event.pk
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(click, range(4)))) == 1
    assert ContactEvent.objects.count() == Promise.objects.count() == 1
