"""What is told without asking: rules with thresholds, and what they found on a day."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import booked_at_field


class AlertRule(models.Model):
    """A figure that is looked at with every close, and above which value it is told.

    What it measures is SQL of the same name, or, of models, what watches them.
    """

    name = models.SlugField(max_length=40, unique=True, editable=False)
    title = models.CharField(max_length=120)
    threshold = models.DecimalField(max_digits=12, decimal_places=2, help_text="It is told above this.")
    unit = models.CharField(max_length=20, blank=True, db_default="", editable=False)
    is_of_models = models.BooleanField(
        default=False, db_default=False, editable=False, help_text="It is about models: data scientists are told too."
    )
    is_on = models.BooleanField(default=True, help_text="Off: it is not looked at.")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=0), name="alert_threshold_is_not_negative"),
            models.CheckConstraint(condition=~Q(title=""), name="alert_rule_has_a_title"),
        ]

    def __str__(self) -> str:
        return self.title


class Alert(models.Model):
    """That a figure was above its threshold on a day. One per rule and day; append-only."""

    rule = models.ForeignKey(AlertRule, on_delete=models.PROTECT, related_name="alerts")
    as_of = models.DateField()
    value = models.DecimalField(max_digits=14, decimal_places=2)
    threshold = models.DecimalField(max_digits=12, decimal_places=2, help_text="As it was then.")
    detail = models.CharField(max_length=300, help_text="The figure with its base.")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-as_of", "id"]
        constraints = [
            models.UniqueConstraint(fields=["rule", "as_of"], name="one_alert_per_rule_and_day"),
            models.CheckConstraint(condition=Q(value__gt=F("threshold")), name="alert_is_above_its_threshold"),
        ]
        indexes = [models.Index(fields=["-as_of"], name="alert_day_idx")]

    def __str__(self) -> str:
        return f"{self.as_of} {self.detail}"


class AlertAcknowledgement(models.Model):
    """That a person has seen to an alert, and what they did about it. Append-only."""

    alert = models.OneToOneField(Alert, on_delete=models.PROTECT, related_name="acknowledgement")
    note = models.CharField(max_length=500)
    acknowledged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(note=""), name="acknowledgement_says_what_was_done")]

    def __str__(self) -> str:
        return f"{self.acknowledged_by}: {self.note}"
