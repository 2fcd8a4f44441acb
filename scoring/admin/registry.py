"""The registry in the admin: what each model is, how good it is, where it is and was live."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse

from creditpath.access import may_call, person_of
from creditpath.admin_lists import ReadOnlyAdmin, ReadOnlyInline, ReasonForm, show_mapping
from scoring.admin.rows import ask_for_one
from scoring.models import (
    Deployment,
    ModelVersion,
)
from scoring.querysets import heavy_fields
from scoring.registry.services import propose_promotion, retire_model


class DeploymentInline(ReadOnlyInline):
    model = Deployment
    fields = readonly_fields = (
        "segment", "live_from", "live_until", "promoted_by", "approved_by", "reason", "retired_by", "retire_reason",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("decision__decided_by")


class ProposeForm(ReasonForm):
    """Why a model should become the champion of its purpose, and why in spite of what speaks against it."""

    in_spite_of = forms.CharField(
        label="In spite of what speaks against it",
        required=False, max_length=1000, widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Needed where it is weak, worse than the champion, or was not compared or validated.",
    )  # fmt: skip


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
        return super().get_queryset(request).defer(*heavy_fields()).annotate(live=Exists(live))

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
        return ask_for_one(
            self, request, queryset, form_class=ProposeForm, title="Propose a model", button="Propose",
            verb=lambda model, **given: propose_promotion(model=model, proposed_by=person_of(request), **given),
            explanation="Once a second person has approved, the model is the champion of its purpose: every score from then on "
            "is its own.",
            done="The promotion of {row} is proposed; a second person decides.",
        )  # fmt: skip

    @admin.action(description="Retire the selected model…", permissions=["propose"])
    def retire(self, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        return ask_for_one(
            self, request, queryset, form_class=RetireForm, title="Retire a model", button="Retire",
            verb=lambda model, **given: retire_model(model=model, by=person_of(request), **given),
            explanation="The model stops being the champion. Until another one is promoted, no loan gets a new score.",
            done="{row} is retired.",
        )  # fmt: skip


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
