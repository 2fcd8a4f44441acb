"""The page that proves how a person was contacted, its exports, and the forms for holds."""

import csv
import io
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from borrowers.models import Borrower, ContactPoint
from creditpath.access import may_call, person_of
from creditpath.accounts.models import Role
from creditpath.errors import DomainError
from creditpath.exports.cells import csv_cell
from creditpath.exports.models import ExportRun
from creditpath.exports.services import log_export
from recovery.contacts.evidence import COLUMNS, Evidence, build_evidence
from recovery.contacts.forms import SetHoldForm
from recovery.contacts.services import lift_hold, set_hold
from recovery.models import Hold
from recovery.templatetags.pages import masked

SHOWN = 500


@require_safe
def contacts(request: HttpRequest, pk: int) -> HttpResponse:
    """Show every contact, attempt, refusal, hold and consent of a person."""
    return _show(request, _borrower(request, pk))


@require_safe
def contacts_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the lines as CSV, in which no cell is a formula."""
    evidence = _take_out(request, pk, ExportRun.Form.CSV)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for line in evidence.lines:
        values = line.as_json()
        writer.writerow([csv_cell(values[name]) for name in COLUMNS])
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="contacts-{pk}.csv"'},
    )


@require_safe
def contacts_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the whole evidence as JSON."""
    evidence = _take_out(request, pk, ExportRun.Form.JSON)
    headers = {"Content-Disposition": f'attachment; filename="contacts-{pk}.json"'}
    return JsonResponse(evidence.as_json(), headers=headers, json_dumps_params={"indent": 1})


def _take_out(request: HttpRequest, pk: int, form: str) -> Evidence:
    """Gather what is proved of a person for a file, and log who took it."""
    borrower = _borrower(request, pk)
    evidence = build_evidence(borrower=borrower)
    log_export(
        model="borrowers.contactevent", form=form, filters=f"borrower={borrower.external_id}", n_rows=len(evidence.lines),
        exported_by=person_of(request),
    )  # fmt: skip
    return evidence


@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a hold; what is wrong is shown beside its field."""
    borrower = _borrower(request, pk)
    form = SetHoldForm(request.POST, borrower=borrower)
    if form.is_valid():
        try:
            held = set_hold(borrower=borrower, set_by=person_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, f"On hold: {held}.")
            return redirect("recovery:contacts", pk)
    return _show(request, borrower, form=form)


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift a hold of the person; `hold` is its number."""
    borrower = _borrower(request, pk)
    number = request.POST.get("hold", "")
    held = (
        Hold.objects.filter(borrower=borrower, pk=int(number)).first()
        if number.isdecimal() and len(number) < 19
        else None
    )
    if held is None:
        raise Http404("There is no such hold.")
    try:
        lift_hold(hold=held, reason=request.POST.get("reason", "")[:500], lifted_by=person_of(request))
        messages.success(request, f"Lifted: {held}.")
    except DomainError as error:
        messages.error(request, error.detail if not error.fields else " ".join(error.fields.values()))
    return redirect("recovery:contacts", pk)


def _borrower(request: HttpRequest, pk: int) -> Borrower:
    return get_object_or_404(Borrower.objects.visible_to(person_of(request)).select_related("team"), pk=pk)


def _hide(point: ContactPoint) -> str:
    return f"{point.get_kind_display()} {masked(point.value, point.kind)}"


def _show(request: HttpRequest, borrower: Borrower, *, form: SetHoldForm | None = None) -> HttpResponse:
    user = person_of(request)
    evidence = build_evidence(borrower=borrower, show=_hide if user.role == Role.AGENT else str)
    context: dict[str, Any] = {
        "borrower": borrower,
        "evidence": evidence,
        "lines": evidence.lines[:SHOWN],
        "n_hidden": max(len(evidence.lines) - SHOWN, 0),
        "may_export": may_call(user, "recovery:contacts-csv"),
        "may_lift": may_call(user, "recovery:lift-hold", "POST"),
    }
    if may_call(user, "recovery:set-hold", "POST"):
        context["form"] = form or SetHoldForm(borrower=borrower)
        context["form_is_open"] = form is not None
    return render(request, "recovery/contacts.html", context)
