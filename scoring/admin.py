"""Models, where they are live, and their scores in the admin; and the scores in the admin of loans."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from borrowers.admin import LoanAdmin
from borrowers.models import Loan
from creditpath.access import may_call, person_of
from creditpath.admin_lists import ReadOnlyAdmin, ReadOnlyInline, ReasonForm, ask_before, show_mapping
from creditpath.errors import DomainError
from creditpath.exports.cells import Column
from scoring.models import (
    Challenger,
    Comparison,
    Deployment,
    Explanation,
    FairnessReading,
    FeatureVector,
    FindingClosure,
    ModelVersion,
    MonitoredAttribute,
    PromotionDecision,
    PromotionProposal,
    Purpose,
    ReasonPhrase,
    Score,
    ScoringRun,
    StaleLoan,
    Tier,
    Validation,
    ValidationFinding,
)
from scoring.monitoring import admin as monitoring  # noqa: F401  registers what models are watched by
from scoring.registry.services import decide_promotion, propose_promotion, retire_model

admin.site.unregister(Loan)


def newest_score() -> QuerySet:
    """Return the newest published score of the outer loan, for a subquery; models of payment within 30 days say no risk."""
    return (
        Score.objects.published()
        .filter(loan=OuterRef("pk"))
        .exclude(run__model__purpose=Purpose.PAYS_30)
        .order_by("-id")
    )


class TierFilter(admin.SimpleListFilter):
    title = "risk tier"
    parameter_name = "tier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [*((tier.value, tier.label) for tier in Tier), ("none", "no score")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        match self.value():
            case None:
                return queryset
            case "none":
                return queryset.filter(~Exists(newest_score()))
            case tier:
                return queryset.alias(filtered_tier=Subquery(newest_score().values("tier")[:1])).filter(
                    filtered_tier=tier
                )


@admin.register(Loan)
class ScoredLoanAdmin(LoanAdmin):
    """Loans with how they stand and their newest score."""

    list_display = (*LoanAdmin.list_display[:-1], "tier", "pd", LoanAdmin.list_display[-1])
    list_filter = (*LoanAdmin.list_filter, TierFilter)
    fields = (*LoanAdmin.fields, ("tier", "pd"))
    export_columns: ClassVar[tuple[Column, ...]] = (
        *LoanAdmin.export_columns,
        ("risk tier", lambda loan: loan.newest_tier),
        ("probability of default", lambda loan: loan.newest_pd),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return (
            super()
            .get_queryset(request)
            .annotate(
                newest_tier=Subquery(newest_score().values("tier")[:1]),
                newest_pd=Subquery(newest_score().values("pd")[:1]),
            )
        )

    @admin.display(description="risk tier")
    def tier(self, loan: Any) -> str | None:
        return str(Tier(loan.newest_tier).label) if loan.newest_tier else None

    @admin.display(description="PD")
    def pd(self, loan: Any) -> str | None:
        return None if loan.newest_pd is None else f"{loan.newest_pd:.1%}"


class DeploymentInline(ReadOnlyInline):
    model = Deployment
    fields = readonly_fields = (
        "segment", "live_from", "live_until", "promoted_by", "approved_by", "reason", "retired_by", "retire_reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("decision__decided_by")

    @admin.display(description="approved by")
    def approved_by(self, deployment: Deployment) -> str:
        return str(deployment.decision.decided_by) if deployment.decision else "–"


class ProposeForm(ReasonForm):
    """Why a model should become the champion of its purpose, and why in spite of what speaks against it."""

    in_spite_of = forms.CharField(
        label="In spite of what speaks against it",
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed where it is weak, worse than the champion, or was not compared or validated.",
    )  # fmt: skip


class DecideForm(forms.Form):
    """Why a proposal is approved or refused."""

    reason = forms.CharField(
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 3}), help_text="Needed to refuse."
    )


class RetireForm(ReasonForm):
    """Why a model stops being the champion."""


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnlyAdmin):
    """The registry: what each model is, how good it is, where it was live. Promotion and retirement go through the services."""

    list_display = (
        "name",
        "is_live",
        "purpose",
        "algorithm",
        "auc",
        "gini",
        "ks",
        "brier",
        "parity_shown",
        "trained_at",
        "is_simulated",
    )
    list_filter = ("purpose", "algorithm", "is_simulated")
    list_select_related = ("trained_by",)
    search_fields = ("name", "sha256__startswith")
    fields = (
        "name", "purpose", "segment", "algorithm", "intended_use", "materiality", "sha256", "code_version", "trained_at",
        "trained_by", "is_simulated", "metrics_shown",
        "parity_table", "target_shown", "data_window_shown", "threshold", "tier_edges", "feature_set", "features",
        "parameters_shown", "libraries",
    )  # fmt: skip
    inlines = (DeploymentInline,)
    actions = ("propose", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        live = Deployment.objects.live().filter(model=OuterRef("pk"))
        return super().get_queryset(request).defer("onnx", "curves").annotate(live=Exists(live))

    def has_propose_permission(self, request: HttpRequest) -> bool:
        return may_call(request.user, "scoring:propose-promotion", "POST")

    @admin.display(description="live", boolean=True, ordering="live")
    def is_live(self, model: Any) -> bool:
        return bool(model.live)

    @admin.display(description="AUC")
    def auc(self, model: ModelVersion) -> str:
        return _metric(model, "auc")

    @admin.display(description="Gini")
    def gini(self, model: ModelVersion) -> str:
        return _metric(model, "gini")

    @admin.display(description="KS")
    def ks(self, model: ModelVersion) -> str:
        return _metric(model, "ks")

    @admin.display(description="Brier")
    def brier(self, model: ModelVersion) -> str:
        return _metric(model, "brier")

    @admin.display(description="ONNX differs by")
    def parity_shown(self, model: ModelVersion) -> str:
        largest = next(
            (value for key, value in model.parity.items() if "max" in key and isinstance(value, float)), None
        )
        return "–" if largest is None else f"{largest:.1e}"

    @admin.display(description="metrics on unseen rows")
    def metrics_shown(self, model: ModelVersion) -> str:
        return show_mapping(model.metrics)

    @admin.display(description="ONNX against the trained model")
    def parity_table(self, model: ModelVersion) -> str:
        return show_mapping(model.parity)

    @admin.display(description="target")
    def target_shown(self, model: ModelVersion) -> str:
        return show_mapping(model.target)

    @admin.display(description="data")
    def data_window_shown(self, model: ModelVersion) -> str:
        return show_mapping(model.data_window)

    @admin.display(description="features, in order")
    def features(self, model: ModelVersion) -> str:
        return ", ".join(model.feature_names)

    @admin.display(description="parameters")
    def parameters_shown(self, model: ModelVersion) -> str:
        return show_mapping(model.parameters)

    @admin.display(description="libraries")
    def libraries(self, model: ModelVersion) -> str:
        return show_mapping(model.library_versions)

    @admin.action(description="Propose to promote the selected model…", permissions=["propose"])
    def propose(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return _ask_for_one(
            self, request, queryset, form_class=ProposeForm, title="Propose a model", button="Propose",
            verb=lambda model, **given: propose_promotion(model=model, proposed_by=person_of(request), **given),
            explanation="Once a second person has approved, the model is the champion of its purpose: every score from then on "
            "is its own.",
            done="The promotion of {row} is proposed; a second person decides.",
        )  # fmt: skip

    @admin.action(description="Retire the selected model…", permissions=["propose"])
    def retire(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return _ask_for_one(
            self, request, queryset, form_class=RetireForm, title="Retire a model", button="Retire",
            verb=lambda model, **given: retire_model(model=model, by=person_of(request), **given),
            explanation="The model stops being the champion. Until another one is promoted, no loan gets a new score.",
            done="{row} is retired.",
        )  # fmt: skip


def _ask_for_one(
    model_admin: admin.ModelAdmin,
    request: HttpRequest,
    queryset: QuerySet,
    *,
    verb: Any,
    form_class: type[forms.Form],
    title: str,
    button: str,
    explanation: str,
    done: str,
) -> HttpResponse | None:
    """Do something with the one row that is ticked, once the form says what it needs."""
    rows = list(queryset[:2])
    if len(rows) != 1:
        messages.error(request, "Select one row.")
        return None
    form = form_class(request.POST if "confirmed" in request.POST else None)
    if form.is_valid():
        try:
            verb(rows[0], **form.cleaned_data)
            messages.success(request, done.format(row=rows[0]))
        except DomainError as refusal:
            messages.error(request, refusal.detail)
        return None
    return ask_before(model_admin, request, queryset, form=form, title=title, explanation=explanation, button=button)


def _metric(model: ModelVersion, name: str) -> str:
    value = model.metrics.get(name)
    return f"{value:.3f}" if isinstance(value, float) else "–"


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = (
        "model",
        "purpose",
        "segment",
        "live_from",
        "live_until",
        "promoted_by",
        "approved_by",
        "retired_by",
    )
    list_filter = ("purpose", "segment", ("live_until", admin.EmptyFieldListFilter))
    search_fields = ("model__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return Deployment.objects.with_people().select_related("retired_by").order_by("-live_from")

    @admin.display(description="approved by")
    def approved_by(self, deployment: Deployment) -> str:
        return str(deployment.decision.decided_by) if deployment.decision else "–"


class OfModelAdmin(ReadOnlyAdmin):
    """A list of rows about a model: never its bytes."""

    search_fields: ClassVar[tuple[str, ...]] = ("model__name",)
    bytes_of: ClassVar[tuple[str, ...]] = ("model",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        heavy = [f"{path}__{name}" for path in self.bytes_of for name in ("onnx", "curves")]
        return super().get_queryset(request).select_related(*self.bytes_of).defer(*heavy)


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
        return _ask_for_one(
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


@admin.register(ScoringRun)
class ScoringRunAdmin(ReadOnlyAdmin):
    list_display = ("id", "kind", "model", "engine", "as_of", "n_scored", "n_unscored", "started_at", "published_at")
    list_filter = ("kind", "engine", ("published_at", admin.EmptyFieldListFilter))
    search_fields = ("model__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("model").defer("model__onnx")


@admin.register(Score)
class ScoreAdmin(ReadOnlyAdmin):
    list_display = ("loan", "pd_shown", "tier", "model_name", "as_of", "scored_at")
    list_filter = ("tier",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("loan", "run__model").defer("run__model__onnx")

    @admin.display(description="PD", ordering="pd")
    def pd_shown(self, score: Score) -> str:
        return f"{score.pd:.1%}"

    @admin.display(description="model")
    def model_name(self, score: Score) -> str:
        return score.run.model.name

    @admin.display(description="as of")
    def as_of(self, score: Score) -> Any:
        return score.run.as_of


@admin.register(FeatureVector)
class FeatureVectorAdmin(ReadOnlyAdmin):
    list_display = ("loan", "as_of", "known_at", "feature_set", "built_at")
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(StaleLoan)
class StaleLoanAdmin(ReadOnlyAdmin):
    list_display = ("loan", "marked_at")
    list_select_related = ("loan",)
    search_fields = ("loan__external_id__startswith",)
    ordering = ("pk",)


@admin.register(Explanation)
class ExplanationAdmin(ReadOnlyAdmin):
    list_display = ("score", "base_margin", "explained_at")
    list_select_related = ("score",)
    search_fields = ("score__loan__external_id__startswith",)
    ordering = ("-score_id",)


@admin.register(ReasonPhrase)
class ReasonPhraseAdmin(admin.ModelAdmin):
    """The dictionary of reasons."""

    list_display = ("feature", "text", "if_missing", "is_told")
    list_filter = ("is_told",)
    search_fields = ("feature", "text")


@admin.register(FairnessReading)
class FairnessReadingAdmin(OfModelAdmin):
    list_display = ("model", "attribute", "n_rows", "selection_ratio", "tpr_gap", "contact_ratio", "contact_tpr_gap")
    list_select_related = ("attribute",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("attribute")


@admin.register(MonitoredAttribute)
class MonitoredAttributeAdmin(admin.ModelAdmin):
    """What is watched for fairness; rows are added, never changed: the newest of a name counts."""

    list_display = ("name", "source", "is_monitored", "may_train", "reason", "declared_by", "declared_at")
    list_filter = ("source", "is_monitored", "may_train")
    list_select_related = ("declared_by",)
    search_fields = ("name",)
    fields = ("source", "name", "is_monitored", "may_train", "reason")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: MonitoredAttribute, form: Any, change: bool) -> None:
        obj.declared_by = person_of(request)
        super().save_model(request, obj, form, change)
