"""What is watched for fairness, and what was found of each model. Append-only: the newest row of a name counts."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from scoring.models.registered import ModelVersion
from scoring.querysets import MonitoredAttributeQuerySet


class MonitoredAttribute(models.Model):
    """An attribute by which models are watched for fairness. It never enters training unless a person says so, and why."""

    class Source(models.TextChoices):
        FIELD = "field", "the borrower's own data"
        BORROWER = "borrower", "the lender's column of a borrower"
        LOAN = "loan", "the lender's column of a loan"

    source = models.CharField(max_length=8, choices=Source)
    name = models.CharField(
        max_length=80,
        help_text="birth_date (by bands of age), language or jurisdiction; or the name of the lender's column.",
    )
    is_monitored = models.BooleanField(default=True, db_default=True, help_text="Untick it to stop watching it.")
    may_train = models.BooleanField(default=False, db_default=False, help_text="Whether models may learn from it.")
    reason = models.TextField(blank=True, db_default="", help_text="Why; needed where models may learn from it.")
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    declared_at = models.DateTimeField(db_default=Now())

    objects = MonitoredAttributeQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source__in=["borrower", "loan"])
                | Q(source="field", name__in=["birth_date", "language", "jurisdiction"]),
                name="monitored_attribute_is_known",
            ),
            models.CheckConstraint(condition=~Q(name=""), name="monitored_attribute_has_a_name"),
            models.CheckConstraint(
                condition=Q(may_train=False) | Q(reason__regex=r"\S"), name="training_on_a_monitored_attribute_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_source_display()})"


class FairnessReading(models.Model):
    """How a model treats the groups of a monitored attribute, on labelled rows that it has not learned from."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="fairness")
    attribute = models.ForeignKey(MonitoredAttribute, on_delete=models.PROTECT, related_name="readings")
    first_day = models.DateField()
    last_day = models.DateField()
    n_rows = models.PositiveIntegerField()
    is_unseen = models.BooleanField(help_text="The model has learned from none of the rows.")
    groups = models.JSONField(
        help_text="Rows, selection and true positive rates of each group, of scores and of contacts."
    )
    selection_ratio = models.FloatField(
        null=True, blank=True, help_text="Lowest over highest share called bad; empty: too few rows to say."
    )
    tpr_gap = models.FloatField(null=True, blank=True, help_text="Highest less lowest share found among the bad.")
    contact_ratio = models.FloatField(
        null=True, blank=True, help_text="Lowest over highest share contacted afterwards."
    )
    contact_tpr_gap = models.FloatField(null=True, blank=True, help_text="The same gap, of contacts.")
    measured_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "-id"], name="fairness_model_idx")]
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="fairness_days_are_in_order"),
            models.CheckConstraint(
                condition=Q(selection_ratio__isnull=True) | Q(selection_ratio__gte=0, selection_ratio__lte=1),
                name="selection_ratio_is_a_ratio",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} by {self.attribute}"
