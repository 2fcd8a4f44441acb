"""Scores, what they were made of and why they are as they are, in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from creditpath.admin_lists import ReadOnlyAdmin
from scoring.admin.rows import OfModelAdmin
from scoring.models import (
    Explanation,
    FeatureVector,
    ReasonPhrase,
    Score,
    ScoringRun,
    StaleLoan,
)


@admin.register(ScoringRun)
class ScoringRunAdmin(OfModelAdmin):
    list_display = ("id", "kind", "model", "engine", "as_of", "n_scored", "n_unscored", "started_at", "published_at")
    list_filter = ("kind", "engine", ("published_at", admin.EmptyFieldListFilter))


@admin.register(Score)
class ScoreAdmin(OfModelAdmin):
    list_display = ("loan", "pd_shown", "tier", "model_name", "as_of", "scored_at")
    list_filter = ("tier",)
    search_fields = ("loan__external_id__startswith",)
    bytes_of = ("run__model",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("loan")

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
