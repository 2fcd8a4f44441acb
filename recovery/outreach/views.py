"""Pages of templates, of the outbox and of the dialler."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.access import may_call, permissions_of, person_of
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from creditpath.resources import MAX_ID
from recovery.errors import TemplateRefused
from recovery.models import DiallerFile, MessageTemplate, OutgoingMessage, Recommendation
from recovery.outreach.dialler_results import MOST_BYTES, OPTIONAL, OUTCOMES, REQUIRED
from recovery.outreach.forms import DiallerForm, MessageForm, ResultsForm
from recovery.outreach.rendering import FIELDS
from recovery.outreach.services import (
    ResultsReport,
    cancel_message,
    draft_message,
    make_dialler_file,
    queue_message,
    read_results,
    record_results,
    resolve_message,
    templates_for,
    write_dialler_csv,
)

PAGE_SIZE = 50
FILES_SHOWN, REJECTED_SHOWN = 20, 200
State = OutgoingMessage.State
WRITTEN = ("sms", "email")


@require_safe
def outbox(request: HttpRequest) -> HttpResponse:
    """Show what was queued, the newest first, and what became of it; four queries."""
    user = person_of(request)
    visible = OutgoingMessage.objects.visible_to(user)
    counts = dict(visible.order_by().values_list("state").annotate(Count("id")))
    asked = request.GET.get("state", "")
    rows = visible.filter(state=asked) if asked in State.values else visible
    found = rows.select_related("borrower", "template", "queued_by", "resolved_by", "contact_point").order_by("-id")
    return render(
        request,
        "recovery/outreach/outbox.html",
        {
            "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
            "asked": asked,
            "states": [(value, label, counts.get(value, 0)) for value, label in State.choices],
            "n_all": sum(counts.values()),
            "n_unknown": counts.get(State.UNKNOWN, 0),
            "may_act": may_call(user, "recovery:cancel-message", "POST"),
        },
    )


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a queued message out of the outbox."""
    row = _message(request, pk)
    try:
        cancel_message(message=row, by=person_of(request))
        messages.success(request, f"The {row.get_channel_display()} to {row.borrower} will not be sent.")
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("recovery:outbox")


