"""What a draft would have done on past days, and what was paid then."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from borrowers.models.fields import MoneyField
from recovery.models.policies import Action, Policy


class PolicyReplay(models.Model):
    """A draft tried on past days against the policy in force."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="replays")
    against = models.ForeignKey(
        Policy, on_delete=models.PROTECT, related_name="+", help_text="In force when the replay was asked for."
    )
    rules_hash = models.CharField(max_length=64, help_text="Of the lines that were tried; a later edit makes it stale.")
    first_day = models.DateField()
    last_day = models.DateField()
    every_days = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    job = models.ForeignKey("jobs.Job", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="replays"
    )
    requested_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    days_done = models.PositiveSmallIntegerField(default=0)
    days_total = models.PositiveSmallIntegerField(default=0)
    cases = models.PositiveIntegerField(default=0, help_text="Borrowers times days that were decided.")
    cases_with_score = models.PositiveIntegerField(default=0)
    cases_decided_otherwise = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(default=0)
    error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "running", "done", "failed"]), name="replay_state_is_known"
            ),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="replay_days_are_in_order"),
            models.CheckConstraint(condition=Q(every_days__gte=1), name="replay_step_is_positive"),
        ]

    def __str__(self) -> str:
        return f"replay of {self.policy} from {self.first_day} to {self.last_day}"


class ReplayLine(models.Model):
    """What one side of a replay would have done on a day with one action, and what was paid after that day. Append-only."""

    class Side(models.TextChoices):
        DRAFT = "draft", "this draft"
        IN_FORCE = "in_force", "in force now"

    replay = models.ForeignKey(PolicyReplay, on_delete=models.PROTECT, related_name="lines")
    day = models.DateField()
    side = models.CharField(max_length=8, choices=Side)
    action = models.CharField(max_length=14, choices=Action)
    currency = models.CharField(max_length=3)
    cases = models.PositiveIntegerField()
    blocked = models.PositiveIntegerField(help_text="Cases in which this action was wanted and not allowed.")
    minutes = models.DecimalField(max_digits=12, decimal_places=1)
    owed_amount = MoneyField(null=True, blank=True, help_text="Overdue on the day; blank where it is not available.")
    payers = models.PositiveIntegerField(null=True, blank=True)
    paid_amount = MoneyField(
        null=True, blank=True, help_text="Within 30 days after; blank until those days have passed."
    )

    class Meta:
        ordering = ["replay_id", "day", "side", "action", "currency"]
        constraints = [
            models.UniqueConstraint(
                fields=["replay", "day", "side", "action", "currency"], name="replay_line_is_kept_once"
            ),
            models.CheckConstraint(condition=Q(side__in=["draft", "in_force"]), name="replay_side_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.get_side_display()}: {self.cases} {self.get_action_display()}"
