"""Teams, shifts, absences and hand-overs over REST."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from recovery.models import Absence, HandOver, WorklistItem
from recovery.services import plan_worklists, recommend_actions
from recovery.teams.services import set_week
from tests.factories import make_borrower, make_loan, make_user

DAY = date(2026, 6, 30)
NEXT = DAY + timedelta(days=1)
Clients = Callable[[Role], Client]


@pytest.fixture
def agents(team: Team, frozen_day: date) -> tuple[User, User]:
    return make_user(Role.AGENT, team=team, username="ann"), make_user(Role.AGENT, team=team, username="bob")


@pytest.fixture
def manager(client_of: Clients) -> Client:
    return client_of(Role.MANAGER)


def post(client: Client, address: str, key: str = "", **body: Any) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"/api/v1/{address}/", body, content_type="application/json", headers=headers)


def plan_cases(team: Team, *amounts: int) -> list[int]:
    loans = [
        make_loan(borrower=make_borrower(team=team), instalments=[(DAY - timedelta(days=40), amount)])
        for amount in amounts
    ]
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    return [loan.borrower_id for loan in loans]


def test_team_shows_who_works_who_is_away_and_their_weeks(
    team: Team, agents: tuple[User, User], manager: Client
) -> None:
    days = [{"weekday": DAY.isoweekday(), "minutes": 60}]
    made = post(manager, "shifts", "k", agent="ann", days=days)
    assert [row["minutes"] for row in made.json()] == [60], made.content
    assert post(manager, "shifts", "k", agent="ann", days=days).json() == made.json()
    assert post(manager, "absences", agent="bob", first_on="2026-06-30", last_on="2026-07-01").status_code == 201
    shown = {row["username"]: row for row in manager.get(f"/api/v1/teams/{team.pk}/").json()["agents"]}
    assert (shown["ann"]["minutes"], shown["ann"]["is_absent"], shown["ann"]["room_minutes"]) == (60, False, "60.00")
    assert {"weekday": DAY.isoweekday(), "minutes": 60} in shown["ann"]["week"]
    assert (shown["bob"]["minutes"], shown["bob"]["is_absent"]) == (0, True)
    assert [row["last_on"] for row in shown["bob"]["absences"]] == ["2026-07-01"]
    assert len(manager.get("/api/v1/shifts/?agent=ann").json()["results"]) == 1
    assert manager.get("/api/v1/shifts/?agent=bob").json()["results"] == []


def test_absence_is_ended_once(agents: tuple[User, User], manager: Client) -> None:
    made = post(manager, "absences", agent="ann", first_on="2026-06-30", last_on="2026-07-05")
    address = f"absences/{made.json()['id']}/end"
    ended = post(manager, address, works_from="2026-07-02")
    assert (ended.status_code, ended.json()["end"]["ended_by"]) == (201, "manager")
    assert post(manager, address, works_from="2026-07-02").status_code in {400, 409}
    assert Absence.objects.count() == 1


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("absences", {"agent": "ann", "first_on": "2026-06-30", "last_on": "2026-06-29"}),
        ("absences", {"agent": "manager", "first_on": "2026-06-30", "last_on": "2026-06-30"}),
        ("absences", {"agent": ["ann"], "first_on": "2026-06-30", "last_on": "2026-06-30"}),
        ("shifts", {"agent": "ann", "days": []}),
        ("shifts", {"agent": "ann", "days": [{"weekday": 8, "minutes": 1}]}),
        ("shifts", {"agent": "ann", "starts_on": "2026-06-29", "days": [{"weekday": 1, "minutes": 1}]}),
        ("hand-overs", {"from_agent": "ann", "to_agent": "stranger", "reason": "x"}),
        ("hand-overs", {"from_agent": "ann", "to_agent": "bob", "reason": ""}),
        ("hand-overs", {"from_agent": "ann", "to_agent": "bob", "reason": "x", "borrowers": ["x"]}),
        ("hand-overs", {"from_agent": "ann", "to_agent": "ann", "reason": "x", "team": 1}),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_field(
    agents: tuple[User, User], other_team: Team, manager: Client, address: str, body: dict[str, Any]
) -> None:
    make_user(Role.AGENT, team=other_team, username="stranger")
    answer = post(manager, address, **body)
    assert (answer.status_code, bool(answer.json()["fields"])) == (400, True), answer.content


def test_open_cases_are_handed_over_and_move_at_once(team: Team, agents: tuple[User, User], manager: Client) -> None:
    plan_cases(team, 900, 800, 700, 600)
    ann, bob = agents
    cases = manager.get(f"/api/v1/agents/{ann.pk}/open-cases/").json()
    assert {row["worklist_item"] for row in cases} == set(
        WorklistItem.objects.filter(agent=ann).values_list("pk", flat=True)
    )
    body = {"from_agent": "ann", "to_agent": "bob", "reason": "ill", "until_on": NEXT.isoformat()}
    made = post(manager, "hand-overs", "k", borrowers=[cases[0]["borrower"]], **body)
    assert made.status_code == 201, made.content
    assert made.json()["cases"] == [
        {"borrower": cases[0]["borrower"], "agent": "bob", "worklist_item": cases[0]["worklist_item"]}
    ]
    assert post(manager, "hand-overs", "k", borrowers=[cases[0]["borrower"]], **body).json() == made.json()
    assert HandOver.objects.count() == 1
    assert WorklistItem.objects.get(pk=cases[0]["worklist_item"]).agent == bob
    rest = post(manager, "hand-overs", **body)
    assert len(rest.json()["cases"]) == len(cases) - 1
    assert manager.get(f"/api/v1/agents/{ann.pk}/open-cases/").json() == []
    assert len(manager.get("/api/v1/hand-overs/?from_agent=ann").json()["results"]) == 2


@pytest.mark.parametrize("address", ["teams", "shifts", "absences", "hand-overs"])
def test_only_who_leads_teams_reads_and_writes_them(
    agents: tuple[User, User], people: dict[Role, User], client_of: Clients, address: str
) -> None:
    assert Client().get(f"/api/v1/{address}/").status_code == 401
    assert post(Client(), address).status_code == 401
    for role in set(Role) - {Role.MANAGER, Role.ADMIN}:
        assert client_of(role).get(f"/api/v1/{address}/").status_code == 403, role
        assert post(client_of(role), address).status_code in {403, 405}, role
        assert client_of(role).get(f"/api/v1/agents/{agents[0].pk}/open-cases/").status_code == 403


def test_queries_do_not_grow_with_teams_agents_and_cases(
    team: Team, agents: tuple[User, User], manager: Client
) -> None:
    addresses = ("teams", "shifts", "absences", "hand-overs", f"agents/{agents[1].pk}/open-cases")
    plan_cases(team, 900, 800)
    post(manager, "absences", agent="ann", first_on="2026-07-03", last_on="2026-07-05")
    post(manager, "shifts", agent="ann", days=[{"weekday": 1, "minutes": 60}])
    post(manager, "hand-overs", from_agent="ann", to_agent="bob", reason="ill")

    def count() -> dict[str, int]:
        counts = {}
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                assert manager.get(f"/api/v1/{address}/").status_code == 200
            counts[address] = len(captured)
        return counts

    few = count()
    boss = User.objects.get(username="manager")
    for number in range(4):
        other = Team.objects.create(name=f"T{number}")
        for name in ("x", "y"):
            agent = make_user(Role.AGENT, team=other, username=f"{name}{number}")
            set_week(agent=agent, minutes={1: 60}, starts_on=DAY, today=DAY, set_by=boss)
            post(manager, "absences", agent=agent.username, first_on="2026-07-03", last_on="2026-07-05")
        plan_cases(other, 900, 800)
        post(manager, "hand-overs", from_agent=f"x{number}", reason="ill")
    plan_cases(team, *range(500, 510))
    assert HandOver.objects.count() == 5
    assert count() == few