@require_POST
def resolve(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what became of a message that is unknown; `was` is sent or not."""
    row = _message(request, pk)
    was_sent = request.POST.get("was") == "sent"
    try:
        resolve_message(
            message=row, was_sent=was_sent, reference=request.POST.get("reference", "")[:200], by=person_of(request)
        )
        said = "was sent, and is recorded as a contact" if was_sent else "was not sent"
        messages.success(request, f"Noted: the {row.get_channel_display()} to {row.borrower} {said}.")
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("recovery:outbox")


@require_safe
def templates(request: HttpRequest) -> HttpResponse:
    """Show the templates: what is live, drafts, and what each field is."""
    rows = list(MessageTemplate.objects.filter(retired_at__isnull=True).select_related("published_by", "drafted_by"))
    return render(
        request,
        "recovery/outreach/templates.html",
        {"rows": rows, "fields": FIELDS.items(), "may_edit": _may_edit(request)},
    )


@require_safe
def template(request: HttpRequest, number: int) -> HttpResponse:
    """Show a template as it would be sent to a borrower; without a number, to the first of today's list."""
    user = person_of(request)
    row = (
        get_object_or_404(MessageTemplate.objects.select_related("published_by"), pk=number)
        if number <= MAX_ID
        else None
    )
    if row is None:
        raise Http404
    asked = request.GET.get("borrower", "").strip()[:64]
    visible = Borrower.objects.visible_to(user)
    person = visible.filter(external_id=asked).first() if asked else _first_of_the_day(user)
    context: dict[str, Any] = {"row": row, "asked": asked, "person": person, "may_edit": _may_edit(request)}
    if person is not None:
        try:
            context["draft"] = draft_message(borrower=person, template=row, sender=user)
        except TemplateRefused as refusal:
            context["refusal"] = refusal.detail
    return render(request, "recovery/outreach/template.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a template for a borrower, see the exact text, queue it; what is wrong is said and nothing is lost."""
    user = person_of(request)
    person = get_object_or_404(Borrower.objects.visible_to(user).select_related("team"), pk=pk)
    recommendation = Recommendation.objects.filter(borrower=person, as_of=get_business_date()).first()
    rows = templates_for(
        borrower=person, channels=WRITTEN, channel=recommendation.channel if recommendation else "",
        tone=recommendation.tone if recommendation else "",
    )  # fmt: skip
    first = {"template": str(rows[0].pk) if rows else ""}
    is_queued = request.method == "POST"
    data = request.POST if is_queued else ({**first, **request.GET.dict(), "key": "preview"} if rows else None)
    form = MessageForm(data, borrower=person, templates=rows)
    shown = MessageForm(initial=first | request.GET.dict(), borrower=person, templates=rows) if not is_queued else form
    context: dict[str, Any] = {
        "borrower": person,
        "recommendation": recommendation,
        "form": shown,
        "has_templates": rows,
    }
    if form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("template", "contact_point")}
        try:
            if is_queued:
                row = queue_message(borrower=person, queued_by=user, form_key=form.cleaned_data["key"], **values)
                when = "It waits for the hours of contact" if row.not_before else "It is sent in a moment"
                messages.success(request, f"Queued for {person}. {when}, if nothing comes up before.")
                return redirect("recovery:borrower", pk)
            context["draft"] = draft_message(borrower=person, sender=user, **values)
        except DomainError as error:
            if is_queued:
                form.add_domain_error(error)
            else:
                context["refusal"] = error.detail
    if is_queued and "draft" not in context and "template" in form.cleaned_data:
        try:
            context["draft"] = draft_message(borrower=person, sender=user, template=form.cleaned_data["template"])
        except TemplateRefused as refusal:
            context["refusal"] = refusal.detail
    return render(request, "recovery/outreach/write.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def dialler(request: HttpRequest) -> HttpResponse:
    """Show the files that were made; by POST make one of whom may be called now."""
    form = DiallerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        lease = timedelta(minutes=form.cleaned_data["lease_minutes"])
        try:
            file = make_dialler_file(made_by=person_of(request), limit=form.cleaned_data["limit"], lease=lease)
        except DomainError as error:
            messages.error(request, " ".join(error.fields.values()) or error.detail)
        else:
            said = (
                f"{file.n_rows:,} calls are reserved until {timezone.localtime(file.lease_until):%H:%M} at the latest."
            )
            messages.success(request, said if file.n_rows else "Nobody who is to be called may be called now.")
            return redirect("recovery:dialler")
    return _show_dialler(request, form=form)


@require_safe
def dialler_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with a dialler file as CSV."""
    file = get_object_or_404(DiallerFile, pk=min(pk, MAX_ID))
    return HttpResponse(
        "\ufeff" + write_dialler_csv(file=file, taken_by=person_of(request)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="calls-{pk}.csv"'},
    )


@require_POST
def dialler_results(request: HttpRequest) -> HttpResponse:
    """Record what a dialler gives back; rows that cannot be are shown with what to do."""
    form, report = ResultsForm(request.POST, request.FILES), None
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            report = record_results(rows=read_results(file.read(MOST_BYTES + 1)), by=person_of(request))
        except DomainError as error:
            form.add_error("file", error.detail)
    return _show_dialler(request, results=form, report=report)


def _show_dialler(
    request: HttpRequest,
    *,
    form: DiallerForm | None = None,
    results: ResultsForm | None = None,
    report: ResultsReport | None = None,
) -> HttpResponse:
    files = DiallerFile.objects.select_related("created_by").annotate(
        n_called=Count("entries", filter=Q(entries__reservation__contact_event__isnull=False))
    )[:FILES_SHOWN]
    return render(
        request,
        "recovery/outreach/dialler.html",
        {
            "form": form if form is not None and form.is_bound else DiallerForm(),
            "results": results or ResultsForm(),
            "report": report,
            "rejected": report.rejected[:REJECTED_SHOWN] if report else (),
            "files": files,
            "columns": (*REQUIRED, *OPTIONAL),
            "outcomes": OUTCOMES,
        },
    )


def _message(request: HttpRequest, pk: int) -> OutgoingMessage:
    rows = OutgoingMessage.objects.visible_to(person_of(request)).select_related("borrower")
    return get_object_or_404(rows, pk=min(pk, MAX_ID))


def _first_of_the_day(user: User) -> Borrower | None:
    of_day = Recommendation.objects.visible_to(user).filter(as_of=get_business_date(), ask_amount__gt=0)
    first = of_day.select_related("borrower").order_by("-priority", "id").first()
    return first.borrower if first else None


def _may_edit(request: HttpRequest) -> bool:
    return "recovery.change_messagetemplate" in permissions_of(person_of(request).role)
