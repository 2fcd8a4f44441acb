"""Which call-back is an agent's next case."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from borrowers.services import current_instant, get_business_date
from creditpath.accounts.models import Role, User
from recovery.contacts.services import contact_permissions, due_call_backs
from recovery.models import CallBack, CallBackOffer
from recovery.teams.capacity import absent_agents
from recovery.teams.handing_over import who_looks_after

NOT_AGAIN_FOR = timedelta(minutes=30)
TEAM_TAKES_OVER_AFTER = timedelta(minutes=15)  # past the time that was agreed
MOST_LOOKED_AT = 50


def next_call_back(*, agent: User) -> CallBack | None:
    """Return the call-back that an agent has to make now, and write down that it was shown; None where there is none.

    An agent is shown their own and those handed over to them; one whose agent is away, or who let a quarter of an hour go by, is
    shown to the whole team. One that was shown to anybody in the last half hour does not come again, so that who skips it goes on
    with the list; nor does one that the contact gate would refuse now. Two agents at once get different ones (SKIP LOCKED).
    """
    since = timezone.now() - NOT_AGAIN_FOR
    for row in _callable_now(agent):
        with transaction.atomic():
            free = CallBack.objects.select_for_update(skip_locked=True).filter(pk=row.pk).first()
            if free is not None and not CallBackOffer.objects.filter(call_back=row, offered_at__gt=since).exists():
                CallBackOffer.objects.create(call_back=row, agent=agent, offered_at=timezone.now())
                return row
    return None


def peek_call_back(*, agent: User) -> CallBack | None:
    """Return what next_call_back() would most likely return now, and write nothing: for a page that announces it."""
    return next(iter(_callable_now(agent)), None)


def _callable_now(agent: User) -> Iterator[CallBack]:
    """Yield the call-backs of an agent that are due, were not shown lately, and that the gate permits."""
    if agent.role != Role.AGENT or agent.team_id is None:
        return
    now, today = current_instant(), get_business_date()
    since = timezone.now() - NOT_AGAIN_FOR  # of the clock on the wall, which runs where the books stand still
    lately = CallBackOffer.objects.filter(call_back=OuterRef("pk"), offered_at__gt=since)
    due = list(due_call_backs(user=agent, now=now).filter(~Exists(lately))[:MOST_LOOKED_AT])
    if not due:
        return
    handed = who_looks_after(day=today)
    away = absent_agents(sorted({row.agent_id for row in due if row.agent_id}), today)

    def is_theirs(row: CallBack) -> bool:
        whose = handed.get(row.borrower_id, row.agent_id)
        return whose in (None, agent.pk) or whose in away or now >= row.due_at + TEAM_TAKES_OVER_AFTER

    theirs = [row for row in due if is_theirs(row)]
    answers = contact_permissions([(row.borrower_id, "call") for row in theirs], instant=now) if theirs else {}
    yield from (row for row in theirs if answers[row.borrower_id, "call"].is_allowed)
