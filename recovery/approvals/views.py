"""What waits for a second person, and the page on which it is proposed."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from borrowers.models import Loan
from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.resources import MAX_ID
from recovery.approvals.forms import ProposalForm
from recovery.approvals.services import decide, propose
from recovery.models import LoanProposal, Plan, PlanEvent, Policy
from scoring.models import PromotionProposal

PAGE_SIZE = 50


@require_safe
def approvals(request: HttpRequest) -> HttpResponse:
    """Show proposals, the oldest that waits first, or what was decided; beside them what waits on pages of its own."""
    user = person_of(request)
    asked = "decided" if request.GET.get("state") == "decided" else "waiting"
    visible = LoanProposal.objects.visible_to(user)
    waiting, decided = visible.filter(decision__isnull=True), visible.filter(decision__isnull=False)
    rows = decided.order_by("-decision__id") if asked == "decided" else waiting.order_by("id")
    found = rows.select_related("loan__borrower", "loan__delinquency", "proposed_by", "decision__decided_by")
    return render(
        request,
        "recovery/approvals/approvals.html",
        {
            "page": Paginator(found, PAGE_SIZE).get_page(request.GET.get("page")),
            "asked": asked,
            "states": [("waiting", "Waiting", waiting.count()), ("decided", "Decided", decided.count())],
            "n_plans": Plan.objects.visible_to(user).in_state(PlanEvent.State.WAITING).count(),
            "n_models": PromotionProposal.objects.waiting().count() if may_call(user, "scoring:models") else 0,
            "n_policies": Policy.objects.filter(state=Policy.State.SUBMITTED).count(),
            "may_decide": may_call(user, "recovery:decide-proposal", "POST"),
            "user_id": user.pk,
        },
    )


@require_POST
def decide_proposal(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse; `decision` is approve or refuse."""
    user = person_of(request)
    if pk > MAX_ID:
        raise Http404
    proposal = get_object_or_404(LoanProposal.objects.visible_to(user).select_related("loan__borrower"), pk=pk)
    is_approved = request.POST.get("decision") == "approve"
    try:
        decide(proposal=proposal, is_approved=is_approved, decided_by=user, reason=request.POST.get("reason", "")[:500])
        messages.success(
            request,
            f"{'Approved and booked' if is_approved else 'Refused'}: {proposal.get_kind_display()}, loan {proposal.loan}.",
        )
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("recovery:approvals")


@require_http_methods(["GET", "HEAD", "POST"])
def propose_for_loan(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose what happens to a loan; below the form stands what was proposed before."""
    user = person_of(request)
    loan = get_object_or_404(Loan.objects.visible_to(user).select_related("borrower", "delinquency", "product"), pk=pk)
    form = ProposalForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        values: dict[str, Any] = {name: value for name, value in form.cleaned_data.items() if name != "key"}
        try:
            propose(loan=loan, proposed_by=user, **values)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Proposed. A second person decides.")
            return redirect("recovery:propose", pk)
    earlier = loan.proposals.select_related("proposed_by", "decision__decided_by")
    return render(
        request, "recovery/approvals/propose.html", {"loan": loan, "form": form, "earlier": earlier[:PAGE_SIZE]}
    )
