"""Policies: versions of the rules that turn facts into actions, and how each came to be."""

import uuid

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils import timezone

from borrowers.models.fields import MoneyField
from recovery.querysets import PolicyQuerySet


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


def new_seed() -> str:
    return uuid.uuid4().hex


class Policy(models.Model):
    """A version of the rules. It is edited as a draft, approved by a second person, and never changed from then on.

    Of approved versions exactly one is in force on a day: from `effective_from` until the day before `effective_until`.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        SUBMITTED = "submitted", "waits for approval"
        APPROVED = "approved", "approved"
        WITHDRAWN = "withdrawn", "withdrawn"

    version = models.PositiveIntegerField(unique=True)
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=10, choices=State, default=State.DRAFT)
    effective_from = models.DateField(null=True, blank=True)
    effective_until = models.DateField(null=True, blank=True, help_text="The first day on which it no longer counts.")
    currency = models.CharField(
        max_length=3, blank=True, default="", help_text="Of the amounts in the lines; blank means any currency."
    )
    exploration_ratio = models.DecimalField(
        max_digits=4,
        decimal_places=3,
        default=0,
        help_text="Share of decisions, 0 to 0.5, that draw among the actions of their line.",
    )
    seed = models.CharField(max_length=32, default=new_seed, editable=False)
    based_on = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="drafts")
    is_installed = models.BooleanField(default=False, help_text="Came with the product: nobody had to approve it.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="policies_created"
    )
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="policies_submitted"
    )
    replay_waiver = models.CharField(
        max_length=500, blank=True, default="", help_text="Why it is submitted without a replay."
    )
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="policies_approved"
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        ordering = ["-version"]
        verbose_name_plural = "policies"
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["draft", "submitted", "approved", "withdrawn"]), name="policy_state_is_known"
            ),
            models.CheckConstraint(
                condition=Q(exploration_ratio__gte=0, exploration_ratio__lte=0.5), name="exploration_is_a_small_share"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(effective_from__isnull=False), name="approved_policy_has_a_first_day"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(is_installed=True)
                | (Q(approved_by__isnull=False) & Q(submitted_by__isnull=False)),
                name="policy_is_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True)
                | (~Q(approved_by=F("submitted_by")) & (Q(created_by__isnull=True) | ~Q(approved_by=F("created_by")))),
                name="policy_is_approved_by_a_second_person",
            ),
            ExclusionConstraint(
                name="one_policy_in_force_per_day",
                expressions=[
                    (
                        Func(F("effective_from"), F("effective_until"), function="daterange"),
                        RangeOperators.OVERLAPS,
                    )
                ],
                condition=Q(state="approved"),
            ),
        ]

    def __str__(self) -> str:
        return f"policy {self.version}: {self.title}"

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT


class PolicyRule(models.Model):
    """One line of a policy: the first line whose conditions all hold decides. A blank condition always holds."""

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="rules")
    position = models.PositiveSmallIntegerField()
    key = models.CharField(
        max_length=32, default=new_seed, editable=False, help_text="The same in every version that keeps the line."
    )
    min_days_past_due = models.PositiveIntegerField(null=True, blank=True)
    max_days_past_due = models.PositiveIntegerField(null=True, blank=True)
    buckets = models.JSONField(default=list, blank=True, help_text="Such as 31-60; empty means any.")
    tiers = models.JSONField(default=list, blank=True, help_text="Risk tiers, such as high; empty means any.")
    products = models.JSONField(default=list, blank=True, help_text="Codes of products; empty means any.")
    min_overdue_amount = MoneyField(null=True, blank=True)
    overdue_below_amount = MoneyField(null=True, blank=True)
    min_outstanding_amount = MoneyField(null=True, blank=True)
    outstanding_below_amount = MoneyField(null=True, blank=True)
    min_instalments_past_due = models.PositiveSmallIntegerField(null=True, blank=True)
    max_instalments_past_due = models.PositiveSmallIntegerField(null=True, blank=True)
    min_attempts = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In the last 30 days.")
    max_attempts = models.PositiveSmallIntegerField(null=True, blank=True, help_text="In the last 30 days.")
    min_days_since_contact = models.PositiveSmallIntegerField(null=True, blank=True)
    has_broken_promise = models.BooleanField(null=True, blank=True)
    has_open_promise = models.BooleanField(null=True, blank=True)
    has_hold = models.BooleanField(null=True, blank=True)
    is_vulnerable = models.BooleanField(null=True, blank=True)
    is_time_barred = models.BooleanField(null=True, blank=True)
    action = models.CharField(max_length=14, choices=Action)
    channel = models.CharField(max_length=10, blank=True, default="", help_text="Blank: as is usual for the action.")
    tone = models.CharField(max_length=10, blank=True, default="")
    deadline_days = models.PositiveSmallIntegerField(null=True, blank=True)
    settlement_limit_ratio = models.DecimalField(
        max_digits=4, decimal_places=3, null=True, blank=True, help_text="Largest share of the debt to let go, 0 to 1."
    )
    alternatives = models.JSONField(default=list, blank=True, help_text="Actions that may be tried in its place.")
    escalate_after_attempts = models.PositiveSmallIntegerField(null=True, blank=True)
    escalate_after_days = models.PositiveSmallIntegerField(null=True, blank=True)
    escalate_to = models.CharField(max_length=14, choices=Action, blank=True, default="")
    reason = models.CharField(max_length=200, help_text="In plain words, shown to the agent.")
    expected_minutes = models.DecimalField(max_digits=5, decimal_places=1, default=5)

    class Meta:
        ordering = ["policy_id", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "position"],
                name="policy_rules_are_numbered",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(
                condition=Q(max_days_past_due__isnull=True)
                | Q(min_days_past_due__isnull=True)
                | Q(max_days_past_due__gte=F("min_days_past_due")),
                name="policy_rule_range_is_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(settlement_limit_ratio__isnull=True)
                | Q(settlement_limit_ratio__gt=0, settlement_limit_ratio__lte=1),
                name="settlement_limit_is_a_share",
            ),
            models.CheckConstraint(
                condition=Q(escalate_to="")
                | Q(escalate_after_attempts__isnull=False)
                | Q(escalate_after_days__isnull=False),
                name="escalation_says_when",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.get_action_display()}"


class PolicyEvent(models.Model):
    """What was done to a policy, by whom and when. Append-only: the history of how it came to be."""

    class Kind(models.TextChoices):
        CREATED = "created", "drafted"
        EDITED = "edited", "edited"
        REPLAYED = "replayed", "replayed"
        SUBMITTED = "submitted", "submitted for approval"
        RETURNED = "returned", "returned for changes"
        APPROVED = "approved", "approved"
        WITHDRAWN = "withdrawn", "withdrawn"

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=10, choices=Kind)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="policy_events"
    )
    at = models.DateTimeField(default=timezone.now)
    detail = models.CharField(max_length=1000, blank=True, default="")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["created", "edited", "replayed", "submitted", "returned", "approved", "withdrawn"]
                ),
                name="policy_event_kind_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.policy_id} {self.get_kind_display()}"
