"""What can be offered to a borrower: plans of a loan that fit the books, the limits and what is affordable."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal

from django.db import connection

from borrowers.models import Instalment, Loan, ScheduleVersion
from creditpath.accounts.models import User
from recovery.errors import PlanRefused
from recovery.models import Plan, PlanLimit, PlanTerms
from recovery.plans.scheduling import CENT, Line, build_schedule, monthly_amount_of

Kind = Plan.Kind
CATCH_UP_MONTHS = (2, 3, 4, 6, 9, 12)
PAY_OFF_MONTHS = (3, 6, 12, 18, 24, 36, 48, 60)
FIRST_DAYS = 7  # until the first instalment, where nobody says otherwise
WHY = {
    "discount": "more is let go than you may",
    "duration": "it takes longer than you may agree to",
    "income": "it takes more than is affordable",
    "budget": "income and expenditure were not asked",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """What the books say of a loan that a plan can be made for."""

    loan: Loan
    owed_amount: Decimal
    overdue_amount: Decimal
    to_come: tuple[Line, ...]  # of the loan's own schedule


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan that could be made. `beyond` says why a second person would have to agree; empty: nobody has to."""

    kind: str
    frequency: str
    lines: tuple[Line, ...]
    owed_amount: Decimal
    agreed_amount: Decimal
    monthly_amount: Decimal
    is_affordable: bool | None
    beyond: tuple[str, ...]

    @property
    def n(self) -> int:
        return len(self.lines)

    @property
    def starts_with(self) -> Line:
        return self.lines[0]

    @property
    def ends_on(self) -> date:
        return self.lines[-1].due_on

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.n}"

    @property
    def title(self) -> str:
        return {
            Kind.CATCH_UP: "Catch up, beside what falls due",
            Kind.PAY_OFF: "Pay everything off",
            Kind.SETTLEMENT: "Settle for less",
        }[Kind(self.kind)]

    @property
    def discount_ratio(self) -> Decimal:
        return 1 - self.agreed_amount / self.owed_amount if self.kind == Kind.SETTLEMENT else Decimal(0)

    @property
    def beyond_words(self) -> str:
        return ", ".join(WHY[name] for name in self.beyond)


def get_standing(*, loan: Loan, today: date) -> Standing:
    """Return what a plan for a loan starts from; raises PlanRefused where the books do not tell."""
    figures = getattr(loan, "delinquency", None)
    if figures is None or not figures.outstanding_amount or figures.outstanding_amount <= 0:
        raise PlanRefused(
            "The books do not say what is outstanding on this loan: a plan needs an amount to start from."
        )
    schedule = ScheduleVersion.objects.filter(loan=loan, effective_on__lte=today).order_by("-version").first()
    to_come = Instalment.objects.filter(schedule=schedule, due_on__gte=today).order_by("due_on", "number")
    return Standing(
        loan=loan,
        owed_amount=figures.outstanding_amount,
        overdue_amount=figures.overdue_amount or Decimal(0),
        to_come=tuple(Line(row.due_on, row.principal_amount + row.interest_amount + row.fee_amount) for row in to_come),
    )


def find_limit(*, user: User, today: date) -> PlanLimit | None:
    """Return what a person may agree to alone; None: to nothing."""
    return PlanLimit.objects.filter(role=user.role, effective_from__lte=today).order_by("-effective_from").first()


def get_terms(*, today: date) -> PlanTerms:
    """Return the terms of a plan that is made on a day."""
    return PlanTerms.objects.filter(effective_from__lte=today).order_by("-effective_from")[0]


