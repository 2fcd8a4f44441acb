"""The pages of the work: request in, one verb, a page out. Who may open them is written in creditpath.access."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from borrowers.errors import NoBusinessDate, ReferenceTaken
from borrowers.models import Borrower, ContactEvent, Loan, Payment
from borrowers.services import current_instant, get_business_date, record_payment
from creditpath.access import may_call, person_of
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from recovery import services
from recovery.case import Case, build_case
from recovery.forms import AnswerForm, FollowUpForm, PaymentForm, WorklistFilter
from recovery.inbound.services import find_passed
from recovery.lists import build_worklist
from recovery.models import CareRecord, WorklistItem

GATE = ("call", "sms", "email")  # the channels whose answer stands on the page of a borrower


@require_safe
def worklist(request: HttpRequest) -> HttpResponse:
    """Show the day's list: an agent's own, everybody's to those who manage."""
    user = person_of(request)
    form = WorklistFilter(request.GET, user=user)
    form.is_valid()
    try:
        today = get_business_date()
    except NoBusinessDate as nothing_yet:
        return render(request, "recovery/worklist.html", {"nothing_yet": nothing_yet.detail})
    shown = build_worklist(user=user, today=today, asked=form.cleaned_data, page=request.GET.get("page", ""))
    filters = [form[name] for name in ("q", "bucket", "action", "tier", "agent") if name in form.fields]
    is_narrowed = any(form.cleaned_data.get(field.name) for field in filters)
    return render(
        request,
        "recovery/worklist.html",
        {
            "form": form, "filters": filters, "shown": shown, "today": today, "now": current_instant(),
            "is_narrowed": is_narrowed, "is_own": user.role == "agent",
        },
    )  # fmt: skip


@require_POST
def next_case(request: HttpRequest) -> HttpResponse:
    """Open the next case of the person's list; `after` is the item to go on from."""
    user = person_of(request)
    after = request.POST.get("after", "")
    is_key = after.isascii() and after.isdigit() and len(after) < 19
    item = WorklistItem.objects.filter(pk=after, agent=user).first() if is_key else None
    return _to_next(request, user, item)


def _to_next(request: HttpRequest, user: User, after: WorklistItem | None) -> HttpResponse:
    if (due := services.next_call_back(agent=user)) is not None:
        messages.info(request, f"They asked to be called back at {due.local_time} their time.")
        return redirect("recovery:borrower", due.borrower_id)
    item = services.next_case(agent=user, after=after)
    if item is None:
        messages.success(request, "Nothing is left to do: your list is done.")
        return redirect("recovery:worklist")
    return redirect("recovery:borrower", item.recommendation.borrower_id)


@require_safe
def borrower(request: HttpRequest, pk: int) -> HttpResponse:
    """Show all that is known of one borrower."""
    case = _case(request, pk)
    return _show(request, case)


@require_POST
def record_action(request: HttpRequest, pk: int) -> HttpResponse:
    """Record a follow-up; with then=next the next case opens. What is wrong is shown beside its field, typed text stays."""
    user = person_of(request)
    case = _case(request, pk)
    form = FollowUpForm(request.POST, loans=_owing(case))
    if form.is_valid():
        values = dict(form.cleaned_data)
        if (
            values["channel"] == ContactEvent.Channel.INBOUND
        ):  # of a caller who was identified: the contact is there already
            passed = find_passed(borrower=case.borrower, agent=user)
            values["corrects"] = passed.open_event if passed else None
        try:
            report = services.record_action(borrower=case.borrower, agent=user, form_key=values.pop("key"), **values)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            again = " It was recorded before, and once." if report.is_repeat else ""
            messages.success(request, f"Recorded for {case.borrower}: {report.event}.{again}")
            if report.flags:
                messages.warning(request, f"It was not permitted, and is flagged: {' '.join(report.flags)}")
            if request.POST.get("then") == "next":
                return _to_next(request, user, report.item if report.item and report.item.agent_id == user.pk else None)
            return redirect("recovery:borrower", pk)
    return _show(request, case, follow_up=form)


