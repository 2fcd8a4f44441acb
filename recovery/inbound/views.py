"""Pages of an inbound call: whose number it is, who the caller is, what has to be said. None of them reads a debt."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from borrowers.models import Borrower
from creditpath.access import person_of
from creditpath.errors import DomainError
from recovery.inbound.forms import CheckForm
from recovery.inbound.services import check_identity, find_callers, find_passed, refuse_after_failures

NUMBER = "inbound_number"  # of the session: a telephone number stands in no address


@require_http_methods(["GET", "HEAD", "POST"])
def inbound(request: HttpRequest) -> HttpResponse:
    """Find who is calling; one match opens at once. A telephone system may open /inbound/?number=… itself."""
    asked = request.POST.get("number") if request.method == "POST" else request.GET.get("number")
    if not (asked or "").strip():
        return render(request, "recovery/inbound/find.html", {})
    callers = find_callers(asked=(asked or "").replace("\x00", ""), user=person_of(request))
    request.session[NUMBER] = callers.asked
    if len(callers.matches) == 1 and not callers.other_teams:
        return redirect("recovery:inbound-check", callers.matches[0].pk)
    return render(request, "recovery/inbound/find.html", {"callers": callers})


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the caller who they are; nothing about a debt is on this page, and it leads to the case only through the check."""
    user, borrower = person_of(request), _borrower(request, pk)
    form = CheckForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and form.is_valid():
        number = str(request.session.get(NUMBER, ""))
        try:
            made = check_identity(borrower=borrower, agent=user, answers=form.cleaned_data, number=number)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            if made.is_passed:
                return redirect("recovery:inbound-disclosure", pk)
            form = CheckForm()
            refusal = "That does not fit the books. Say nothing about a debt; ask again, or end the call kindly."
    try:
        refuse_after_failures(borrower=borrower, agent=user)
        is_closed = False
    except DomainError as error:
        is_closed, refusal = True, error.detail
    context = {"borrower": borrower, "form": form, "refusal": refusal, "is_closed": is_closed}
    return render(request, "recovery/inbound/check.html", context)


@require_safe
def disclosure(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what has to be said to a caller who was identified, and the way to the case."""
    borrower = _borrower(request, pk)
    passed = find_passed(borrower=borrower, agent=person_of(request))
    if passed is None:
        messages.warning(request, "Identify the caller first.")
        return redirect("recovery:inbound-check", pk)
    return render(request, "recovery/inbound/disclosure.html", {"borrower": borrower, "check": passed})


def _borrower(request: HttpRequest, pk: int) -> Borrower:
    return get_object_or_404(Borrower.objects.visible_to(person_of(request)).select_related("team"), pk=pk)
