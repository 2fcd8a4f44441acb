"""Who works on a day, how full their lists are, who is away and when: the list of teams."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count

from creditpath.accounts.models import User
from recovery.models import Absence, WorklistItem
from recovery.teams.capacity import absences_to_come, working_days
from recovery.teams.handing_over import room_left


@dataclass(frozen=True)
class AgentDay:
    """An agent's day: minutes of work, open cases, minutes of room, and absences that are not over."""

    agent: User
    minutes: int
    is_absent: bool
    n_open: int
    room: Decimal
    absences: tuple[Absence, ...]

    @property
    def absence(self) -> Absence | None:
        """Return the next absence, or the one that goes on."""
        return self.absences[0] if self.absences else None

    @property
    def needs_hand_over(self) -> bool:
        return self.is_absent and self.n_open > 0


def agent_days(*, day: date, team_id: int | None = None) -> list[AgentDay]:
    """Return the day of every active agent of all teams, or of one, by team; six queries, however many they are."""
    days = working_days(day=day, team_id=team_id)
    room = room_left(days, day)
    open_items = WorklistItem.objects.on(day).open().filter(agent__in=list(room))
    counts = dict(open_items.values_list("agent").annotate(n=Count("id")).order_by("agent"))
    absences: dict[int, list[Absence]] = defaultdict(list)
    for absence in absences_to_come(agents=list(room), day=day):
        absences[absence.agent_id].append(absence)
    return [
        AgentDay(
            one.agent, one.minutes, one.is_absent, counts.get(one.agent.pk, 0), room[one.agent.pk],
            tuple(absences[one.agent.pk]),
        )
        for one in days
    ]  # fmt: skip
