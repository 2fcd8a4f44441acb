"""The page of a borrower's evidence, its pack, and the list of what is kept and erased."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from borrowers.models import Borrower
from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.exports.models import ExportRun
from creditpath.forms import PageForm
from creditpath.resources import MAX_ID
from recovery.evidence.forms import ErasureRequestForm, LegalHoldForm
from recovery.evidence.keeping import (
    decide_erasure,
    due_for_erasure,
    find_keeping,
    lift_legal_hold,
    request_erasure,
    set_legal_hold,
)
from recovery.evidence.packing import find_breaks, take_pack
from recovery.evidence.sources import words_of
from recovery.models import ErasureRequest, EvidenceChain, EvidenceEvent, LegalHold

EVENTS_SHOWN = 100
ROWS_SHOWN = 100


@require_safe
def evidence(request: HttpRequest, pk: int) -> HttpResponse:
    """Show whether a borrower's chain is whole, how long it is kept, and what may be erased."""
    return _show(request, _borrower(request, pk))


@require_safe
def evidence_json(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the pack as JSON, which docs/check_evidence.py checks."""
    pack = take_pack(borrower=_borrower(request, pk), form=ExportRun.Form.JSON, taken_by=person_of(request))
    headers = {"Content-Disposition": f'attachment; filename="{pack.file_name}.json"'}
    return JsonResponse(pack.as_json(), headers=headers, json_dumps_params={"indent": 1, "ensure_ascii": False})


@require_safe
def evidence_pdf(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with the pack as PDF."""
    from recovery.evidence.printing import write_pdf  # takes a while to load, and few ask for it

    pack = take_pack(borrower=_borrower(request, pk), form=ExportRun.Form.PDF, taken_by=person_of(request))
    headers = {"Content-Disposition": f'attachment; filename="{pack.file_name}.pdf"'}
    return HttpResponse(write_pdf(pack), content_type="application/pdf", headers=headers)


@require_POST
def hold(request: HttpRequest, pk: int) -> HttpResponse:
    """Set a legal hold; what is wrong is shown beside its field."""
    borrower = _borrower(request, pk)
    form = LegalHoldForm(request.POST)
    if form.is_valid():
        try:
            set_legal_hold(borrower=borrower, set_by=person_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "On legal hold: nothing of this borrower is erased until it is lifted.")
            return redirect("recovery:evidence", pk)
    return _show(request, borrower, hold_form=form)


@require_POST
def lift(request: HttpRequest, pk: int) -> HttpResponse:
    """Lift a legal hold."""
    user = person_of(request)
    held = _row(LegalHold.objects.visible_to(user), pk)
    try:
        lift_legal_hold(hold=held, reason=request.POST.get("reason", "")[:500], lifted_by=user)
        messages.success(request, "The legal hold is lifted.")
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("recovery:evidence", held.borrower_id)


@require_POST
def ask_erasure(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for an erasure; what is wrong is shown beside its field."""
    borrower = _borrower(request, pk)
    form = ErasureRequestForm(request.POST)
    if form.is_valid():
        try:
            request_erasure(borrower=borrower, requested_by=person_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Asked for. A second person decides.")
            return redirect("recovery:evidence", pk)
    return _show(request, borrower, erasure_form=form)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Erase or refuse; `decision` is erase or refuse."""
    user = person_of(request)
    asked = _row(ErasureRequest.objects.visible_to(user), pk)
    is_approved = request.POST.get("decision") == "erase"
    try:
        decide_erasure(
            request=asked, is_approved=is_approved, decided_by=user, reason=request.POST.get("reason", "")[:500]
        )
        messages.success(
            request, "Erased. The chain of evidence is whole; its texts are gone." if is_approved else "Refused."
        )
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("recovery:evidence", asked.borrower_id)


@require_safe
def retention(request: HttpRequest) -> HttpResponse:
    """Show requests that wait, borrowers whose time of keeping is over, and legal holds; three queries."""
    user = person_of(request)
    return render(
        request,
        "recovery/evidence/retention.html",
        {
            "requests": ErasureRequest.objects.visible_to(user)
            .filter(decision=None)
            .select_related("borrower", "requested_by")
            .order_by("id")[:ROWS_SHOWN],
            "due": due_for_erasure(limit=ROWS_SHOWN),
            "holds": LegalHold.objects.visible_to(user)
            .filter(lifts=None, lifted_by=None)
            .select_related("borrower", "set_by")
            .order_by("id")[:ROWS_SHOWN],
            "n_shown": ROWS_SHOWN,
            "may_ask": may_call(user, "recovery:ask-erasure", "POST"),
        },
    )


def _borrower(request: HttpRequest, pk: int) -> Borrower:
    borrower: Borrower = _row(Borrower.objects.visible_to(person_of(request)).select_related("team"), pk)
    return borrower


def _row(rows: Any, pk: int) -> Any:
    if pk > MAX_ID:
        raise Http404
    return get_object_or_404(rows, pk=pk)


def _show(
    request: HttpRequest, borrower: Borrower, *, hold_form: PageForm | None = None, erasure_form: PageForm | None = None
) -> HttpResponse:
    user = person_of(request)
    keeping = find_keeping(borrower)
    latest = EvidenceEvent.objects.filter(borrower=borrower).select_related("seal").order_by("-number")
    events: Sequence[EvidenceEvent] = list(latest[:EVENTS_SHOWN])
    may_keep = may_call(user, "recovery:set-legal-hold", "POST")
    return render(
        request,
        "recovery/evidence/evidence.html",
        {
            "borrower": borrower,
            "keeping": keeping,
            "chain": EvidenceChain.objects.filter(borrower=borrower).first(),
            "breaks": find_breaks(borrower),
            "events": [
                (
                    event,
                    words_of(event.source),
                    bytes(event.sha256).hex(),
                )
                for event in events
            ],
            "n_hidden": (events[0].number if events else 0) - len(events),
            "head": bytes(events[0].sha256).hex() if events else "",
            "decided": ErasureRequest.objects.filter(borrower=borrower, decision__isnull=False).select_related(
                "decision__decided_by", "requested_by"
            ),
            "may_keep": may_keep,
            "hold_form": (hold_form or LegalHoldForm()) if may_keep else None,
            "hold_form_is_open": hold_form is not None,
            "erasure_form": (erasure_form or ErasureRequestForm()) if may_keep and not keeping.open_request else None,
            "erasure_form_is_open": erasure_form is not None,
            "user_id": user.pk,
        },
        status=400 if hold_form or erasure_form else 200,
    )
