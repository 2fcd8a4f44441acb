"""The pages of hardship: write one down, the list of those to be looked at, and the records, which few may read."""

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from recovery.care.forms import CareForm
from recovery.care.services import decide_care, due_reviews, open_care_record, read_care_records
from recovery.models import CareRecord

PAGE_SIZE = 50


@require_safe
def reviews(request: HttpRequest) -> HttpResponse:
    """List open records by the day on which a person has to look at them; no details."""
    page = Paginator(due_reviews(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "recovery/care/reviews.html", {"page": page, "today": get_business_date()})


@never_cache
@require_safe
def records(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a borrower's records; that they were read is written down."""
    borrower = _borrower(request, pk)
    shown = read_care_records(borrower=borrower, read_by=person_of(request))
    readings = borrower.care_readings.select_related("read_by")[:20]
    return render(request, "recovery/care/records.html", {"borrower": borrower, "records": shown, "readings": readings})


def open_record(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down hardship; whoever works with the borrower may, also who may not read it."""
    borrower = _borrower(request, pk)
    form = CareForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        values = {name: form.cleaned_data[name] for name in ("category", "details", "review_on")}
        try:
            open_care_record(
                borrower=borrower, opened_by=person_of(request), form_key=form.cleaned_data["key"], **values
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Written down. Contacts are on hold, and a person decides.")
            return redirect("recovery:borrower", pk)
    context: dict[str, Any] = {
        "borrower": borrower, "form": form, "may_read": may_call(person_of(request), "recovery:care-records"),
    }  # fmt: skip
    return render(request, "recovery/care/open.html", context)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a record go on, or end it."""
    record = get_object_or_404(CareRecord.objects.select_related("hold"), pk=pk)
    try:
        review_on = date.fromisoformat(request.POST["review_on"]) if request.POST.get("review_on") else None
    except ValueError:
        review_on = None
    try:
        decide_care(
            record=record, outcome=request.POST.get("outcome", ""), reason=request.POST.get("reason", "")[:1000],
            review_on=review_on, decided_by=person_of(request),
        )  # fmt: skip
        messages.success(request, "Decided.")
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("recovery:care-records", record.borrower_id)


def _borrower(request: HttpRequest, pk: int) -> Borrower:
    return get_object_or_404(Borrower.objects.visible_to(person_of(request)).select_related("team"), pk=pk)