def build_offer(
    *,
    standing: Standing,
    kind: str,
    n: int,
    frequency: str,
    first_on: date,
    today: date,
    disposable: Decimal | None,
    limit: PlanLimit | None,
    terms: PlanTerms,
    agreed: Decimal | None = None,
) -> Offer:
    """Return one plan and whether it needs a second person. Raises PlanRefused with the field that is wrong.

    A plan that catches up pays what is overdue and what falls due until its last day, so that the loan is current then. One that
    pays off pays all that is outstanding. A settlement pays `agreed`, and lets the rest go.
    """
    if first_on < today:
        raise PlanRefused(fields={"first_on": "This day is over: choose today or a later day."})
    if first_on > today + timedelta(days=62):
        raise PlanRefused(fields={"first_on": "Choose a day within two months."})
    amount = standing.owed_amount
    if kind == Kind.CATCH_UP:
        if standing.overdue_amount <= 0:
            raise PlanRefused(fields={"kind": "Nothing is overdue: there is nothing to catch up with."})
        last_on = build_schedule(amount=Decimal(n), n=n, frequency=frequency, first_on=first_on)[-1].due_on
        amount = standing.overdue_amount + sum(
            (line.amount for line in standing.to_come if line.due_on <= last_on), Decimal(0)
        )
        amount = min(amount, standing.owed_amount)
    elif kind == Kind.SETTLEMENT:
        if agreed is None or not 0 < agreed < standing.owed_amount:
            raise PlanRefused(fields={"agreed_amount": f"Enter an amount above 0 and below {standing.owed_amount:,}."})
        amount = agreed
    try:
        lines = build_schedule(amount=amount, n=n, frequency=frequency, first_on=first_on)
    except ValueError as error:
        raise PlanRefused(fields={"n": "Choose fewer instalments."}) from error
    monthly = monthly_amount_of(lines, frequency)
    is_affordable = None if disposable is None else monthly <= disposable * terms.affordable_ratio
    beyond = []
    # as plan_beyond_limits() in the database, which has the last word
    if kind == Kind.SETTLEMENT and 1 - amount / standing.owed_amount > (limit.discount_ratio if limit else 0):
        beyond.append("discount")
    if (lines[-1].due_on - today).days > (limit.duration_days if limit else 0):
        beyond.append("duration")
    if not is_affordable and not (limit and limit.may_exceed_income):
        beyond.append("budget" if disposable is None else "income")
    return Offer(kind, frequency, lines, standing.owed_amount, amount, monthly, is_affordable, tuple(beyond))


def build_offers(
    *, standing: Standing, frequency: str, first_on: date, today: date, disposable: Decimal | None, user: User
) -> list[Offer]:
    """Return what to offer: of each kind the shortest plan that is affordable, or the gentlest there is, and what lies around it.

    A settlement in one sum is offered only to whom the limits let something go, with all of that, where the disposable income
    was asked.
    """
    limit, terms = find_limit(user=user, today=today), get_terms(today=today)

    def offer(kind: str, n: int, agreed: Decimal | None = None) -> Offer:
        return build_offer(
            standing=standing, kind=kind, n=n, frequency=frequency, first_on=first_on, today=today, disposable=disposable,
            limit=limit, terms=terms, agreed=agreed,
        )  # fmt: skip

    offers = []
    for kind, months in ((Kind.CATCH_UP, CATCH_UP_MONTHS), (Kind.PAY_OFF, PAY_OFF_MONTHS)):
        if kind == Kind.CATCH_UP and standing.overdue_amount <= 0:
            continue
        some = [offer(kind, _instalments(month, frequency)) for month in months]
        good = next((place for place, one in enumerate(some) if not one.beyond), None)
        if good is None:
            good = next((place for place, one in enumerate(some) if one.is_affordable), len(some) - 1)
        offers += some[good : good + 2]
    if limit is not None and limit.discount_ratio > 0 and disposable is not None:
        least = (standing.owed_amount * (1 - limit.discount_ratio)).quantize(CENT, ROUND_UP)
        if least < standing.owed_amount:
            offers.append(offer(Kind.SETTLEMENT, 1, least))
    if any(one.is_affordable and not one.beyond for one in offers):
        offers = [one for one in offers if one.is_affordable]
    return sorted(offers, key=lambda one: (bool(one.beyond), one.is_affordable is False))


def _instalments(months: int, frequency: str) -> int:
    per_year = {Plan.Frequency.MONTHLY: 12, Plan.Frequency.FORTNIGHTLY: 26, Plan.Frequency.WEEKLY: 52}
    return int((Decimal(months) * per_year[Plan.Frequency(frequency)] / 12).to_integral_value(ROUND_DOWN))


def beyond_limits(*, plan: Plan, user: User, today: date) -> tuple[str, ...]:
    """Return why a person may not agree to a plan alone, as the database sees it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT plan_beyond_limits(%s, %s, %s)", [plan.pk, user.pk, today])
        return tuple(cursor.fetchone()[0])


def first_day(today: date) -> date:
    """Return the day that is proposed for the first instalment."""
    return today + timedelta(days=FIRST_DAYS)
