"""Which days were closed, and what was done at each close."""

from datetime import timedelta
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q


class DayClose(models.Model):
    """The close of one business day."""

    class State(models.TextChoices):
        RUNNING = "running", "under way"
        DONE = "done", "done"
        FAILED = "failed", "stopped"
        OVERTAKEN = "overtaken", "overtaken by books of a later day"

    day = models.DateField(unique=True)
    previous_day = models.DateField(help_text="Where the books stood before.")
    state = models.CharField(max_length=9, choices=State, default=State.RUNNING)
    is_catch_up = models.BooleanField(default=False, help_text="Closed late, with a later day right after it.")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-day"]
        verbose_name = "close of business"
        verbose_name_plural = "closes of business"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "failed", "overtaken"]), name="close_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(day=F("previous_day") + timedelta(days=1)), name="close_follows_the_day_before"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(finished_at__isnull=False), name="done_close_has_ended"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} ({self.get_state_display()})"


class ClosingStep(models.Model):
    """One step of a close: what became of it, at which try, with its figures or its error."""

    class State(models.TextChoices):
        RUNNING = "running", "under way"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        SKIPPED = "skipped", "skipped"

    close = models.ForeignKey(DayClose, on_delete=models.PROTECT, related_name="steps")
    name = models.CharField(max_length=60)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=7, choices=State, default=State.RUNNING)
    attempt = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    figures = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    error = models.TextField(blank=True)
    skip_reason = models.CharField(max_length=300, blank=True)
    skipped_by = models.CharField(max_length=150, blank=True, help_text="Empty: the product itself.")

    class Meta:
        ordering = ["close", "position"]
        constraints = [
            models.UniqueConstraint(fields=["close", "name"], name="step_is_done_once_a_day"),
            models.CheckConstraint(
                condition=Q(state__in=["running", "done", "failed", "skipped"]), name="closing_step_state_is_known"
            ),
            models.CheckConstraint(
                condition=~Q(state="skipped") | ~Q(skip_reason=""), name="skipped_step_names_its_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.close.day}"

    @property
    def seconds(self) -> float | None:
        """Return how long the last try took."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            "attempt": self.attempt,
            "seconds": None if self.seconds is None else round(self.seconds, 3),
            "figures": self.figures,
            "error": self.error,
            "skip_reason": self.skip_reason,
            "skipped_by": self.skipped_by,
        }
