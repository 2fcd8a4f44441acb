"""Propose a plan, and take it from there: agree, wait for a second person, approve, give up."""

from datetime import date

from django.db import connection, transaction

from borrowers.models import Loan
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from recovery.errors import PlanRefused
from recovery.models import Plan, PlanBudgetLine, PlanEvent, PlanInstalment
from recovery.plans.budget import Budget, disposable_amount_of
from recovery.plans.offering import Offer, beyond_limits
from recovery.reach import check_reach

State = PlanEvent.State
SENTENCES = {
    "one_open_plan_per_loan": "There is an open plan for this loan: give that one up first.",
    "plan_takes_this_step_only_in_order": "The plan has moved on: look at it again.",
    "plan_is_approved_by_a_second_person": "You proposed it: a second person has to approve it.",
    "plan_is_approved_within_the_limit_of_who_approves": "It is above your own limit: somebody else has to approve it.",
    "plan_above_the_limit_waits_for_a_second_person": "It is above your limit: a second person has to approve it.",
    "plan_starts_from_what_the_books_say": "The books have changed since: look at the offers again.",
}


def propose_plan(
    *, loan: Loan, offer: Offer, budget: Budget, by: User, form_key: str, reason: str = "", is_agreed: bool = True
) -> Plan:
    """Write down a plan with its instalments and the check it rests on.

    Within the limits of `by` it is active at once if the borrower agrees; above them it waits for a second person, and `reason`
    says why it is asked. The same form sent twice makes it once. Raises PlanRefused, BorrowerOutOfReach.
    """
    check_reach(loan.borrower_id, by)
    key = f"{by.pk}:{form_key}"
    if (made := Plan.objects.filter(form_key=key).first()) is not None:
        if made.loan_id != loan.pk:
            raise PlanRefused("This form was sent before, for another loan: open the page again.")
        return made
    today = get_business_date()
    with told_in_words(PlanRefused, SENTENCES), transaction.atomic():
        plan = Plan.objects.create(
            loan=loan, kind=offer.kind, frequency=offer.frequency, currency=loan.currency, owed_amount=offer.owed_amount,
            agreed_amount=offer.agreed_amount, monthly_amount=offer.monthly_amount,
            disposable_amount=disposable_amount_of(budget), starts_on=today, ends_on=offer.ends_on, reason=reason.strip(),
            proposed_by=by, form_key=key,
        )  # fmt: skip
        PlanInstalment.objects.bulk_create(
            PlanInstalment(plan=plan, number=number, due_on=line.due_on, amount=line.amount)
            for number, line in enumerate(offer.lines, start=1)
        )
        PlanBudgetLine.objects.bulk_create(
            PlanBudgetLine(plan=plan, kind=line.kind, label=line.label, amount=line.amount) for line in budget
        )
        with connection.cursor() as cursor:  # say now, and not at the commit, what is wrong with it
            cursor.execute(
                "SET CONSTRAINTS plan_is_checked, plan_instalment_is_checked, plan_budget_is_checked IMMEDIATE"
            )
            cursor.execute(
                "SET CONSTRAINTS plan_is_checked, plan_instalment_is_checked, plan_budget_is_checked DEFERRED"
            )
        _step(plan, State.PROPOSED, by=by, day=today)
        if beyond_limits(plan=plan, user=by, today=today):
            if not plan.reason:
                raise PlanRefused(fields={"reason": "It is above your limit: say why it should be made all the same."})
            _step(plan, State.WAITING, by=by, day=today, reason=plan.reason)
        elif is_agreed:
            _step(plan, State.ACTIVE, by=by, day=today)
    return plan


def activate_plan(*, plan: Plan, by: User) -> PlanEvent:
    """Say that the borrower agrees to a plan that was proposed, or approve one that waits; the database knows who may."""
    return _take(plan, State.ACTIVE, by=by)


def choose_plan(*, plan: Plan) -> PlanEvent:
    """Make a plan active that the borrower chose; who proposed it had to be within their limits. Raises PlanRefused."""
    with told_in_words(PlanRefused, SENTENCES), transaction.atomic():
        return _step(plan, State.ACTIVE, by=None, day=get_business_date(), reason="Chosen by the borrower.")


def cancel_plan(*, plan: Plan, by: User, reason: str) -> PlanEvent:
    """Give up a plan, or refuse one that waits, and say why; the borrower is worked as before."""
    if not reason.strip():
        raise PlanRefused(fields={"reason": "Say why it is given up."})
    return _take(plan, State.CANCELLED, by=by, reason=reason.strip())


def _take(plan: Plan, state: str, *, by: User, reason: str = "") -> PlanEvent:
    check_reach(plan.loan.borrower_id, by)
    with told_in_words(PlanRefused, SENTENCES), transaction.atomic():
        return _step(plan, state, by=by, day=get_business_date(), reason=reason)


def _step(plan: Plan, state: str, *, by: User | None, day: date, reason: str = "") -> PlanEvent:
    return PlanEvent.objects.create(plan=plan, state=state, effective_on=day, by=by, reason=reason)
