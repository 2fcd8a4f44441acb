"""Who does what today: lists of agents, and the next case."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Max, Q, Sum
from django.db.models.functions import Coalesce

from borrowers.services import current_instant, get_business_date
from creditpath.accounts.models import Role, User
from recovery.contacts.permission import contact_permissions
from recovery.decisions.recommending import take_turn
from recovery.models import Action, Recommendation, WorklistItem
from recovery.querysets import RecommendationQuerySet, WorklistItemQuerySet
from recovery.reports import WorklistReport
from recovery.teams.services import is_absent, who_looks_after, working_days

PLAN_LOCK = 7_302
# Messages are an agent's work too: nothing is sent by itself.
AGENT_ACTIONS = tuple(action for action in Action if action not in (Action.NO_ACTION, Action.LEGAL_REVIEW))


@dataclass
class _Shift:
    """What an agent's day holds so far."""

    agent_id: int
    minutes: Decimal
    rank: int
    room: int

    def has_room(self, minutes: Decimal) -> bool:
        return self.minutes + minutes <= self.room


@transaction.atomic
def plan_worklists(*, as_of: date) -> WorklistReport:
    """Put the day's recommended work on the lists of active agents of the borrower's team, in order of priority.

    Cases go round the team's agents who work on the day, each until the minutes of their shift are full (the setting
    SHIFT_MINUTES where nobody entered one); who is away gets none. A case that was handed over goes to who took it over, while
    there is room, and else round the team. What is left over stays unassigned and is counted. A second run only fills what room
    there is. Two runs at once: the second waits. A few queries per team and one insert per 2,000 cases.
    """
    started = time.perf_counter()
    take_turn(PLAN_LOCK)
    teams, handed = _shifts_by_team(as_of), who_looks_after(day=as_of)
    items: list[WorklistItem] = []
    for team_id, shifts in teams.items():
        items += _fill(shifts, _waiting(as_of).filter(borrower__team_id=team_id), as_of, handed)
    WorklistItem.objects.bulk_create(items, batch_size=2_000)
    counts = _waiting(as_of).aggregate(
        without_room=Count("id", filter=Q(borrower__team_id__in=list(teams))),
        everything=Count("id"),
    )
    by_action = dict(
        Counter(
            {
                row["recommendation__action"]: row["n"]
                for row in WorklistItem.objects.on(as_of)
                .values("recommendation__action")
                .annotate(n=Count("id"))
                .order_by("recommendation__action")
            }
        )
    )
    return WorklistReport(
        as_of=as_of,
        n=sum(by_action.values()),
        n_new=len(items),
        n_agents=WorklistItem.objects.on(as_of).values("agent_id").distinct().count(),
        n_without_room=counts["without_room"],
        n_without_agent=counts["everything"] - counts["without_room"],
        n_for_managers=Recommendation.objects.filter(as_of=as_of, action=Action.LEGAL_REVIEW).count(),
        by_action=by_action,
        seconds=time.perf_counter() - started,
    )


@transaction.atomic
def next_case(*, agent: User, after: WorklistItem | None = None) -> WorklistItem | None:
    """Return the agent's next open case of the day, or None if there is nothing left to do.

    First comes the agent's own list, below `after` if that is given and then from the top, but for cases that the contact gate
    would refuse now. When it is done, the most urgent case of the team that nobody has is put on it; agents who press Next at
    once get different cases. Only then come the agent's cases that may not be contacted now.
    """
    as_of = get_business_date()
    own = WorklistItem.objects.on(as_of).open().filter(agent=agent).order_by("rank")
    if after is not None and (below := _first_permitted(own.filter(rank__gt=after.rank))):
        return below
    others = own.exclude(pk=after.pk) if after is not None else own
    return _first_permitted(others) or _claim(agent, as_of) or others.first() or own.first()


