"""Shifts, absences, hand-overs, and call-backs as the next case."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from borrowers.models import Loan
from borrowers.services import current_instant, refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from recovery.errors import TeamRefused
from recovery.models import Absence, CallBack, HandedCase, HandOver, WorklistItem
from recovery.services import next_call_back, next_case, plan_worklists, recommend_actions
from recovery.teams.services import end_absence, hand_over, open_cases, record_absence, set_week
from tests.factories import make_borrower, make_contact, make_loan, make_promise, make_user

DAY = date(2026, 6, 30)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def boss(frozen_day: date) -> User:
    return make_user(Role.MANAGER)


@pytest.fixture
def agents(team: Team, frozen_day: date) -> tuple[User, User, User]:
    return tuple(make_user(Role.AGENT, team=team) for _ in range(3))  # type: ignore[return-value]


def late_loans(team: Team, *amounts: int) -> list[Loan]:
    loans = [
        make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=40), amount)])
        for amount in amounts
    ]
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    return loans


def lists() -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for item in WorklistItem.objects.on(DAY).order_by("agent", "rank").select_related("recommendation"):
        found.setdefault(item.agent_id, []).append(item.recommendation.borrower_id)
    return found


def test_lists_follow_the_shift_of_the_weekday(team: Team, agents: tuple[User, ...], boss: User) -> None:
    first, second, third = agents
    set_week(agent=first, minutes={DAY.isoweekday(): 16}, starts_on=DAY, today=DAY, set_by=boss)
    set_week(agent=second, minutes={DAY.isoweekday(): 0}, starts_on=DAY, today=DAY, set_by=boss)
    set_week(agent=third, minutes={NEXT.isoweekday(): 0}, starts_on=DAY, today=DAY, set_by=boss)
    late_loans(team, 900, 800, 700, 600, 500)
    plan_worklists(as_of=DAY)
    assert {agent: len(cases) for agent, cases in lists().items()} == {first.pk: 2, third.pk: 3}


def test_absent_agent_gets_no_cases_not_even_by_asking(team: Team, agents: tuple[User, ...], boss: User) -> None:
    for agent in agents[:2]:
        record_absence(agent=agent, first_on=DAY, last_on=NEXT, today=DAY, recorded_by=boss)
    late_loans(team, 900, 800)
    plan_worklists(as_of=DAY)
    assert set(lists()) == {agents[2].pk}
    WorklistItem.objects.all().delete()
    assert next_case(agent=agents[0]) is None


def test_database_puts_no_case_on_the_list_of_who_is_away(team: Team, agents: tuple[User, ...], boss: User) -> None:
    late_loans(team, 900)
    plan_worklists(as_of=DAY)
    absence = record_absence(agent=agents[1], first_on=DAY, last_on=DAY, today=DAY, recorded_by=boss)
    with pytest.raises(IntegrityError, match="absent_agent_gets_no_cases"), transaction.atomic():
        WorklistItem.objects.update(agent=agents[1])
    end_absence(absence=absence, works_from=DAY, today=DAY, ended_by=boss)
    WorklistItem.objects.update(agent=agents[1])
    with pytest.raises(IntegrityError), transaction.atomic():
        Absence.objects.update(last_on=NEXT)


def test_who_works_again_gets_cases_of_the_days_that_are_left(team: Team, agents: tuple[User, ...], boss: User) -> None:
    absence = record_absence(agent=agents[0], first_on=DAY, last_on=NEXT, today=DAY, recorded_by=boss)
    with pytest.raises(TeamRefused, match="one of the days"):
        end_absence(absence=absence, works_from=NEXT + timedelta(days=5), today=DAY, ended_by=boss)
    end_absence(absence=absence, works_from=NEXT, today=DAY, ended_by=boss)
    with pytest.raises(TeamRefused, match="ended already"):
        end_absence(absence=absence, works_from=NEXT, today=DAY, ended_by=boss)
    late_loans(team, 900, 800, 700)
    plan_worklists(as_of=DAY)
    assert agents[0].pk not in lists()


def test_hand_over_moves_cases_in_order_of_urgency_and_is_kept(
    team: Team, agents: tuple[User, ...], boss: User
) -> None:
    first, second, third = agents
    loans = late_loans(team, 900, 800, 700, 600, 500, 400)
    plan_worklists(as_of=DAY)
    record_absence(agent=first, first_on=DAY, last_on=NEXT, today=DAY, recorded_by=boss)
    made = hand_over(from_agent=first, to_agent=second, reason="away", today=DAY, by=boss, until_on=NEXT, form_key="k")
    assert hand_over(from_agent=first, to_agent=second, reason="away", today=DAY, by=boss, form_key="k") == made
    ids = [loan.borrower_id for loan in loans]
    assert lists() == {second.pk: [ids[0], ids[1], ids[3], ids[4]], third.pk: [ids[2], ids[5]]}
    assert set(made.cases.values_list("borrower", "agent")) == {(ids[0], second.pk), (ids[3], second.pk)}
    with pytest.raises(IntegrityError), transaction.atomic():
        HandedCase.objects.update(agent=third)


def test_cases_that_were_handed_over_go_to_who_took_them_until_the_last_day(
    team: Team, agents: tuple[User, ...], boss: User
) -> None:
    first, second, third = agents
    loans = late_loans(team, 900, 800, 700)
    plan_worklists(as_of=DAY)
    hand_over(from_agent=first, to_agent=third, reason="for good", today=DAY, by=boss)
    hand_over(from_agent=second, to_agent=third, reason="today", today=DAY, by=boss, until_on=DAY)
    set_business_date(day=NEXT, is_frozen=True)
    refresh_delinquency(as_of=NEXT)
    recommend_actions(as_of=NEXT)
    plan_worklists(as_of=NEXT)
    who = dict(WorklistItem.objects.on(NEXT).values_list("recommendation__borrower", "agent"))
    assert who[loans[0].borrower_id] == third.pk
    assert who[loans[1].borrower_id] != third.pk


def test_spreading_goes_to_those_with_the_most_room(team: Team, agents: tuple[User, ...], boss: User) -> None:
    first, second, third = agents
    set_week(agent=third, minutes={DAY.isoweekday(): 0}, starts_on=DAY, today=DAY, set_by=boss)
    loans = late_loans(team, 900, 800, 700, 600)
    plan_worklists(as_of=DAY)
    hand_over(from_agent=first, to_agent=None, reason="a course", today=DAY, by=boss, borrowers=[loans[0].borrower_id])
    assert lists()[second.pk][0] == loans[0].borrower_id
    assert third.pk not in lists()
    assert len(lists()[first.pk]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": " "}, "reason"),
        ({"until_on": DAY - timedelta(days=1)}, "until_on"),
        ({"to_agent": "stranger"}, "to_agent"),
    ],
)
def test_hand_over_that_makes_no_sense_is_refused(
    team: Team, other_team: Team, agents: tuple[User, ...], boss: User, change: dict, field: str
) -> None:
    late_loans(team, 900)
    plan_worklists(as_of=DAY)
    stranger = make_user(Role.AGENT, team=other_team)
    values = {"to_agent": agents[1], "reason": "away"} | change
    if values["to_agent"] == "stranger":
        values["to_agent"] = stranger
    with pytest.raises(TeamRefused) as refused:
        hand_over(from_agent=agents[0], today=DAY, by=boss, **values)
    assert set(refused.value.fields) == {field}
    assert not HandOver.objects.exists()


def asked_back(agent: User, minutes: int = -1) -> CallBack:
    borrower = make_borrower(team=agent.team)
    event = make_contact(borrower, DAY, agent=agent)
    return CallBack.objects.create(
        contact_event=event, borrower=borrower, agent=agent, time_zone="America/New_York",
        due_at=current_instant() + timedelta(minutes=minutes),
    )  # fmt: skip


def test_what_is_due_in_the_absence_is_shown_first(team: Team, agents: tuple[User, ...], boss: User) -> None:
    agent = agents[0]
    late_loans(team, 900)
    plan_worklists(as_of=DAY)
    call_back = asked_back(agent, minutes=60)
    promised = make_loan(borrower=make_borrower(team=team), instalments=[(DAY, 100)])
    event = make_contact(promised.borrower, DAY, agent=agent, outcome="promise", loan=promised)
    make_promise(promised, made_on=DAY, due_on=DAY + timedelta(days=3), amount=50, contact_event=event)
    shown = open_cases(agent=agent, today=DAY)
    assert [case.borrower.pk for case in shown[:2]] == [call_back.borrower_id, promised.borrower_id]
    assert shown[2].item is not None
    hand_over(from_agent=agent, to_agent=agents[1], reason="away", today=DAY, by=boss)
    assert open_cases(agent=agent, today=DAY) == []
    assert {case.borrower.pk for case in open_cases(agent=agents[1], today=DAY)} == {case.borrower.pk for case in shown}


def test_due_call_back_is_the_next_case_and_does_not_come_again_at_once(team: Team, agents: tuple[User, ...]) -> None:
    due = asked_back(agents[0])
    assert next_call_back(agent=agents[1]) is None
    home = Client()
    home.force_login(agents[0], backend="creditpath.accounts.backends.RoleBackend")
    for _ in range(2):  # looking at it is no offer
        page = home.get("/").content.decode()
        assert f'They asked to be called back at <span class="num">{due.local_time}</span> their time' in page
    assert next_call_back(agent=agents[0]) == due
    assert "They asked to be called back" not in home.get("/").content.decode()
    assert next_call_back(agent=agents[0]) is None  # skipped: the list goes on


def test_call_back_of_who_is_away_or_late_goes_to_the_team(team: Team, agents: tuple[User, ...], boss: User) -> None:
    away, late = asked_back(agents[0]), asked_back(agents[1], minutes=-20)
    record_absence(agent=agents[0], first_on=DAY, last_on=DAY, today=DAY, recorded_by=boss)
    assert {next_call_back(agent=agents[2]), next_call_back(agent=agents[2])} == {away, late}
    assert next_call_back(agent=agents[2]) is None


def test_call_back_that_was_handed_over_is_of_who_took_it(team: Team, agents: tuple[User, ...], boss: User) -> None:
    due = asked_back(agents[0])
    hand_over(from_agent=agents[0], to_agent=agents[1], reason="away", today=DAY, by=boss)
    assert next_call_back(agent=agents[0]) is None
    assert next_call_back(agent=agents[1]) == due


def test_manager_sets_a_week_enters_an_absence_and_hands_over(
    team: Team, people: dict[Role, User], frozen_day: date, client_of: Callable[[Role], Client]
) -> None:
    agent, other = people[Role.AGENT], make_user(Role.AGENT, team=team, username="zoe")
    late_loans(team, 900, 800)
    plan_worklists(as_of=DAY)
    client = client_of(Role.MANAGER)
    address = reverse("recovery:team-member", args=[agent.pk])
    week = {f"day_{number}": "420" for number in range(1, 8)} | {"day_6": "0"}
    client.post(address, {"do": "week", "key": "a", "starts_on": DAY, **week})
    assert agent.shifts.get().weekday == 6
    client.post(address, {"do": "absence", "key": "b", "first_on": DAY, "last_on": NEXT})
    assert "hand them over" in client.get(reverse("recovery:teams")).content.decode()
    refused = client.post(address, {"do": "hand_over", "key": "c", "reason": "away", "to_agent": other.pk})
    assert "choose at least one" in refused.content.decode()
    numbers = list(WorklistItem.objects.filter(agent=agent).values_list("recommendation__borrower", flat=True))
    answer = client.post(
        address,
        {"do": "hand_over", "key": "d", "reason": "<b>away</b>", "to_agent": other.pk, "borrower": numbers},
        follow=True,
    )
    assert "1 case handed over to zoe" in answer.content.decode()
    assert "&lt;b&gt;away" in client.get(reverse("recovery:teams")).content.decode()
    assert not WorklistItem.objects.filter(agent=agent).exists()
    client.post(address, {"do": "back", "absence": Absence.objects.get().pk})
    assert Absence.objects.get().end.works_from == DAY


def test_pages_of_teams_cost_few_queries(
    team: Team,
    agents: tuple[User, ...],
    people: dict[Role, User],
    client_of: Callable[[Role], Client],
    django_assert_max_num_queries,
) -> None:
    late_loans(team, 900, 800, 700, 600)
    plan_worklists(as_of=DAY)
    client = client_of(Role.MANAGER)
    with django_assert_max_num_queries(16):
        client.get(reverse("recovery:teams"))
    with django_assert_max_num_queries(24):
        client.get(reverse("recovery:team-member", args=[agents[0].pk]))
