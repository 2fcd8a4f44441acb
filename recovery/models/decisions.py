"""The decision log: what was decided, what a person said to it, and what was done. Append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from borrowers.models import Borrower, ContactEvent, Loan
from borrowers.models.fields import MoneyField
from recovery.models.policies import Action, Policy, PolicyRule
from recovery.querysets import RecommendationQuerySet
from scoring.models import Score


class Recommendation(models.Model):
    """One row of the decision log: what was recommended for a borrower on a day, from which facts, and why. Append-only."""

    class OrderedBy(models.TextChoices):
        MODEL = "model", "a model"
        PRIORS = "priors", "rules and priors"
        NOTHING = "", "nothing known"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="recommendations")
    loan = models.ForeignKey(
        Loan,
        on_delete=models.PROTECT,
        related_name="recommendations",
        help_text="The loan that decided: the longest overdue.",
    )
    as_of = models.DateField()
    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, null=True, blank=True, help_text="In force on the day."
    )
    policy_rule = models.ForeignKey(
        PolicyRule,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Blank: something stood above the policy.",
    )
    score = models.ForeignKey(Score, on_delete=models.PROTECT, null=True, blank=True)
    household = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="Draws are the same within a household."
    )
    action = models.CharField(max_length=14, choices=Action, help_text="Assigned.")
    eligible_actions = models.JSONField(help_text="Each eligible action with the probability that it is assigned.")
    probability = models.FloatField(default=1.0, db_default=1.0, help_text="Of the action that was assigned.")
    seed = models.CharField(max_length=32, blank=True, default="", db_default="", help_text="Of the policy's draws.")
    drawn = models.FloatField(
        null=True, blank=True, help_text="The number in [0, 1) that chose; blank without a choice."
    )
    blocked = models.JSONField(
        default=list, db_default=[], help_text="Actions that were wanted and not allowed, with why."
    )
    facts = models.JSONField(help_text="What the decision was made from.")
    versions = models.JSONField(
        default=dict, db_default={}, help_text="Policy, line, model, feature set and code that decided."
    )
    reasons = models.JSONField(help_text="Sentences in plain words, the most important first.")
    channel = models.CharField(max_length=10, blank=True, default="", db_default="")
    tone = models.CharField(max_length=10, blank=True, default="", db_default="")
    deadline_on = models.DateField(null=True, blank=True)
    ask_amount = MoneyField(
        null=True, blank=True, help_text="What makes the borrower current; blank where the books do not say."
    )
    ladder = models.JSONField(
        default=list, db_default=[], help_text="What to ask for, from all of it down to hardship."
    )
    priority = models.FloatField(help_text="Order of work: higher first.")
    ordered_by = models.CharField(max_length=6, choices=OrderedBy, blank=True, default="", db_default="")
    expected_minutes = models.DecimalField(max_digits=5, decimal_places=1)
    decided_at = models.DateTimeField(auto_now_add=True)

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-priority"]
        constraints = [
            models.UniqueConstraint(fields=["as_of", "borrower"], name="one_recommendation_per_borrower_and_day"),
            models.CheckConstraint(
                condition=Q(probability__gt=0, probability__lte=1), name="assigned_action_had_a_probability"
            ),
        ]
        indexes = [models.Index(fields=["as_of", "-priority"], name="recommendation_order_idx")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} for {self.borrower_id} on {self.as_of}"


class DecisionAnswer(models.Model):
    """What a person said to a recommendation: accepted, or something else instead and why. Append-only; the latest counts."""

    class Answer(models.TextChoices):
        ACCEPTED = "accepted", "accepted"
        OTHER = "other", "decided otherwise"

    recommendation = models.ForeignKey(Recommendation, on_delete=models.PROTECT, related_name="answers")
    answer = models.CharField(max_length=8, choices=Answer)
    action = models.CharField(max_length=14, choices=Action, help_text="What is to be done.")
    reason = models.CharField(max_length=500, blank=True, default="")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="decision_answers")
    answered_at = models.DateTimeField(db_default=Now())
    form_key = models.CharField(max_length=80, unique=True, null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(answer__in=["accepted", "other"]), name="decision_answer_is_known"),
            models.CheckConstraint(condition=Q(answer="accepted") | ~Q(reason=""), name="another_action_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.get_answer_display()}: {self.get_action_display()}"


class PerformedAction(models.Model):
    """What was done after a decision: the contact by which it was carried out. Append-only."""

    recommendation = models.ForeignKey(Recommendation, on_delete=models.PROTECT, related_name="performed")
    contact_event = models.OneToOneField(ContactEvent, on_delete=models.PROTECT, related_name="performed")
    action = models.CharField(max_length=14, choices=Action)
    is_as_assigned = models.BooleanField()
    booked_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} after {self.recommendation_id}"
