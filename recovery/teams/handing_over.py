"""Give an agent's open cases to others, for an absence or for good."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import Case, Max, Q, Sum, When

from borrowers.models import Borrower, Promise
from borrowers.services import current_instant, known_at
from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from recovery.contacts.services import open_call_backs
from recovery.errors import FormAlreadyUsed, TeamRefused
from recovery.models import CallBack, HandedCase, HandOver, WorklistItem
from recovery.once import key_of
from recovery.teams.capacity import WorkingDay, working_days

AHEAD = timedelta(days=14)  # how far call-backs and promises are looked for where no last day is given
DUE_LATELY = timedelta(days=30)  # a promise in its days of grace
SENTENCES = {
    "hand_over_is_to_somebody_else": "Choose somebody else than the agent whose cases they are.",
    "case_goes_to_an_agent_of_its_team": "A case goes to an active agent of the borrower's own team.",
    "absent_agent_gets_no_cases": "That agent is away today.",
    "hand_over_ends_after_it_begins": "The last day lies before today.",
}


@dataclass(frozen=True)
class OpenCase:
    """What an agent has open with one borrower: a line of today's list, call-backs, promises that they took."""

    borrower: Borrower
    item: WorklistItem | None
    call_back_at: datetime | None
    time_zone: str
    promise_due_on: date | None
    promise_amount: Decimal | None
    currency: str

    @property
    def minutes(self) -> Decimal:
        return self.item.recommendation.expected_minutes if self.item else Decimal(0)


def open_cases(*, agent: User, today: date, until: date | None = None) -> list[OpenCase]:
    """Return an agent's open cases: first those with a call-back or a promise due by `until`, then by urgency. Six queries."""
    horizon = until or today + AHEAD
    items = {
        item.recommendation.borrower_id: item
        for item in WorklistItem.objects.on(today).open().filter(agent=agent).select_related("recommendation")
    }
    handed = who_looks_after(day=today)
    mine = {borrower for borrower, who in handed.items() if who == agent.pk}
    call_backs: dict[int, CallBack] = {}
    for row in open_call_backs(now=current_instant()).filter(Q(agent=agent) | Q(borrower__in=mine)):
        if handed.get(row.borrower_id, agent.pk) == agent.pk:
            call_backs.setdefault(row.borrower_id, row)
    promises: dict[int, Promise] = {}
    for promise in _open_promises(agent, mine, today):
        if handed.get(promise.loan.borrower_id, agent.pk) == agent.pk:
            promises.setdefault(promise.loan.borrower_id, promise)
    people = Borrower.objects.filter(pk__in={*items, *call_backs, *promises, *mine}, team_id=agent.team_id or 0)
    cases = [
        OpenCase(
            borrower=person,
            item=items.get(person.pk),
            call_back_at=call_backs[person.pk].due_at if person.pk in call_backs else None,
            time_zone=call_backs[person.pk].time_zone if person.pk in call_backs else person.time_zone,
            promise_due_on=promises[person.pk].due_on if person.pk in promises else None,
            promise_amount=promises[person.pk].amount if person.pk in promises else None,
            currency=promises[person.pk].loan.currency if person.pk in promises else "",
        )
        for person in people
    ]

    def place(case: OpenCase) -> tuple[bool, date, bool, int, int]:
        days = [day for day in (case.promise_due_on, case.call_back_at and case.call_back_at.date()) if day]
        soonest = min(days, default=date.max)
        has_due = soonest <= horizon
        return (
            not has_due,
            soonest if has_due else date.max,
            case.item is None,
            case.item.rank if case.item else 0,
            case.borrower.pk,
        )

    return sorted(cases, key=place)


