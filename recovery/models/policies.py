"""Versions of the rules that turn facts into actions."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import MoneyField


class Action(models.TextChoices):
    NO_ACTION = "no_action", "no action"
    REMINDER = "reminder", "reminder"
    EMAIL = "email", "e-mail"
    SMS = "sms", "text message"
    CALL = "call", "call"
    PLAN = "plan", "payment plan"
    SETTLEMENT = "settlement", "settlement"
    VISIT = "visit", "visit"
    LEGAL_REVIEW = "legal_review", "legal review"


class Policy(models.Model):
    """A version of the rules that turn facts into actions; the newest effective one counts."""

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=120)
    effective_from = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "policies"

    def __str__(self) -> str:
        return f"policy {self.version}: {self.title}"


class PolicyRule(models.Model):
    """One line of a policy: the first line whose conditions all hold decides. A blank condition always holds."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="rules")
    position = models.PositiveSmallIntegerField()
    min_days_past_due = models.PositiveIntegerField(null=True, blank=True)
    max_days_past_due = models.PositiveIntegerField(null=True, blank=True)
    tiers = models.JSONField(default=list, blank=True, help_text="Risk tiers, such as high; empty means any.")
    min_overdue_amount = MoneyField(null=True, blank=True)
    has_broken_promise = models.BooleanField(null=True, blank=True)
    has_open_promise = models.BooleanField(null=True, blank=True)
    action = models.CharField(max_length=14, choices=Action)
    reason = models.CharField(max_length=200, help_text="In plain words, shown to the agent.")
    expected_minutes = models.DecimalField(max_digits=5, decimal_places=1, default=5)

    class Meta:
        ordering = ["policy_id", "position"]
        constraints = [
            models.UniqueConstraint(fields=["policy", "position"], name="policy_rules_are_numbered"),
            models.CheckConstraint(
                condition=Q(max_days_past_due__isnull=True)
                | Q(min_days_past_due__isnull=True)
                | Q(max_days_past_due__gte=F("min_days_past_due")),
                name="policy_rule_range_is_not_empty",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.get_action_display()}"
