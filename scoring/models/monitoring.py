"""What models are watched by: how the training looked, scores that treat nobody, readings, and from where a reading alarms."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from borrowers.models import Loan
from scoring.models.registered import FeatureVector, ModelVersion, Tier


class TrainingReference(models.Model):
    """How scores and features were spread over the training rows, in bins that later days are held against. Append-only."""

    model = models.OneToOneField(ModelVersion, on_delete=models.PROTECT, primary_key=True, related_name="reference")
    n_rows = models.PositiveIntegerField()
    score_edges = ArrayField(models.FloatField(), help_text="Inner edges of the bins, lowest first.")
    score_shares = ArrayField(models.FloatField(), help_text="Of the rows, bin by bin.")
    features = models.JSONField(help_text="Of each feature: inner edges, share of each bin, share without a value.")

    def __str__(self) -> str:
        return f"of {self.model_id}"


class ShadowRun(models.Model):
    """Scores of a day by which nobody was treated: of a challenger, or of a model that looks back. Append-only."""

    class Kind(models.TextChoices):
        SHADOW = "shadow", "in the shadow"
        LOOKING_BACK = "looking_back", "looking back"

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="shadow_runs")
    kind = models.CharField(max_length=12, choices=Kind)
    as_of = models.DateField()
    known_at = models.DateTimeField(help_text="Entries booked after this instant were not known.")
    made_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["model", "as_of"], name="one_shadow_run_per_model_and_day"),
            models.CheckConstraint(condition=Q(kind__in=["shadow", "looking_back"]), name="shadow_run_kind_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} as of {self.as_of}"


class ShadowScore(models.Model):
    """A probability that treated nobody. Append-only."""

    run = models.ForeignKey(ShadowRun, on_delete=models.PROTECT, related_name="scores")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="shadow_scores")
    vector = models.ForeignKey(FeatureVector, on_delete=models.PROTECT, related_name="+")
    pd = models.FloatField()
    tier = models.CharField(max_length=10, choices=Tier)
    scored_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pd__gte=0, pd__lte=1), name="shadow_score_is_a_probability"),
            models.CheckConstraint(
                condition=Q(tier__in=["low", "medium", "high", "very_high"]), name="shadow_tier_is_known"
            ),
            models.UniqueConstraint(fields=["run", "loan"], name="one_shadow_score_per_loan_and_run"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.pd:.3f}"


class ModelReading(models.Model):
    """What was read of a model's scores of a day: how far they moved, and how they did as far as is known. Append-only."""

    class Source(models.TextChoices):
        SERVED = "served", "people were treated by them"
        SHADOW = "shadow", "in the shadow"
        LOOKING_BACK = "looking_back", "looking back"

    class Stage(models.TextChoices):
        FRESH = "fresh", "too early to tell"
        EARLY = "early", "an early read"
        MATURED = "matured", "matured"

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="readings")
    as_of = models.DateField(help_text="The day of the scores.")
    read_on = models.DateField(help_text="The business date of the reading.")
    source = models.CharField(max_length=12, choices=Source)
    stage = models.CharField(max_length=7, choices=Stage)
    window_days = models.PositiveIntegerField(help_text="Days of outcome that were looked at.")
    is_unseen = models.BooleanField(help_text="The model learned from nothing of that day.")
    n_rows = models.PositiveIntegerField()
    stability = models.JSONField(null=True, blank=True, help_text="PSI of scores and features, missing rates.")
    outcome = models.JSONField(null=True, blank=True, help_text="AUC and calibration on labels known so far.")
    read_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["model_id", "as_of", "-read_on"]
        constraints = [
            models.UniqueConstraint(fields=["model", "as_of", "read_on"], name="one_reading_per_model_day_and_date"),
            models.CheckConstraint(
                condition=Q(source__in=["served", "shadow", "looking_back"]), name="reading_source_is_known"
            ),
            models.CheckConstraint(condition=Q(stage__in=["fresh", "early", "matured"]), name="reading_stage_is_known"),
            models.CheckConstraint(condition=Q(read_on__gte=F("as_of")), name="reading_is_not_of_days_to_come"),
        ]

    @property
    def tiers(self) -> list[tuple[Tier, dict[str, Any]]]:
        """Return calibration by tier, the lowest risk first: a JSON object of the database keeps no order of its own."""
        found = (self.outcome or {}).get("tiers", {})
        return [(tier, found[tier]) for tier in Tier if tier in found]

    def __str__(self) -> str:
        return f"{self.model_id} as of {self.as_of}, read on {self.read_on}"


class AlertThreshold(models.Model):
    """From which value of a measure a model is to be looked at, and from which something has to be done; admins edit them."""

    class Measure(models.TextChoices):
        SCORE_PSI = "score_psi", "PSI of the scores"
        FEATURE_PSI = "feature_psi", "PSI of a feature"
        MISSING_RATE = "missing_rate", "a feature's share without a value, change"
        AUC_DROP = "auc_drop", "AUC below that of the training's test rows"
        CALIBRATION = "calibration", "standard errors between expected and observed events"
        OVERRIDES = "overrides", "share of answered recommendations decided otherwise"

    measure = models.CharField(max_length=20, choices=Measure, unique=True)
    look = models.FloatField(help_text="From here on somebody should look.")
    act = models.FloatField(help_text="From here on something has to be done.")
    is_on = models.BooleanField(default=True)

    class Meta:
        ordering = ["measure"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    measure__in=["score_psi", "feature_psi", "missing_rate", "auc_drop", "calibration", "overrides"]
                ),
                name="alert_measure_is_known",
            ),
            models.CheckConstraint(condition=Q(look__gt=0, act__gte=F("look")), name="alert_acts_from_where_it_looks"),
        ]

    def __str__(self) -> str:
        return str(self.get_measure_display())
