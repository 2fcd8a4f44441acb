"""Background jobs in the admin: looked at, tried again, cancelled; never edited."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from creditpath.errors import DomainError
from creditpath.jobs.models import Job
from creditpath.jobs.services import cancel, retry


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    list_display = ("id", "name", "state", "progress", "attempt", "run_after", "worker", "created_by", "finished_at")
    list_filter = ("state", "name")
    list_select_related = ("created_by",)
    search_fields = ("name", "message", "unique_key")
    show_full_result_count = False
    actions = ("try_again", "stop")
    fields = (
        "name", "arguments", "state", "progress", "message", "attempt", "max_attempts", "run_after", "lease_until",
        "worker", "is_cancel_requested", "result", "error", "log", "created_by", "created_at", "started_at", "finished_at",
    )  # fmt: skip
    readonly_fields = fields

    @admin.display(description="progress")
    def progress(self, job: Job) -> str:
        if not job.progress_total:
            return "–"
        return f"{job.progress_done:,} of {job.progress_total:,} ({100 * job.progress_done // job.progress_total} %)"

    @admin.action(description="Try again the selected jobs that were given up or cancelled", permissions=["change"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, retry, done="put back on the queue")

    @admin.action(description="Cancel the selected jobs", permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        self._each(request, queryset, cancel, done="cancelled, or asked to stop")

    def _each(self, request: HttpRequest, queryset: QuerySet[Job], verb: Callable[..., Any], *, done: str) -> None:
        n_done = 0
        for job in queryset:
            try:
                verb(job=job)
                n_done += 1
            except DomainError as error:
                self.message_user(request, f"{job}: {error}", messages.WARNING)
        if n_done:
            self.message_user(request, f"{n_done} {'job' if n_done == 1 else 'jobs'} {done}.", messages.SUCCESS)

    def has_change_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        """Let those who may change jobs use the actions; the page of a job stays read-only for all."""
        return obj is None and super().has_change_permission(request)
