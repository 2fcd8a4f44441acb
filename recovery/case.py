"""All that the page of one borrower shows, in a fixed number of queries."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import OuterRef, Q, Subquery, Value
from django.db.models.functions import Concat, JSONObject

from borrowers.models import (
    Borrower,
    ContactPoint,
    Delinquency,
    Instalment,
    Loan,
    ScheduleVersion,
)
from borrowers.querysets import SETTLED_BUCKETS
from borrowers.services import current_instant
from creditpath.accounts.models import Role, User
from recovery.models import Action, DecisionAnswer, Recommendation, WorklistItem
from recovery.plans.progress import ALL_THAT_IS_BOOKED, PlanShown, find_plans
from recovery.policy.actions import channel_of
from recovery.timeline import Timeline, build_timeline
from scoring.explaining.services import ScoreExplanation, explain
from scoring.models import Purpose, Score
from scoring.querysets import heavy_fields

ZERO = Decimal(0)


@dataclass(frozen=True)
class InstalmentLine:
    """An instalment and what of it is paid."""

    number: int
    due_on: date
    amount: Decimal
    paid_amount: Decimal
    state: str  # paid, partly, overdue, to come

    @property
    def remainder(self) -> Decimal:
        return self.amount - self.paid_amount


@dataclass(frozen=True)
class Bar:
    """One instalment in the picture of due against paid, in units of its view box."""

    x: float
    width: float
    due_y: float
    due_height: float
    paid_y: float
    paid_height: float
    is_missed: bool
    title: str


@dataclass(frozen=True)
class LoanPart:
    """One loan of the borrower with its figures, schedule and score."""

    loan: Loan
    figures: Delinquency | None
    lines: tuple[InstalmentLine, ...]
    score: Score | None
    is_stale: bool
    explanation: ScoreExplanation | None = None

    @property
    def is_owing(self) -> bool:
        return _owes(self.loan)

    @property
    def n_paid(self) -> int:
        return sum(line.state == "paid" for line in self.lines)

    @property
    def n_overdue(self) -> int:
        return sum(line.state == "overdue" for line in self.lines)

    @property
    def sentence(self) -> str:
        """Say in words what the picture shows."""
        overdue = f", {self.n_overdue} overdue" if self.n_overdue else ""
        return f"{self.n_paid} of {len(self.lines)} instalments paid{overdue}."

    def bars(self) -> list[Bar]:
        """Return the picture's bars in a view box of 100 x 30."""
        tallest = max((line.amount for line in self.lines), default=ZERO)
        if not tallest:
            return []
        step = min(100 / len(self.lines), 100 / 12)  # a loan of two instalments does not get two walls
        return [_bar(place * step, step, line, tallest, self.loan.currency) for place, line in enumerate(self.lines)]


@dataclass(frozen=True)
class AnswerShown:
    """What somebody said to the recommendation last."""

    answer: str
    action: str
    reason: str
    username: str
    name: str

    @property
    def is_accepted(self) -> bool:
        return self.answer == DecisionAnswer.Answer.ACCEPTED

    @property
    def who(self) -> str:
        return self.name.strip() or self.username

    @property
    def instead(self) -> str:
        return str(Action(self.action).label)


