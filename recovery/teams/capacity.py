"""How many minutes of work each agent has room for on a day."""

from dataclasses import dataclass
from datetime import date

from django.conf import settings
from django.db import connection

from creditpath.accounts.models import Role, User
from recovery.models import Absence, Shift

SHIFT_MINUTES = 7 * 60  # a day of eight hours less breaks, for agents whose shifts nobody entered


@dataclass(frozen=True)
class WorkingDay:
    """An agent's day: the minutes, or that they are away."""

    agent: User
    minutes: int
    is_absent: bool


def default_minutes() -> int:
    """Return the minutes of a day for which nobody entered a shift."""
    return int(getattr(settings, "SHIFT_MINUTES", SHIFT_MINUTES))


def working_days(*, day: date, team_id: int | None = None) -> list[WorkingDay]:
    """Return the active agents of all teams, or of one, with their minutes on a day; three queries."""
    agents = User.objects.filter(role=Role.AGENT, is_active=True, team_id__isnull=False).order_by("team_id", "id")
    if team_id is not None:
        agents = agents.filter(team_id=team_id)
    people = list(agents.select_related("team"))
    shifts = minutes_by_agent([one.pk for one in people], day)
    away = absent_agents([one.pk for one in people], day)
    return [
        WorkingDay(one, 0 if one.pk in away else shifts.get(one.pk, default_minutes()), one.pk in away)
        for one in people
    ]


def minutes_by_agent(agents: list[int], day: date) -> dict[int, int]:
    """Return the minutes of the newest shift for a day's weekday, of those agents who have one."""
    rows = (
        Shift.objects.filter(agent__in=agents, weekday=day.isoweekday(), starts_on__lte=day)
        .order_by("agent_id", "-starts_on", "-id")
        .distinct("agent_id")
    )
    return dict(rows.values_list("agent_id", "minutes"))


def absent_agents(agents: list[int], day: date) -> set[int]:
    """Return which of these agents are away on a day."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM unnest(%s::bigint[]) AS agent (id) WHERE is_absent(id, %s)", [agents, day])
        return {pk for (pk,) in cursor.fetchall()}


def is_absent(*, agent: User, day: date) -> bool:
    """Say whether an agent is away on a day."""
    return agent.pk in absent_agents([agent.pk], day)


def absences_to_come(*, agents: list[int], day: date) -> list[Absence]:
    """Return absences that are not over on a day, the next one first."""
    rows = Absence.objects.filter(agent__in=agents, last_on__gte=day).select_related(
        "agent", "end__ended_by", "recorded_by"
    )
    shown = [row for row in rows.order_by("first_on", "id") if not hasattr(row, "end") or row.end.works_from > day]
    return [row for row in shown if not hasattr(row, "end") or row.end.works_from > row.first_on]
