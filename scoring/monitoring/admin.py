"""What models are watched by, in the admin: looked at, and the thresholds edited."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from creditpath.admin_lists import ReadOnlyAdmin
from scoring.models import AlertThreshold, ModelReading, ShadowRun, ShadowScore, TrainingReference


class WatchAdmin(ReadOnlyAdmin):
    """A list of rows about a model: never its bytes."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("model").defer("model__onnx", "model__curves")


@admin.register(ModelReading)
class ModelReadingAdmin(WatchAdmin):
    list_display = ("model", "as_of", "source", "stage", "window_days", "is_unseen", "n_rows", "psi", "auc", "read_on")
    list_filter = ("source", "stage", "is_unseen")
    search_fields = ("model__name",)
    ordering = ("-id",)

    @admin.display(description="PSI of scores")
    def psi(self, reading: ModelReading) -> str:
        return f"{reading.stability['score_psi']:.3f}" if reading.stability else "–"

    @admin.display(description="AUC")
    def auc(self, reading: ModelReading) -> str:
        auc = (reading.outcome or {}).get("auc")
        return "–" if auc is None else f"{auc:.3f}"


@admin.register(ShadowRun)
class ShadowRunAdmin(WatchAdmin):
    list_display = ("model", "kind", "as_of", "known_at", "made_at")
    list_filter = ("kind",)
    search_fields = ("model__name",)


@admin.register(ShadowScore)
class ShadowScoreAdmin(ReadOnlyAdmin):
    list_display = ("loan", "pd", "tier", "run", "scored_at")
    list_select_related = ("loan", "run")
    search_fields = ("loan__external_id__startswith",)
    ordering = ("-id",)


@admin.register(TrainingReference)
class TrainingReferenceAdmin(WatchAdmin):
    list_display = ("model", "n_rows")
    search_fields = ("model__name",)
    ordering = ("-model_id",)


@admin.register(AlertThreshold)
class AlertThresholdAdmin(admin.ModelAdmin):
    """From where a model is to be looked at, and from where something has to be done."""

    list_display = ("measure", "look", "act", "is_on")
