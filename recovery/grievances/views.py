"""The register of disputes and complaints, and the pages on which they are entered and answered."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.exports.cells import Column
from creditpath.exports.models import ExportRun
from creditpath.exports.services import export_rows
from creditpath.resources import MAX_ID
from recovery.grievances.forms import AnswerForm, GrievanceForm
from recovery.grievances.services import answer_grievance, record_grievance
from recovery.models import Grievance
from recovery.querysets import GrievanceQuerySet

PAGE_SIZE = 50
EARLIER_SHOWN = 50
STATES = {"open": "To answer", "overdue": "Overdue", "answered": "Answered"}
COLUMNS: tuple[Column, ...] = (
    ("number", lambda row: row.pk),
    ("kind", lambda row: row.kind),
    ("borrower", lambda row: row.borrower.external_id),
    ("loan", lambda row: str(row.loan or "")),
    ("about", lambda row: row.get_subject_display()),
    ("came by", lambda row: row.get_channel_display()),
    ("text", lambda row: row.text),
    ("received on", lambda row: row.received_on),
    ("answer due on", lambda row: row.answer_due_on),
    ("answered on", lambda row: _answer(row, "answered_on")),
    ("outcome", lambda row: row.answer.get_outcome_display() if hasattr(row, "answer") else ""),
    ("answer", lambda row: _answer(row, "text")),
    ("cause", lambda row: _answer(row, "cause")),
    ("redress", lambda row: _answer(row, "redress_amount")),
    ("simulated", lambda row: "yes" if row.borrower.is_simulated else "no"),
)


@require_safe
def register(request: HttpRequest) -> HttpResponse:
    """Show what is to be answered, the most urgent first; four queries."""
    user, today = person_of(request), get_business_date()
    visible = Grievance.objects.visible_to(user)
    counts = visible.order_by().aggregate(
        open=Count("id", filter=Q(answer__isnull=True)),
        overdue=Count("id", filter=Q(answer__isnull=True, answer_due_on__lt=today)),
        answered=Count("id", filter=Q(answer__isnull=False)),
    )
    rows, asked, kind = _asked_for(request, visible)
    found = rows.select_related("borrower", "loan", "answer").order_by(
        *(["-answer__answered_on", "-id"] if asked == "answered" else ["answer_due_on", "id"])
    )
    return render(
        request,
        "recovery/grievances/register.html",
        {
            "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
            "states": [(name, label, counts[name]) for name, label in STATES.items()],
            "kinds": Grievance.Kind.choices,
            "asked": asked,
            "kind": kind,
            "today": today,
            "may_export": may_call(user, "recovery:grievances-csv"),
        },
    )


@require_safe
def register_csv(request: HttpRequest) -> HttpResponseBase:
    """Answer with what the page shows as CSV, in which no cell is a formula; it is logged who took it."""
    user = person_of(request)
    rows, _, _ = _asked_for(request, Grievance.objects.visible_to(user))
    try:
        run, stream = export_rows(
            rows=rows.select_related("borrower", "loan", "answer").order_by("id"), columns=COLUMNS,
            form=ExportRun.Form.CSV, filters=request.GET.urlencode(), is_selection=False, exported_by=user,
        )  # fmt: skip
    except DomainError as refusal:
        messages.error(request, refusal.detail)
        return redirect("recovery:grievances")
    return FileResponse(stream, as_attachment=True, filename=f"grievances-{run.as_of}-{run.pk}.csv")


@require_http_methods(["GET", "HEAD", "POST"])
def record(request: HttpRequest, pk: int) -> HttpResponse:
    """Enter what a borrower contests or complains of; below the form stands what they did before."""
    user = person_of(request)
    borrower = get_object_or_404(Borrower.objects.visible_to(user).select_related("team"), pk=pk)
    form = GrievanceForm(request.POST if request.method == "POST" else None, borrower=borrower)
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        try:
            entered = record_grievance(borrower=borrower, recorded_by=user, form_key=values.pop("key"), **values)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            held = " Contacts about it are on hold." if entered.kind == Grievance.Kind.DISPUTE else ""
            messages.success(request, f"Entered. The answer is due by {entered.answer_due_on:%-d %b %Y}.{held}")
            return redirect("recovery:grievance", entered.pk)
    earlier = Grievance.objects.filter(borrower=borrower).select_related("answer", "loan")
    return render(
        request,
        "recovery/grievances/record.html",
        {"borrower": borrower, "form": form, "earlier": earlier[:EARLIER_SHOWN], "today": get_business_date()},
    )


@require_safe
def grievance(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one of them, its clock, and its answer or the form for one."""
    return _show(request, _grievance(request, pk))


@require_POST
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the answer; what is wrong is shown beside its field."""
    row = _grievance(request, pk)
    form = AnswerForm(request.POST)
    if form.is_valid():
        values = {name: value for name, value in form.cleaned_data.items() if name != "key"}
        try:
            answer_grievance(grievance=row, answered_by=person_of(request), **values)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            lifted = " Contacts about it are no longer on hold." if row.kind == Grievance.Kind.DISPUTE else ""
            messages.success(request, f"Answered.{lifted}")
            return redirect("recovery:grievance", pk)
    return _show(request, row, form=form)


def _show(request: HttpRequest, row: Grievance, *, form: AnswerForm | None = None) -> HttpResponse:
    context: dict[str, Any] = {"row": row, "borrower": row.borrower, "today": get_business_date()}
    if not hasattr(row, "answer") and may_call(person_of(request), "recovery:answer-grievance", "POST"):
        context["form"] = form or AnswerForm()
    return render(request, "recovery/grievances/grievance.html", context)


def _grievance(request: HttpRequest, pk: int) -> Grievance:
    visible = Grievance.objects.visible_to(person_of(request))
    if pk > MAX_ID:
        raise Http404
    return get_object_or_404(
        visible.select_related("borrower", "loan", "answer__answered_by", "recorded_by", "contact_event"), pk=pk
    )


def _asked_for(request: HttpRequest, rows: GrievanceQuerySet) -> tuple[GrievanceQuerySet, str, str]:
    """Return the rows of the state (to answer) and kind (both) that are asked for, and these two words."""
    asked = request.GET.get("state", "open")
    asked = asked if asked in STATES else "open"
    narrowed = {
        "open": rows.open(),
        "overdue": rows.overdue(get_business_date()),
        "answered": rows.filter(answer__isnull=False),
    }[asked]
    kind = request.GET.get("kind", "")
    if kind not in Grievance.Kind.values:
        return narrowed, asked, ""
    return narrowed.filter(kind=kind), asked, kind


def _answer(row: Grievance, name: str) -> Any:
    return getattr(row.answer, name) if hasattr(row, "answer") else ""
