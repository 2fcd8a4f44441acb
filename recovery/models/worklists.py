"""Who works which recommendation, and in which order."""

from django.conf import settings
from django.db import models

from recovery.models.decisions import Recommendation
from recovery.querysets import WorklistItemQuerySet


class WorklistItem(models.Model):
    """A recommendation on an agent's list of a day."""

    as_of = models.DateField()
    recommendation = models.OneToOneField(Recommendation, on_delete=models.PROTECT, related_name="worklist_item")
    agent = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="worklist")
    rank = models.PositiveIntegerField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects = WorklistItemQuerySet.as_manager()

    class Meta:
        ordering = ["as_of", "agent_id", "rank"]
        constraints = [
            models.UniqueConstraint(fields=["as_of", "agent", "rank"], name="worklist_ranks_are_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.as_of} {self.agent} #{self.rank}"
