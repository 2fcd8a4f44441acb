"""The worklist as a page: which cases, in which order, how many of each kind."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, Sum

from borrowers.models import Borrower, ContactEvent
from borrowers.services import current_instant
from creditpath.access import may_call
from creditpath.accounts.models import Role, User
from recovery.care.services import due_reviews
from recovery.contacts.services import Answer, contact_permissions, due_call_backs
from recovery.models import Action, CallBack, CareRecord, Recommendation
from recovery.policy.decision import BROKEN_PROMISE, FOLLOW_UP_DUE, LANE
from recovery.querysets import RecommendationQuerySet
from scoring.querysets import heavy_fields

PAGE_SIZE = 50
MATCHES_ELSEWHERE = 10
CALL_BACKS_SHOWN = 20

IS_DONE = Q(worklist_item__done_at__isnull=False)
QUEUES: dict[str, Q] = {
    "": ~IS_DONE,
    "broken": ~IS_DONE & Q(priority__gte=BROKEN_PROMISE * LANE),
    "due": ~IS_DONE & Q(priority__gte=FOLLOW_UP_DUE * LANE, priority__lt=BROKEN_PROMISE * LANE),
    "left": Q(worklist_item__isnull=True) & ~Q(action=Action.LEGAL_REVIEW),
    "review": Q(action=Action.LEGAL_REVIEW),
    "done": IS_DONE,
}


@dataclass(frozen=True)
class Queue:
    """A part of the list with the number of its cases."""

    key: str
    label: str
    n: int
    is_here: bool


@dataclass(frozen=True)
class Row:
    """One case of the list."""

    recommendation: Recommendation
    last_contact: ContactEvent | None
    permission: Answer  # to contact them now as the action asks

    @property
    def why(self) -> str:
        """Return the reason that tells most: of a broken promise what was promised, else the line of the policy."""
        reasons = self.recommendation.reasons
        place = 1 if self.recommendation.facts.get("promise") == "broken" and len(reasons) > 1 else 0
        return reasons[place] if reasons else ""


@dataclass(frozen=True)
class WorklistPage:
    """What the page shows."""

    page: Page
    rows: tuple[Row, ...]
    queues: tuple[Queue, ...]
    minutes_left: int
    n_day: int
    n_by_priors: int
    elsewhere: tuple[Borrower, ...]
    call_backs: tuple[CallBack, ...]  # due now or in a moment
    care_reviews: tuple[CareRecord, ...]  # hardship that a person has to look at, for those who may


def build_worklist(*, user: User, today: date, asked: dict[str, Any], page: str) -> WorklistPage:
    """Return the cases that a person may see and asks for: agents their own list, others all teams. At most nine queries."""
    of_day = Recommendation.objects.visible_to(user).filter(as_of=today).exclude(action=Action.NO_ACTION)
    if user.role == Role.AGENT:
        of_day = of_day.filter(worklist_item__agent=user)
    elif agent := asked.get("agent"):
        of_day = of_day.filter(worklist_item__agent=agent)
    counts = of_day.aggregate(
        **{key or "open": Count("id", filter=condition) for key, condition in QUEUES.items()},
        minutes=Sum("expected_minutes", filter=~IS_DONE),
        n_day=Count("id"),
        n_by_priors=Count("id", filter=Q(ordered_by=Recommendation.OrderedBy.PRIORS)),
    )
    order = ["worklist_item__rank"] if user.role == Role.AGENT else ["-priority", "id"]
    found = (
        _narrow(of_day, asked)
        .select_related("borrower", "loan__delinquency", "score__run__model", "worklist_item__agent")
        .defer(*heavy_fields("score__run__model"))
        .order_by(*order)
    )
    shown = Paginator(found, PAGE_SIZE).get_page(page)
    rows = list(shown.object_list)
    last = _last_contacts([row.borrower_id for row in rows])
    channels = {row.pk: row.channel or "call" for row in rows}
    answers = contact_permissions([(row.borrower_id, channels[row.pk]) for row in rows], instant=current_instant())
    return WorklistPage(
        page=shown,
        rows=tuple(Row(row, last.get(row.borrower_id), answers[row.borrower_id, channels[row.pk]]) for row in rows),
        queues=tuple(_queues(user, counts, asked.get("queue") or "")),
        minutes_left=int(counts["minutes"] or 0),
        n_day=counts["n_day"],
        n_by_priors=counts["n_by_priors"],
        elsewhere=_elsewhere(user, asked.get("q") or "", {row.borrower_id for row in rows}),
        care_reviews=care_reviews(user=user, today=today),
        call_backs=tuple(due_call_backs(user=user, now=current_instant())[:CALL_BACKS_SHOWN]),
    )


def care_reviews(*, user: User, today: date) -> tuple[CareRecord, ...]:
    """Return the hardship that is to be looked at by today, for those who decide about it; whose it is, and nothing of what."""
    if not may_call(user, "recovery:care-reviews"):
        return ()
    return tuple(due_reviews(until=today)[:CALL_BACKS_SHOWN])


def _narrow(cases: RecommendationQuerySet, asked: dict[str, Any]) -> RecommendationQuerySet:
    cases = cases.filter(QUEUES[asked.get("queue") or ""])
    if bucket := asked.get("bucket"):
        cases = cases.filter(loan__delinquency__bucket=bucket)
    if action := asked.get("action"):
        cases = cases.filter(action=action)
    if tier := asked.get("tier"):
        cases = cases.filter(score__isnull=True) if tier == "none" else cases.filter(score__tier=tier)
    if words := asked.get("q"):
        cases = cases.filter(
            Q(borrower__full_name__icontains=words)
            | Q(borrower__external_id__istartswith=words)
            | Q(loan__external_id__istartswith=words)
        )
    return cases


def _queues(user: User, counts: dict[str, Any], here: str) -> list[Queue]:
    labels = {"": "To do", "broken": "Broken promises", "due": "Follow-ups due"}
    if user.role != Role.AGENT:
        labels |= {"left": "On nobody's list", "review": "Legal review"}
    labels["done"] = "Done"
    return [Queue(key, label, counts[key or "open"], key == here) for key, label in labels.items()]


def _last_contacts(borrower_ids: list[int]) -> dict[int, ContactEvent]:
    events = (
        ContactEvent.objects.filter(borrower__in=borrower_ids)
        .order_by("borrower_id", "-happened_at", "-id")
        .distinct("borrower_id")
    )
    return {event.borrower_id: event for event in events}


def _elsewhere(user: User, words: str, shown: set[int]) -> tuple[Borrower, ...]:
    """Find borrowers by the start of a word of their name, or of a number, who are not on the page."""
    if len(words) < 2:
        return ()
    return tuple(
        Borrower.objects.visible_to(user)
        .filter(
            Q(full_name__istartswith=words)
            | Q(full_name__icontains=f" {words}")
            | Q(external_id__istartswith=words)
            | Q(loans__external_id__istartswith=words)
        )
        .exclude(pk__in=shown)
        .select_related("team")
        .distinct()
        .order_by("full_name", "id")[:MATCHES_ELSEWHERE]
    )
