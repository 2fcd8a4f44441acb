"""Two managers hand over the same agent's cases at the same moment: each case goes once, none is lost."""

from collections import Counter
from datetime import timedelta

import pytest

from borrowers.services import set_business_date
from creditpath.accounts.models import Role
from recovery.errors import TeamRefused
from recovery.models import HandedCase, HandOver, WorklistItem
from recovery.services import next_case, plan_worklists
from recovery.teams.services import hand_over, record_absence
from tests.factories import make_team, make_user
from tests.recovery.teams.test_teams import DAY, late_loans
from tests.scoring.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_each_case_is_handed_over_once_whoever_is_first() -> None:
    set_business_date(day=DAY, is_frozen=True)
    team = make_team("North")
    first, second, third = (make_user(Role.AGENT, team=team) for _ in range(3))
    bosses = [make_user(Role.MANAGER) for _ in range(2)]
    for agent in (second, third):
        record_absence(agent=agent, first_on=DAY, last_on=DAY, today=DAY, recorded_by=bosses[0])
    late_loans(team, 900, 800, 700, 600, 500, 400)
    plan_worklists(as_of=DAY)
    of_first = set(WorklistItem.objects.filter(agent=first).values_list("recommendation__borrower_id", flat=True))
    assert len(of_first) == 6
    tomorrow = DAY + timedelta(days=1)
    set_business_date(day=tomorrow, is_frozen=True)
    WorklistItem.objects.update(as_of=tomorrow)

    def hand(to: int) -> HandOver:
        taker = (second, third)[to]
        return hand_over(from_agent=first, to_agent=taker, reason="ill", today=tomorrow, by=bosses[to])

    answers = at_once(lambda: hand(0), lambda: hand(1), lambda: next_case(agent=first), lambda: next_case(agent=second))
    done = [answer for answer in answers[:2] if isinstance(answer, HandOver)]
    assert len(done) == 1, answers
    [refused] = [answer for answer in answers[:2] if answer not in done]
    assert isinstance(refused, TeamRefused), refused
    handed = Counter(HandedCase.objects.values_list("borrower_id", flat=True))
    assert handed == dict.fromkeys(of_first, 1)
    items = WorklistItem.objects.filter(as_of=tomorrow)
    assert Counter(items.values_list("recommendation__borrower_id", flat=True)) == handed
    assert {item.agent_id for item in items} == {done[0].to_agent_id}
