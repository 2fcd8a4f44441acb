"""Validations, comparisons, and the way of a model to going live, in the admin."""

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from creditpath.access import may_call, person_of
from creditpath.admin_lists import ReadOnlyAdmin
from scoring.admin.rows import OfModelAdmin, ask_for_one
from scoring.models import (
    Challenger,
    Comparison,
    FindingClosure,
    PromotionDecision,
    PromotionProposal,
    Validation,
    ValidationFinding,
)
from scoring.registry.services import decide_promotion


class DecideForm(forms.Form):
    """Why a proposal is approved or refused."""

    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text="Needed to refuse."
    )


@admin.register(Validation)
class ValidationAdmin(OfModelAdmin):
    list_display = ("model", "outcome", "materiality", "validated_by", "validated_at")
    list_filter = ("outcome", "materiality")
    list_select_related = ("validated_by",)


@admin.register(ValidationFinding)
class ValidationFindingAdmin(OfModelAdmin):
    list_display = ("text", "severity", "owner", "due_on", "is_closed")
    list_filter = ("severity", ("closure", admin.EmptyFieldListFilter))
    search_fields = ("validation__model__name",)
    bytes_of = ("validation__model",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("owner", "closure")

    @admin.display(description="closed", boolean=True)
    def is_closed(self, finding: ValidationFinding) -> bool:
        return hasattr(finding, "closure")


@admin.register(FindingClosure)
class FindingClosureAdmin(ReadOnlyAdmin):
    list_display = ("finding", "remedy", "closed_by", "closed_at")
    list_select_related = ("finding", "closed_by")
    search_fields = ("finding__text",)


@admin.register(Comparison)
class ComparisonAdmin(OfModelAdmin):
    list_display = (
        "model",
        "champion",
        "segment",
        "n_rows",
        "gain",
        "gain_low",
        "gain_high",
        "is_unseen",
        "compared_at",
    )
    list_filter = ("segment", "is_unseen")
    bytes_of = ("model", "champion")


@admin.register(PromotionProposal)
class PromotionProposalAdmin(OfModelAdmin):
    """What waits for a second person, and what was decided."""

    list_display = ("model", "segment", "reason", "doubts", "proposed_by", "proposed_at", "state")
    list_filter = ("segment", ("decision", admin.EmptyFieldListFilter))
    actions = ("approve", "refuse")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("proposed_by", "decision")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return may_call(request.user, "scoring:decide-promotion", "POST")

    @admin.display(description="state")
    def state(self, proposal: PromotionProposal) -> str:
        if not hasattr(proposal, "decision"):
            return "waits"
        return "approved" if proposal.decision.is_approved else "refused"

    @admin.action(description="Approve the selected proposal…", permissions=["decide"])
    def approve(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._decide(request, queryset, is_approved=True, button="Approve", done="Approved: {row} is live.")

    @admin.action(description="Refuse the selected proposal…", permissions=["decide"])
    def refuse(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._decide(request, queryset, is_approved=False, button="Refuse", done="Refused: {row}.")

    def _decide(
        self, request: HttpRequest, queryset: QuerySet, *, is_approved: bool, button: str, done: str
    ) -> HttpResponse | None:
        return ask_for_one(
            self, request, queryset, form_class=DecideForm, title=f"{button} a promotion", button=button, done=done,
            verb=lambda row, **given: decide_promotion(
                proposal=row, is_approved=is_approved, decided_by=person_of(request), **given
            ),
            explanation="Whoever proposed or trained the model does not decide.",
        )  # fmt: skip


@admin.register(PromotionDecision)
class PromotionDecisionAdmin(OfModelAdmin):
    list_display = ("proposal", "is_approved", "reason", "decided_by", "decided_at")
    list_filter = ("is_approved",)
    list_select_related = ("decided_by",)
    search_fields = ("proposal__model__name",)
    bytes_of = ("proposal__model",)


@admin.register(Challenger)
class ChallengerAdmin(OfModelAdmin):
    list_display = ("model", "purpose", "segment", "live_from", "live_until", "named_by", "reason")
    list_filter = ("purpose", ("live_until", admin.EmptyFieldListFilter))
    list_select_related = ("named_by",)
