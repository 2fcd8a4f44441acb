"""Which days were closed, with their steps."""

from django.contrib import admin

from borrowers.models import ClosingStep, DayClose
from creditpath.admin_lists import ReadOnlyAdmin, ReadOnlyInline, show_mapping


class ClosingStepInline(ReadOnlyInline):
    model = ClosingStep
    fields = readonly_fields = ("name", "state", "attempt", "started_at", "finished_at", "what_came_of_it")
    ordering = ("position",)

    @admin.display(description="what came of it")
    def what_came_of_it(self, step: ClosingStep) -> str:
        return _outcome(step)


@admin.register(DayClose)
class DayCloseAdmin(ReadOnlyAdmin):
    list_display = ("day", "state", "is_catch_up", "started_at", "finished_at")
    list_filter = ("state", "is_catch_up")
    date_hierarchy = "day"
    inlines = (ClosingStepInline,)


@admin.register(ClosingStep)
class ClosingStepAdmin(ReadOnlyAdmin):
    list_display = (
        "close",
        "name",
        "state",
        "attempt",
        "started_at",
        "finished_at",
        "error",
        "skip_reason",
        "skipped_by",
    )
    list_filter = ("state", "name")
    list_select_related = ("close",)
    ordering = ("-close__day", "position")
    fields = (
        "close", "name", "state", "attempt", "started_at", "finished_at", "what_came_of_it", "skipped_by",
    )  # fmt: skip

    @admin.display(description="what came of it")
    def what_came_of_it(self, step: ClosingStep) -> str:
        return _outcome(step)


def _outcome(step: ClosingStep) -> str:
    return step.error or step.skip_reason or show_mapping(step.figures)
