"""What models are watched by, in the admin: stability, outcomes, fairness; and the thresholds."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from creditpath.access import person_of
from creditpath.admin_lists import ReadOnlyAdmin
from scoring.admin.rows import OfModelAdmin
from scoring.models import (
    AlertThreshold,
    FairnessReading,
    ModelReading,
    MonitoredAttribute,
    ShadowRun,
    ShadowScore,
    TrainingReference,
)


@admin.register(ModelReading)
class ModelReadingAdmin(OfModelAdmin):
    list_display = ("model", "as_of", "source", "stage", "window_days", "is_unseen", "n_rows", "psi", "auc", "read_on")
    list_filter = ("source", "stage", "is_unseen")
    ordering = ("-id",)

    @admin.display(description="PSI of scores")
    def psi(self, reading: ModelReading) -> str:
        return f"{reading.stability['score_psi']:.3f}" if reading.stability else "–"

    @admin.display(description="AUC")
    def auc(self, reading: ModelReading) -> str:
        auc = (reading.outcome or {}).get("auc")
        return "–" if auc is None else f"{auc:.3f}"


@admin.register(ShadowRun)
class ShadowRunAdmin(OfModelAdmin):
    list_display = ("model", "kind", "as_of", "known_at", "made_at")
    list_filter = ("kind",)


@admin.register(ShadowScore)
class ShadowScoreAdmin(ReadOnlyAdmin):
    list_display = ("loan", "pd", "tier", "run", "scored_at")
    list_select_related = ("loan", "run")
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(TrainingReference)
class TrainingReferenceAdmin(OfModelAdmin):
    list_display = ("model", "n_rows")
    ordering = ("-model_id",)


@admin.register(AlertThreshold)
class AlertThresholdAdmin(admin.ModelAdmin):
    """From where a model is to be looked at, and from where something has to be done."""

    list_display = ("measure", "look", "act", "is_on")


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
