"""What was imported, when and by whom."""

from django.conf import settings
from django.db import models


class ImportRun(models.Model):
    """One run of import_portfolio over one source."""

    class State(models.TextChoices):
        RUNNING = "running", "running"
        PUBLISHED = "published", "published"
        FAILED = "failed", "failed"

    source_name = models.CharField(max_length=300)
    source_sha256 = models.CharField(max_length=64)
    mapping = models.TextField(help_text="The mapping's text as it was used.")
    state = models.CharField(max_length=10, choices=State, default=State.RUNNING)
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    n_read = models.BigIntegerField(default=0)
    n_rejected = models.BigIntegerField(default=0)
    tables = models.JSONField(default=dict, help_text="Counts of created, updated and unchanged rows by table.")
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["running", "published", "failed"]), name="import_state_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source_name} ({self.get_state_display()})"