@require_POST
def answer_recommendation(request: HttpRequest, pk: int) -> HttpResponse:
    """Accept the day's recommendation, or say what is done instead and why; typed text stays where something is wrong."""
    user = person_of(request)
    case = _case(request, pk)
    if case.recommendation is None:
        messages.warning(request, "Nothing is recommended today: there is nothing to answer.")
        return redirect("recovery:borrower", pk)
    is_accepted = request.POST.get("answer") == "accept"
    form = AnswerForm(request.POST, recommended=case.recommendation.action)
    if is_accepted or form.is_valid():
        values = {"form_key": request.POST.get("key", "")[:40]} if is_accepted else form.answered()
        try:
            made = services.answer_recommendation(recommendation=case.recommendation, by=user, **values)
        except DomainError as error:
            if is_accepted:
                messages.error(request, error.detail)
                return redirect("recovery:borrower", pk)
            form.add_domain_error(error)
        else:
            said = "Accepted" if made.answer == made.Answer.ACCEPTED else "Noted: you decided otherwise"
            messages.success(request, f"{said}. Record what came of it below.")
            return redirect("recovery:borrower", pk)
    return _show(request, case, answer=form)


@require_POST
def record_borrower_payment(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter a payment; sending the form twice enters it once."""
    user = person_of(request)
    case = _case(request, pk)
    form = PaymentForm(request.POST, loans=_loans(case))
    if form.is_valid():
        values = form.cleaned_data
        reference = f"form:{user.pk}:{values['key']}"
        loan: Loan = values["loan"]
        try:
            record_payment(
                loan=loan, amount=values["amount"], effective_on=values["effective_on"], channel=values["channel"],
                recorded_by=user, external_id=reference,
            )  # fmt: skip
        except ReferenceTaken as error:
            if Payment.objects.filter(external_id=reference, loan=loan, amount=values["amount"]).exists():
                messages.info(request, "This payment was entered before, and once.")
                return redirect("recovery:borrower", pk)
            form.add_domain_error(error)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, f"Payment of {loan.currency} {values['amount']:,.2f} entered on loan {loan}.")
            return redirect("recovery:borrower", pk)
        form.mark_errors()
    return _show(request, case, payment=form)


def _case(request: HttpRequest, pk: int) -> Case:
    user = person_of(request)
    open_records = CareRecord.objects.open().filter(borrower=OuterRef("pk"))
    seen = Borrower.objects.visible_to(user).annotate(needs_care=Exists(open_records))
    row = get_object_or_404(seen.select_related("team"), pk=pk)
    return build_case(borrower=row, user=user, today=get_business_date(), until=_day(request.GET.get("until", "")))


def _day(text: str) -> date | None:
    """Return a day of an address, None for what is none: then the page shows the newest."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _loans(case: Case) -> list[Loan]:
    """Return all loans, those that still owe first: money is most often meant for them."""
    return [part.loan for part in (*case.owing, *case.settled)]


def _owing(case: Case) -> list[Loan]:
    return [part.loan for part in case.owing]


def _show(
    request: HttpRequest,
    case: Case,
    *,
    answer: AnswerForm | None = None,
    follow_up: FollowUpForm | None = None,
    payment: PaymentForm | None = None,
) -> HttpResponse:
    user = person_of(request)
    context: dict[str, Any] = {"case": case, "borrower": case.borrower, "today": case.today}
    if may_call(user, "recovery:record-action", "POST"):
        way = "inbound" if request.GET.get("call") == "inbound" else case.channel_to_use
        context["follow_up"] = follow_up or FollowUpForm(loans=_owing(case), initial={"channel": way})
    if case.recommendation is not None and may_call(user, "recovery:answer-recommendation", "POST"):
        context["answer_form"] = answer or AnswerForm(recommended=case.recommendation.action)
        context["answer_is_open"] = answer is not None
    if case.parts and may_call(user, "recovery:record-payment", "POST"):
        context["payment"] = payment or PaymentForm(loans=_loans(case), initial={"effective_on": case.today})
        context["payment_is_open"] = payment is not None
    answers = services.contact_permissions([(case.borrower.pk, channel) for channel in GATE], instant=case.now)
    context["gate"] = [answers[case.borrower.pk, channel] for channel in GATE]
    context["search_url"] = f"{reverse('recovery:worklist')}?{urlencode({'q': ''})}"
    return render(request, "recovery/borrower.html", context)