@dataclass(frozen=True)
class Case:
    """What is known of one borrower now."""

    borrower: Borrower
    today: date
    now: datetime
    recommendation: Recommendation | None
    item: WorklistItem | None
    answer: AnswerShown | None
    parts: tuple[LoanPart, ...]
    timeline: Timeline
    contact_points: tuple[ContactPoint, ...]
    previous_id: int | None = None
    next_id: int | None = None
    place: int | None = None
    places: int | None = None
    plans: tuple[PlanShown, ...] = ()
    open_promise: dict[str, Any] | None = None
    overdue: tuple[tuple[str, Decimal | None], ...] = field(default=())

    @property
    def channel_to_use(self) -> str:
        """Return how the follow-up form starts: as was decided, by a person before the policy."""
        if self.answer is not None and not self.answer.is_accepted:
            return channel_of(self.answer.action) or "call"
        return (self.recommendation.channel if self.recommendation else "") or "call"

    @property
    def owing(self) -> list[LoanPart]:
        """Return the loans that are worked: not paid off, written off, sold or closed."""
        return [part for part in self.parts if part.is_owing]

    @property
    def settled(self) -> list[LoanPart]:
        owing = self.owing
        return [part for part in self.parts if part not in owing]

    @property
    def deciding(self) -> LoanPart | None:
        """Return the loan that is longest overdue."""
        return self.parts[0] if self.parts else None

    @property
    def days_past_due(self) -> int:
        return max((part.figures.days_past_due or 0 for part in self.owing if part.figures), default=0)

    @property
    def next_due(self) -> tuple[date, str, Decimal] | None:
        coming = [
            (part.figures.next_due_on, part.loan.currency, part.figures.next_due_amount or ZERO)
            for part in self.owing
            if part.figures and part.figures.next_due_on
        ]
        return min(coming, default=None)

    @property
    def last_payment(self) -> tuple[date, str, Decimal] | None:
        paid = [
            (part.figures.last_paid_on, part.loan.currency, part.figures.last_paid_amount or ZERO)
            for part in self.parts
            if part.figures and part.figures.last_paid_on
        ]
        return max(paid, default=None)


def build_case(*, borrower: Borrower, user: User, today: date, until: date | None = None) -> Case:
    """Gather all that the page shows, the timeline up to a day; a fixed number of queries, however much there is."""
    loans = list(
        Loan.objects.filter(borrower=borrower)
        .select_related("product", "delinquency", "stale_mark")
        .order_by("-delinquency__days_past_due", "-delinquency__overdue_amount", "id")
    )
    ids = [loan.pk for loan in loans]
    scores = list(
        Score.objects.published()
        .filter(loan__in=ids)
        .exclude(run__model__purpose=Purpose.PAYS_30)
        .select_related("run__model", "vector", "explanation")
        .defer(*heavy_fields("run__model"))
        .order_by("loan_id", "-id")
        .distinct("loan_id")
    )
    parts = _build_parts(loans, scores, today)
    promises = _promise_states(ids, today)
    recommendation = (
        Recommendation.objects.filter(borrower=borrower, as_of=today)
        .annotate(last_answer=_last_answer())
        .select_related("policy_rule__policy", "loan", "worklist_item__agent")
        .first()
    )
    item = getattr(recommendation, "worklist_item", None)
    return Case(
        borrower=borrower,
        today=today,
        now=current_instant(),
        recommendation=recommendation,
        item=item,
        answer=AnswerShown(**said) if recommendation and (said := recommendation.last_answer) else None,
        parts=parts,
        timeline=build_timeline(borrower, loans, promises, until=until),
        contact_points=tuple(ContactPoint.objects.filter(borrower=borrower).order_by("-is_preferred", "id")),
        plans=tuple(find_plans(borrower=borrower, today=today)),
        open_promise=next((promise for promise in promises.values() if promise["state"] == "open"), None),
        overdue=_sum_overdue(parts),
        **_place_in_queue(item, borrower.pk, user),
    )


def _last_answer() -> Subquery:
    """Return the latest answer as one value of the recommendation's own query."""
    answers = DecisionAnswer.objects.filter(recommendation=OuterRef("pk")).order_by("-id")
    return Subquery(
        answers.values(
            said=JSONObject(
                answer="answer",
                action="action",
                reason="reason",
                username="answered_by__username",
                name=Concat("answered_by__first_name", Value(" "), "answered_by__last_name"),
            )
        )[:1]
    )


def _sum_overdue(parts: tuple[LoanPart, ...]) -> tuple[tuple[str, Decimal | None], ...]:
    """Return what is overdue by currency, None where one of its loans does not tell."""
    sums: dict[str, Decimal | None] = {}
    for part in parts:
        if part.figures and part.is_owing:
            before, amount = sums.get(part.loan.currency, ZERO), part.figures.overdue_amount
            sums[part.loan.currency] = None if before is None or amount is None else before + amount
    return tuple(sums.items())


