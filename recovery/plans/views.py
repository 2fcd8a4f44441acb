"""The pages of plans."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from borrowers.models import Borrower, Loan
from borrowers.querysets import SETTLED_BUCKETS
from borrowers.services import get_business_date
from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from recovery.errors import PlanRefused
from recovery.models import Plan, PlanEvent
from recovery.plans.budget import disposable_amount_of
from recovery.plans.forms import PlanForm
from recovery.plans.offering import Offer, build_offer, build_offers, find_limit, first_day, get_standing, get_terms
from recovery.plans.progress import find_plans, show_plans
from recovery.plans.services import activate_plan, cancel_plan, propose_plan

PAGE_SIZE = 50
State = PlanEvent.State


@require_safe
def plan(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a borrower's plans, and the form that makes one."""
    return _show(request, _borrower(request, pk))


@require_POST
def make(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is affordable, or make what was chosen; typed text stays where something is wrong."""
    borrower = _borrower(request, pk)
    form = PlanForm(request.POST, loans=_owing(borrower))
    if not form.is_valid():
        return _show(request, borrower, form=form)
    try:
        if request.POST.get("do") == "make":
            made = _make(request, form)
            state = PlanEvent.objects.filter(plan=made).order_by("-number").values_list("state", flat=True)[0]
            if state == State.WAITING:
                messages.warning(request, "The plan waits for a second person: it is above your limit.")
            else:
                messages.success(request, f"Made: {made}.")
            return redirect("recovery:plan", pk)
        offers = _offers(request, form)
    except DomainError as error:
        form.add_domain_error(error)
        return _show(request, borrower, form=form, offers=_offers_again(request, form))
    return _show(request, borrower, form=form, offers=offers)


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """List plans by state, those that wait for approval first."""
    user = person_of(request)
    counts = dict.fromkeys(State.values, 0)
    visible = Plan.objects.visible_to(user)
    asked = request.GET.get("state", "")
    counts |= visible.count_by_state()
    if asked not in State.values:
        asked = State.WAITING if counts[State.WAITING] else State.ACTIVE
    rows = visible.in_state(asked).order_by("-id").values_list("pk", flat=True)
    page = Paginator(rows, PAGE_SIZE).get_page(request.GET.get("page"))
    shown = show_plans(plans=list(page), today=get_business_date())
    context = {
        "page": page, "shown": shown, "asked": asked,
        "states": [(value, label, counts[value]) for value, label in State.choices],
    }  # fmt: skip
    return render(request, "recovery/plans/plans.html", context)


@require_POST
def step(request: HttpRequest, pk: int) -> HttpResponse:
    """Agree to, approve or give up a plan."""
    user = person_of(request)
    row = get_object_or_404(Plan.objects.visible_to(user).select_related("loan"), pk=pk)
    try:
        if request.POST.get("do") == "cancel":
            cancel_plan(plan=row, by=user, reason=request.POST.get("reason", "")[:500])
            messages.success(request, "Given up. The borrower is worked as before.")
        else:
            activate_plan(plan=row, by=user)
            messages.success(request, f"Active: {row}.")
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) if error.fields else error.detail)
    return redirect("recovery:plan", row.loan.borrower_id)


def _borrower(request: HttpRequest, pk: int) -> Borrower:
    return get_object_or_404(Borrower.objects.visible_to(person_of(request)).select_related("team"), pk=pk)


def _owing(borrower: Borrower) -> list[Loan]:
    return list(
        Loan.objects.filter(borrower=borrower, delinquency__isnull=False)
        .exclude(delinquency__bucket__in=SETTLED_BUCKETS)
        .select_related("delinquency", "product")
        .order_by("-delinquency__days_past_due", "-delinquency__overdue_amount", "id")
    )


def _make(request: HttpRequest, form: PlanForm) -> Plan:
    values, today, user = form.cleaned_data, get_business_date(), person_of(request)
    wanted = form.wanted()
    budget = form.budget()
    kind, n = wanted or ("", 0)
    standing = get_standing(loan=values["loan"], today=today)
    if wanted is None:
        offer = None
    elif values["offer"] == "own" or kind != Plan.Kind.SETTLEMENT:
        offer = build_offer(
            standing=standing, kind=kind, n=n, frequency=values["frequency"], first_on=values["first_on"], today=today,
            disposable=disposable_amount_of(budget), limit=find_limit(user=user, today=today), terms=get_terms(today=today),
            agreed=values["own_amount"],
        )  # fmt: skip
    else:
        offer = next((one for one in _offers(request, form) if one.key == values["offer"]), None)
    if offer is None:
        raise PlanRefused("Choose one of the plans first.")
    return propose_plan(
        loan=values["loan"],
        offer=offer,
        budget=budget,
        by=user,
        form_key=values["key"],
        reason=values["reason"],
        is_agreed=not values["is_offer"],
    )


def _offers(request: HttpRequest, form: PlanForm) -> list[Offer]:
    values, today = form.cleaned_data, get_business_date()
    return build_offers(
        standing=get_standing(loan=values["loan"], today=today), frequency=values["frequency"], first_on=values["first_on"],
        today=today, disposable=disposable_amount_of(form.budget()), user=person_of(request),
    )  # fmt: skip


def _offers_again(request: HttpRequest, form: PlanForm) -> list[Offer]:
    try:
        return _offers(request, form)
    except DomainError:
        return []


def _show(
    request: HttpRequest, borrower: Borrower, *, form: PlanForm | None = None, offers: list[Offer] | None = None
) -> HttpResponse:
    user, today = person_of(request), get_business_date()
    shown = find_plans(borrower=borrower, today=today)
    context: dict[str, Any] = {
        "borrower": borrower, "shown": shown, "today": today, "offers": offers or [], "has_asked": offers is not None,
        "may_step": may_call(user, "recovery:take-plan-step", "POST"),
    }  # fmt: skip
    if may_call(user, "recovery:make-plan", "POST"):
        taken = {one.plan.loan_id for one in shown if one.is_open}
        loans = [loan for loan in _owing(borrower) if loan.pk not in taken]
        if form is not None:
            context["form"] = form
        elif loans:
            initial = {"first_on": first_day(today), "frequency": Plan.Frequency.MONTHLY}
            context["form"] = PlanForm(loans=loans, initial=initial)
        context["chosen"] = (form.data.get("offer") if form is not None else "") or (offers[0].key if offers else "")
        if form is not None and form.is_valid():
            context["disposable"] = disposable_amount_of(form.budget())
            context["currency"] = form.cleaned_data["loan"].currency
    return render(request, "recovery/plans/plan.html", context)
