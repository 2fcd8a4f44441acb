"""Who does what today."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from django.db import connection

from borrowers.models import Loan
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from recovery.models import WorklistItem
from recovery.services import next_case, plan_worklists, recommend_actions, record_action
from tests.factories import make_borrower, make_loan, make_team, make_user

DAY = date(2026, 6, 30)


def late_loans(team: Team | None, *amounts: int, days: int = 40) -> list[Loan]:
    return [
        make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=days), amount)])
        for amount in amounts
    ]


def prepare() -> None:
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)


def test_cases_go_round_the_agents_in_order_of_priority(frozen_day: date, team: Team) -> None:
    loans = late_loans(team, 500, 400, 300, 200)
    first, second = make_user(Role.AGENT, team=team), make_user(Role.AGENT, team=team)
    prepare()
    report = plan_worklists(as_of=DAY)
    assert report.as_json() | {"seconds": 0} == {
        "as_of": "2026-06-30", "n": 4, "by_action": {"call": 4}, "seconds": 0, "n_new": 4, "n_agents": 2,
        "n_without_room": 0, "n_without_agent": 0, "n_for_managers": 0,
    }  # fmt: skip
    lists = {
        agent: [
            item.recommendation.loan
            for item in WorklistItem.objects.filter(agent=agent).order_by("rank").select_related("recommendation__loan")
        ]
        for agent in (first, second)
    }
    assert lists == {first: [loans[0], loans[2]], second: [loans[1], loans[3]]}


def test_full_shifts_leave_the_rest_and_say_how_many(frozen_day: date, team: Team, settings) -> None:
    settings.SHIFT_MINUTES = 20  # two calls of 8 minutes
    late_loans(team, 500, 400, 300)
    late_loans(None, 500)
    make_user(Role.AGENT, team=team)
    prepare()
    report = plan_worklists(as_of=DAY)
    assert (report.n, report.n_without_room, report.n_without_agent) == (2, 1, 1)
    assert "1 more are left over: the shifts are full." in report.summary()


def test_second_plan_of_a_day_changes_nothing(frozen_day: date, team: Team) -> None:
    late_loans(team, 500, 400)
    make_user(Role.AGENT, team=team)
    prepare()
    plan_worklists(as_of=DAY)
    before = list(WorklistItem.objects.order_by("id").values())
    assert plan_worklists(as_of=DAY).n_new == 0
    assert list(WorklistItem.objects.order_by("id").values()) == before


def test_inactive_agents_and_other_teams_get_nothing(frozen_day: date, team: Team, other_team: Team) -> None:
    late_loans(team, 500)
    make_user(Role.AGENT, team=other_team)
    gone = make_user(Role.AGENT, team=team)
    gone.is_active = False
    gone.save()
    prepare()
    assert plan_worklists(as_of=DAY).n_without_agent == 1


def test_next_case_goes_down_the_list_and_then_takes_from_the_team(frozen_day: date, team: Team, settings) -> None:
    settings.SHIFT_MINUTES = 8
    mine, left = late_loans(team, 500, 400)
    agent = make_user(Role.AGENT, team=team)
    prepare()
    plan_worklists(as_of=DAY)
    first = next_case(agent=agent)
    assert first.recommendation.loan == mine
    second = next_case(agent=agent, after=first)
    assert (second.recommendation.loan, second.rank) == (left, 2)
    for item in (first, second):
        record_action(borrower=item.recommendation.borrower, agent=agent, channel="call", outcome="no_answer")
    assert next_case(agent=agent) is None


@pytest.mark.django_db(transaction=True)
def test_agents_who_press_next_at_once_get_different_cases() -> None:
    set_business_date(day=DAY, is_frozen=True)
    team = make_team("North")
    late_loans(team, *range(100, 112))
    agents = [make_user(Role.AGENT, team=team) for _ in range(6)]
    prepare()
    barrier = Barrier(len(agents))

    def press(agent: User) -> int:
        try:
            barrier.wait()
            return next_case(agent=agent).recommendation_id
        finally:
            connection.close()

    with ThreadPoolExecutor(len(agents)) as pool:
        cases = list(pool.map(press, agents))
    assert len(set(cases)) == len(agents)