def _build_parts(loans: list[Loan], scores: list[Score], today: date) -> tuple[LoanPart, ...]:
    in_force = (
        ScheduleVersion.objects.filter(loan__in=loans, effective_on__lte=today)
        .order_by("loan_id", "-version")
        .distinct("loan_id")
    )
    instalments: dict[int, list[Instalment]] = {}
    for instalment in Instalment.objects.filter(schedule__in=in_force.values("id")).order_by("due_on", "number"):
        instalments.setdefault(instalment.loan_id, []).append(instalment)
    newest: dict[int, Score] = {}
    for score in scores:
        newest.setdefault(score.loan_id, score)
    owing = {loan.pk: loan.currency for loan in loans if _owes(loan)}
    explanations = explain(scores=[newest[pk] for pk in owing if pk in newest], currencies=owing)
    return tuple(
        LoanPart(
            loan=loan,
            figures=(figures := getattr(loan, "delinquency", None)),
            lines=_settle(instalments.get(loan.pk, []), figures, loan.product.tolerance_amount, today),
            score=newest.get(loan.pk),
            is_stale=hasattr(loan, "stale_mark"),
            explanation=explanations.get(newest[loan.pk].pk) if loan.pk in newest else None,
        )
        for loan in loans
    )


def _owes(loan: Loan) -> bool:
    figures: Delinquency | None = getattr(loan, "delinquency", None)
    return figures is not None and figures.bucket not in SETTLED_BUCKETS


def _settle(
    instalments: list[Instalment], figures: Delinquency | None, tolerance: Decimal, today: date
) -> tuple[InstalmentLine, ...]:
    """Spread what the ledger says is paid over the instalments, oldest first, as delinquency_of does."""
    left = (figures.paid_amount if figures else None) or ZERO
    lines = []
    for instalment in instalments:
        amount = instalment.principal_amount + instalment.interest_amount + instalment.fee_amount
        paid = max(ZERO, min(amount, left))
        left -= paid
        if amount - paid <= tolerance:
            state = "paid"
        elif instalment.due_on < today:
            state = "overdue"
        else:
            state = "partly" if paid else "to come"
        lines.append(InstalmentLine(instalment.number, instalment.due_on, amount, paid, state))
    return tuple(lines)


def _bar(x: float, step: float, line: InstalmentLine, tallest: Decimal, currency: str) -> Bar:
    due = float(line.amount / tallest) * 28
    paid = float(line.paid_amount / tallest) * 28
    return Bar(
        x=round(x + step * 0.12, 2),
        width=round(step * 0.76, 2),
        due_y=round(29 - due, 2),
        due_height=round(due, 2),
        paid_y=round(29 - paid, 2),
        paid_height=round(paid, 2),
        is_missed=line.state == "overdue",
        title=f"{line.due_on:%d %b %Y}: {currency} {line.paid_amount:,.2f} of {line.amount:,.2f} paid",
    )


def _promise_states(loan_ids: list[int], today: date) -> dict[int, dict[str, Any]]:
    """Return how each promise stands, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT promise_id, state, paid_amount, amount, due_on, made_on FROM promise_states(%s, %s, %s::bigint[])"
            " ORDER BY made_on DESC, promise_id DESC",
            [today, ALL_THAT_IS_BOOKED, loan_ids],
        )
        names = [column[0] for column in cursor.description]
        return {row[0]: dict(zip(names, row, strict=True)) for row in cursor.fetchall()}


def _place_in_queue(item: WorklistItem | None, borrower_id: int, user: User) -> dict[str, Any]:
    """Return the neighbours on the list that the case is on: the person's own, or for managers its agent's. One query."""
    if item is None or (user.role == Role.AGENT and item.agent_id != user.pk):
        return {}
    of_list = WorklistItem.objects.on(item.as_of).filter(agent_id=item.agent_id)
    ranked = list(
        of_list.filter(Q(done_at__isnull=True) | Q(pk=item.pk))
        .order_by("rank")
        .values_list("recommendation__borrower_id", flat=True)
    )
    place = ranked.index(borrower_id)
    return {
        "previous_id": ranked[place - 1] if place else None,
        "next_id": ranked[place + 1] if place + 1 < len(ranked) else None,
        "place": place + 1,
        "places": len(ranked),
    }
