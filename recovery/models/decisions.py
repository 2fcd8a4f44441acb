"""The decision log. Append-only."""

from django.db import models

from borrowers.models import Borrower, Loan
from borrowers.models.fields import MoneyField
from recovery.models.policies import Action, PolicyRule
from recovery.querysets import RecommendationQuerySet
from scoring.models import Score


class Recommendation(models.Model):
    """One row of the decision log: what was recommended for a borrower on a day, from which facts, and why. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="recommendations")
    loan = models.ForeignKey(
        Loan,
        on_delete=models.PROTECT,
        related_name="recommendations",
        help_text="The loan that decided: the longest overdue.",
    )
    as_of = models.DateField()
    policy_rule = models.ForeignKey(PolicyRule, on_delete=models.PROTECT, null=True, blank=True)
    score = models.ForeignKey(Score, on_delete=models.PROTECT, null=True, blank=True)
    action = models.CharField(max_length=14, choices=Action)
    eligible_actions = models.JSONField(help_text="Each eligible action with the probability that it is assigned.")
    facts = models.JSONField(help_text="What the decision was made from.")
    reasons = models.JSONField(help_text="Sentences in plain words, the most important first.")
    ask_amount = MoneyField(help_text="What to ask for now: the amount that makes the borrower current.")
    priority = models.FloatField(help_text="Order of work: higher first.")
    expected_minutes = models.DecimalField(max_digits=5, decimal_places=1)
    decided_at = models.DateTimeField(auto_now_add=True)

    objects = RecommendationQuerySet.as_manager()

    class Meta:
        ordering = ["-as_of", "-priority"]
        constraints = [
            models.UniqueConstraint(fields=["as_of", "borrower"], name="one_recommendation_per_borrower_and_day"),
        ]
        indexes = [models.Index(fields=["as_of", "-priority"], name="recommendation_order_idx")]

    def __str__(self) -> str:
        return f"{self.get_action_display()} for {self.borrower_id} on {self.as_of}"
