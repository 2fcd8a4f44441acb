"""Models, where they are live, and their scores in the admin; and the scores in the admin of loans."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse

from borrowers.admin import LoanAdmin
from borrowers.models import Loan
from creditpath.admin_lists import ReadOnlyAdmin, ReadOnlyInline, ReasonForm, ask_before, show_mapping
from creditpath.errors import DomainError
from creditpath.exports.cells import Column
from scoring.models import (
    Deployment,
    Explanation,
    FeatureVector,
    ModelVersion,
    Purpose,
    ReasonPhrase,
    Score,
    ScoringRun,
    StaleLoan,
    Tier,
)
from scoring.registry.services import promote_model, retire_model

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
    fields = readonly_fields = ("live_from", "live_until", "promoted_by", "reason", "retired_by", "retire_reason")


class PromoteForm(ReasonForm):
    """Why a model becomes the champion of its purpose."""


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
        "name", "purpose", "algorithm", "sha256", "trained_at", "trained_by", "is_simulated", "metrics_shown",
        "parity_table", "target_shown", "data_window_shown", "threshold", "tier_edges", "feature_set", "features",
        "parameters_shown", "libraries",
    )  # fmt: skip
    inlines = (DeploymentInline,)
    actions = ("promote", "retire")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        live = Deployment.objects.live().filter(model=OuterRef("pk"))
        return super().get_queryset(request).defer("onnx").annotate(live=Exists(live))

    def has_promote_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm("scoring.add_deployment"))

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

    @admin.action(description="Promote the selected model…", permissions=["promote"])
    def promote(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._decide(
            request, queryset, verb=promote_model, form_class=PromoteForm, title="Promote a model", button="Promote",
            explanation="The model becomes the champion of its purpose: every score from now on is its own. The champion of "
            "today is retired and can be promoted again.",
            done="{model} is the champion of {model.purpose}.",
        )  # fmt: skip

    @admin.action(description="Retire the selected model…", permissions=["promote"])
    def retire(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return self._decide(
            request, queryset, verb=retire_model, form_class=RetireForm, title="Retire a model", button="Retire",
            explanation="The model stops being the champion. Until another one is promoted, no loan gets a new score.",
            done="{model} is retired.",
        )  # fmt: skip

    def _decide(
        self,
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
        models = list(queryset[:2])
        if len(models) != 1:
            messages.error(request, "Select one model.")
            return None
        form = form_class(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            try:
                verb(model=models[0], reason=form.cleaned_data["reason"], by=request.user)
                messages.success(request, done.format(model=models[0]))
            except DomainError as refusal:
                messages.error(request, refusal.detail)
            return None
        return ask_before(self, request, queryset, form=form, title=title, explanation=explanation, button=button)


def _metric(model: ModelVersion, name: str) -> str:
    value = model.metrics.get(name)
    return f"{value:.3f}" if isinstance(value, float) else "–"


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ("model", "purpose", "live_from", "live_until", "promoted_by", "retired_by")
    list_filter = ("purpose", ("live_until", admin.EmptyFieldListFilter))
    list_select_related = ("promoted_by", "retired_by")
    search_fields = ("model__name",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("model").defer("model__onnx")


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