def _first_permitted(items: WorklistItemQuerySet) -> WorklistItem | None:
    """Return the first case whose borrower may be contacted now as the action asks; one query of the gate per 20 cases."""
    now = current_instant()
    rows = list(items.select_related("recommendation"))
    for start in range(0, len(rows), 20):
        asked = [
            (item.recommendation.borrower_id, item.recommendation.channel or "call")
            for item in rows[start : start + 20]
        ]
        answers = contact_permissions(asked, instant=now)
        for item, question in zip(rows[start:], asked, strict=False):
            if answers[question].is_allowed:
                return item
    return None


def _claim(agent: User, as_of: date) -> WorklistItem | None:
    """Put the team's most urgent case that nobody has on an agent's list.

    The case is locked and locked ones are passed over (SKIP LOCKED). Who looked just before another agent's claim was
    committed meets `recovery_worklistitem_recommendation_id_key` and looks again.
    """
    if agent.team_id is None or agent.role != Role.AGENT or is_absent(agent=agent, day=as_of):
        return None
    User.objects.select_for_update().get(pk=agent.pk)  # two tabs of one agent would take the same rank
    while True:
        case = (
            _waiting(as_of)
            .filter(borrower__team_id=agent.team_id)
            .select_for_update(skip_locked=True, of=("self",))
            .order_by("-priority", "id")
            .first()
        )
        if case is None:
            return None
        last = WorklistItem.objects.on(as_of).filter(agent=agent).aggregate(rank=Coalesce(Max("rank"), 0))["rank"]
        try:
            with transaction.atomic():
                return WorklistItem.objects.create(as_of=as_of, recommendation=case, agent=agent, rank=last + 1)
        except IntegrityError:
            if not WorklistItem.objects.filter(recommendation=case).exists():
                raise


def _waiting(as_of: date) -> RecommendationQuerySet:
    return Recommendation.objects.filter(as_of=as_of, action__in=AGENT_ACTIONS, worklist_item__isnull=True)


def _shifts_by_team(as_of: date) -> dict[int, list[_Shift]]:
    """Return the shifts of those who work on a day, by team; teams of which nobody does are not in it."""
    taken = {
        agent: (minutes or Decimal(0), rank)
        for agent, minutes, rank in WorklistItem.objects.on(as_of)
        .values_list("agent")
        .annotate(minutes=Sum("recommendation__expected_minutes"), rank=Max("rank"))
        .order_by("agent")
    }
    teams: dict[int, list[_Shift]] = {}
    for one in working_days(day=as_of):
        if one.minutes > 0 and one.agent.team_id is not None:
            minutes, rank = taken.get(one.agent.pk, (Decimal(0), 0))
            teams.setdefault(one.agent.team_id, []).append(_Shift(one.agent.pk, minutes, rank, one.minutes))
    return teams


def _fill(
    shifts: list[_Shift], waiting: RecommendationQuerySet, as_of: date, handed: Mapping[int, int]
) -> Iterable[WorklistItem]:
    """Give cases out in order of priority, round the agents; stop when none of them has room for another minute."""
    items: list[WorklistItem] = []
    by_agent = {shift.agent_id: shift for shift in shifts}
    turn = 0
    cases = waiting.order_by("-priority", "id").values_list("id", "borrower_id", F("expected_minutes"))

    def give(shift: _Shift, recommendation_id: int, minutes: Decimal) -> None:
        shift.minutes += minutes
        shift.rank += 1
        items.append(
            WorklistItem(as_of=as_of, recommendation_id=recommendation_id, agent_id=shift.agent_id, rank=shift.rank)
        )

    for recommendation_id, borrower_id, minutes in cases.iterator(chunk_size=2_000):
        if all(shift.minutes + 1 > shift.room for shift in shifts):
            break
        keeper = by_agent.get(handed.get(borrower_id, 0))
        if keeper is not None and keeper.has_room(minutes):
            give(keeper, recommendation_id, minutes)
            continue
        for step in range(len(shifts)):
            shift = shifts[(turn + step) % len(shifts)]
            if shift.has_room(minutes):
                give(shift, recommendation_id, minutes)
                turn = (turn + step + 1) % len(shifts)
                break
    return items