def hand_over(
    *,
    from_agent: User,
    to_agent: User | None,
    reason: str,
    today: date,
    by: User,
    borrowers: Sequence[int] | None = None,
    until_on: date | None = None,
    form_key: str = "",
) -> HandOver:
    """Move an agent's open cases, all or those of some borrowers, to one agent or spread over those of the team who work today.

    The lines of today's list move at once, in order of urgency; until `until_on`, or for good, the borrowers' new cases and
    call-backs go to who took them over. Spreading goes round the others, the one with the most room first. Two hand-overs of
    one agent at once come one after the other. Raises TeamRefused, FormAlreadyUsed.
    """
    key = key_of(by, form_key)
    if key and (made := HandOver.objects.filter(form_key=key).first()) is not None:
        if made.from_agent_id != from_agent.pk:
            raise FormAlreadyUsed()
        return made
    fields = {}
    if not reason.strip():
        fields["reason"] = "Say why."
    if until_on is not None and until_on < today:
        fields["until_on"] = "That day is over."
    takers = _takers(from_agent, to_agent, today)
    if not takers:
        fields["to_agent"] = (
            "Nobody else of the team works today."
            if to_agent is None
            else "Choose an agent of the team who works today."
        )
    if fields:
        raise TeamRefused(" ".join(fields.values()), fields=fields)
    try:
        with told_in_words(TeamRefused, SENTENCES), transaction.atomic():
            # Who plans, who claims and who hands over waits for the other: agents are locked in the order of their keys.
            list(User.objects.select_for_update(no_key=True).filter(pk__in=[from_agent.pk, *takers]).order_by("pk"))
            cases = open_cases(agent=from_agent, today=today, until=until_on)
            if borrowers is not None:
                chosen = set(borrowers)
                cases = [case for case in cases if case.borrower.pk in chosen]
            if not cases:
                raise TeamRefused("There is nothing to hand over: choose at least one open case.")
            made = HandOver.objects.create(
                from_agent=from_agent, to_agent=to_agent, from_on=today, until_on=until_on, reason=reason.strip(),
                handed_over_by=by, form_key=key,
            )  # fmt: skip
            given = _give(cases, takers)
            HandedCase.objects.bulk_create(
                HandedCase(hand_over=made, borrower=case.borrower, agent_id=taker, worklist_item=case.item)
                for case, taker in given
            )
            _move([(case.item, taker) for case, taker in given if case.item is not None], today)
            return made
    except TeamRefused as error:
        if key and "form_key" in error.code and (again := HandOver.objects.filter(form_key=key).first()):
            return again  # by a second press at once
        raise


def _takers(from_agent: User, to_agent: User | None, today: date) -> dict[int, Decimal]:
    """Return who may take cases over, with the minutes of room that each has left."""
    if from_agent.team_id is None:
        return {}
    team = working_days(day=today, team_id=from_agent.team_id)
    others = [
        one for one in team if one.agent.pk != from_agent.pk and (one.minutes or (not one.is_absent and to_agent))
    ]
    if to_agent is not None:
        others = [one for one in others if one.agent.pk == to_agent.pk]
    return room_left(others, today)


def room_left(team: Sequence[WorkingDay], today: date) -> dict[int, Decimal]:
    """Return the minutes that agents still have room for on a day; below zero where there is more than fits."""
    taken = dict(
        WorklistItem.objects.on(today)
        .filter(agent__in=[one.agent.pk for one in team])
        .values_list("agent")
        .annotate(minutes=Sum("recommendation__expected_minutes"))
        .order_by("agent")
    )
    return {one.agent.pk: Decimal(one.minutes) - (taken.get(one.agent.pk) or 0) for one in team}


def _give(cases: Sequence[OpenCase], takers: dict[int, Decimal]) -> list[tuple[OpenCase, int]]:
    """Give each case to who has the most room left then."""
    room, given = dict(takers), []
    counts = dict.fromkeys(takers, 0)
    for case in cases:
        taker = max(room, key=lambda agent: (room[agent], -counts[agent], -agent))
        room[taker] -= case.minutes
        counts[taker] += 1
        given.append((case, taker))
    return given


def _move(moves: Sequence[tuple[WorklistItem, int]], today: date) -> None:
    """Put lines on other lists and order the open lines of those who got them by urgency, below all ranks that were used."""
    ranks = dict(WorklistItem.objects.on(today).values_list("agent").annotate(last=Max("rank")).order_by("agent"))
    for item, taker in moves:
        ranks[taker] = ranks.get(taker, 0) + 1
        item.agent_id, item.rank = taker, ranks[taker]
        item.save(update_fields=["agent", "rank"])
    for taker in {taker for _, taker in moves}:
        order = WorklistItem.objects.on(today).open().filter(agent=taker).order_by("-recommendation__priority", "id")
        ids = list(order.values_list("pk", flat=True))
        last = ranks[taker]
        WorklistItem.objects.filter(pk__in=ids).update(
            rank=Case(*[When(pk=pk, then=last + place) for place, pk in enumerate(ids, start=1)])
        )


def who_looks_after(*, day: date) -> dict[int, int]:
    """Return the agent of each borrower who was handed over, by the newest hand-over in force; one query."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT borrower_id, agent_id FROM handed_cases_on(%s)", [day])
        return dict(cursor.fetchall())


def _open_promises(agent: User, mine: set[int], today: date) -> list[Promise]:
    """Return the promises not yet due that the agent took, or of borrowers whom they took over, the next one first."""
    taken = Promise.objects.filter(
        Q(contact_event__agent=agent) | Q(loan__borrower__in=mine), due_on__gte=today - DUE_LATELY
    )
    loans = list(taken.values_list("loan_id", flat=True))
    if not loans:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT promise_id FROM promise_states(%s, %s, %s) WHERE state = 'open'",
            [today, known_at(as_of=today), loans],
        )
        ids = [pk for (pk,) in cursor.fetchall()]
    return list(taken.filter(pk__in=ids).select_related("loan").order_by("due_on", "id"))
