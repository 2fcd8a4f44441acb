"""Call-backs at a time of the borrower's own day: said in their zone, legal, and on the worklist when they are due."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from borrowers.models import Borrower
from creditpath.accounts.models import Role, User
from recovery.contacts.services import due_call_backs, record_action
from recovery.errors import ActionRefused
from recovery.models import CallBack
from tests.recovery.contacts.conftest import local

DAY = date(2026, 6, 30)
NEXT = DAY + timedelta(days=1)


def ask_back(borrower: Borrower, agent: User, day: date, at: time) -> CallBack:
    record_action(
        borrower=borrower, agent=agent, channel="call", outcome="call_back", follow_up_on=day, call_back_time=at
    )
    return CallBack.objects.get()


@pytest.mark.parametrize(("zone", "jurisdiction"), [("America/Los_Angeles", "US-CA"), ("Asia/Kolkata", "IN")])
def test_the_time_is_the_borrowers_own(borrower: Borrower, agent: User, zone: str, jurisdiction: str) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(time_zone=zone, jurisdiction=jurisdiction)
    borrower.refresh_from_db()
    assert ask_back(borrower, agent, NEXT, time(15, 30)).due_at == local(zone, 2026, 7, 1, 15, 30)


@pytest.mark.parametrize(
    ("day", "at", "field", "said"),
    [
        (NEXT, time(22), "call_back_time", "contacts are allowed from 08:00 to 21:00"),
        (DAY, time(9), "call_back_time", "choose a time to come"),
        (None, time(9), "follow_up_on", "Enter the day"),
        (date(2027, 3, 14), time(2, 30), "call_back_time", "there is no 02:30 on that day"),
    ],
)
def test_a_time_that_cannot_be_is_refused_with_a_remedy(
    borrower: Borrower, agent: User, day: Any, at: time, field: str, said: str
) -> None:
    with pytest.raises(ActionRefused) as refusal:
        ask_back(borrower, agent, day, at)
    assert said in refusal.value.fields[field]


def test_who_may_be_in_several_zones_is_called_back_on_a_day_alone(borrower: Borrower, agent: User) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(time_zone="", jurisdiction="US-TN")
    borrower.refresh_from_db()
    with pytest.raises(ActionRefused, match="not certain in which zone"):
        ask_back(borrower, agent, NEXT, time(12))


def test_a_call_back_is_shown_from_shortly_before_until_somebody_was_in_touch(borrower: Borrower, agent: User) -> None:
    asked = ask_back(borrower, agent, NEXT, time(9))

    def shown(now: datetime) -> list[CallBack]:
        return list(due_call_backs(user=agent, now=now))

    assert shown(asked.due_at - timedelta(minutes=16)) == []
    assert shown(asked.due_at - timedelta(minutes=15)) == [asked]
    record_action(borrower=borrower, agent=agent, channel="sms", outcome="sent")
    assert shown(asked.due_at + timedelta(hours=2)) == [asked]
    record_action(borrower=borrower, agent=agent, channel="call", outcome="no_answer")
    assert shown(asked.due_at + timedelta(hours=2)) == []


def test_it_stands_on_the_worklist_of_the_team_and_nowhere_else(
    borrower: Borrower, people: dict[Role, User], client_of: Callable[[Role], Client], other_team: Any
) -> None:
    ask_back(borrower, people[Role.AGENT], DAY, time(10, 45))  # it is 10:40
    page = client_of(Role.AGENT).get("/worklist/").content.decode()
    assert "Asked to be called back" in page and "30 Jun 10:45 their time" in page
    User.objects.filter(pk=people[Role.AGENT].pk).update(team=other_team)
    assert "Asked to be called back" not in client_of(Role.AGENT).get("/worklist/").content.decode()


def test_the_form_takes_minutes_and_who_it_was(borrower: Borrower, client_of: Callable[[Role], Client]) -> None:
    address = f"/borrowers/{borrower.pk}/actions/"
    form = {
        "key": "k", "channel": "call", "outcome": "spoke", "talk_minutes": "4.5", "wrap_up_minutes": "1",
        "spoke_with_other": "on", "then": "stay",
    }  # fmt: skip
    assert client_of(Role.AGENT).post(address, form).status_code == 302
    event = borrower.contact_events.get()
    assert (event.reached_borrower, event.talk_minutes, event.wrap_up_minutes) == (False, 4.5, 1)
    page = client_of(Role.AGENT).post(address, form | {"key": "l", "outcome": "promise"})
    assert "Only the borrower can do that" in page.content.decode()


def test_raw_sql_changes_no_call_back(borrower: Borrower, agent: User) -> None:
    ask_back(borrower, agent, NEXT, time(9))
    for change in ("UPDATE recovery_callback SET due_at = now()", "DELETE FROM recovery_callback"):
        with (
            pytest.raises(IntegrityError, match="never changed"),
            transaction.atomic(),
            connection.cursor() as c,
        ):
            c.execute(change)
