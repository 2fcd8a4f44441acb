"""Registered models, where they were live, and the scores they gave. All append-only but for the end of a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from borrowers.models import Loan
from scoring.querysets import DeploymentQuerySet, ScoreQuerySet

if TYPE_CHECKING:
    from creditpath.accounts.models import User


class Purpose(models.TextChoices):
    DEFAULT = "default", "91+ days past due within the horizon"
    PAYS_30 = "pays_30", "pays within 30 days"


class Segment(models.TextChoices):
    """The buckets that may have a model of their own; the empty one stands for all loans that no other model takes."""

    ALL = "", "all loans"
    CURRENT = "current", "not past due"
    DAYS_1_30 = "1-30", "1–30 days past due"
    DAYS_31_60 = "31-60", "31–60 days past due"
    DAYS_61_90 = "61-90", "61–90 days past due"


def scope_note(model: ModelVersion, segment: str) -> str:
    """Return what has to be said where a model serves one segment and did not learn from it alone; empty otherwise."""
    if not segment or model.segment:
        return ""
    return f"It serves loans {Segment(segment).label} alone and learned from all loans: its figures are of all."


class Materiality(models.TextChoices):
    """How much depends on a model: how closely it is validated and watched follows from it."""

    LOW = "low", "low"
    MEDIUM = "medium", "medium"
    HIGH = "high", "high"


class Tier(models.TextChoices):
    LOW = "low", "low"
    MEDIUM = "medium", "medium"
    HIGH = "high", "high"
    VERY_HIGH = "very_high", "very high"


class ModelVersion(models.Model):
    """A trained model: its ONNX bytes are the model, the rest says where it comes from and how good it is. Append-only."""

    name = models.CharField(
        max_length=80, unique=True, help_text="purpose-algorithm-number, such as default-xgboost-3."
    )
    purpose = models.CharField(
        max_length=40,
        help_text="default, pays_30, attribute:NAME for a labelled ledger, table:NAME for a labelled table.",
    )
    segment = models.CharField(
        max_length=7,
        choices=Segment,
        blank=True,
        db_default="",
        help_text="The bucket that it was trained on; empty: all.",
    )
    algorithm = models.CharField(max_length=20)
    onnx = models.BinaryField()
    sha256 = models.CharField(max_length=64, help_text="Of the ONNX bytes; checked at every load.")
    feature_set = models.CharField(max_length=64, help_text="Hash of the feature definition that it was trained on.")
    feature_names = ArrayField(models.CharField(max_length=300), help_text="Columns of the float32 matrix, in order.")
    target = models.JSONField(help_text="What counts as bad, horizon in days, observation days.")
    data_window = models.JSONField(
        help_text="First and last observation day, rows, bad rate, split, hash of the matrix."
    )
    parameters = models.JSONField(default=dict)
    metrics = models.JSONField(help_text="Figures on rows that neither fitting, tuning, calibration nor threshold saw.")
    parity = models.JSONField(help_text="Largest and quantile differences between native model and ONNX Runtime.")
    threshold = models.FloatField(help_text="Probability from which a loan counts as predicted bad.")
    tier_edges = ArrayField(models.FloatField(), size=3, help_text="Lower probabilities of medium, high and very high.")
    library_versions = models.JSONField(default=dict)
    code_version = models.CharField(
        max_length=80, blank=True, db_default="", help_text="The commit of the code that trained it; empty: not known."
    )
    intended_use = models.TextField(blank=True, db_default="", help_text="What it is for, and what it is not for.")
    materiality = models.CharField(
        max_length=6, choices=Materiality, blank=True, db_default="", help_text="As stated by who registered it."
    )
    curves = models.JSONField(
        default=dict, blank=True, help_text="What the card draws, as it was when the model was trained."
    )
    specification = models.JSONField(
        null=True, blank=True, help_text="Of a model trained on a table: how its columns become features."
    )
    findings = models.JSONField(
        default=list, blank=True, help_text="What the guard against leaks found and what was decided."
    )
    is_simulated = models.BooleanField(help_text="Trained on simulated borrowers.")
    trained_at = models.DateTimeField(auto_now_add=True)
    trained_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="models_trained"
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(threshold__gte=0, threshold__lte=1), name="threshold_is_a_probability"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="model_has_a_sha256"),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="model_segment_is_known"),
            models.CheckConstraint(
                condition=Q(materiality__in=["", *Materiality.values]), name="model_materiality_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def tier_of(self, pd: float) -> str:
        """Return the tier of a probability: the number of edges at or below it."""
        return Tier.values[sum(pd >= edge for edge in self.tier_edges)]


class Deployment(models.Model):
    """A time in which a model version was the champion of its purpose, for all loans or for one segment.

    The champion of a segment beats the one for all. Each begins with the approval of a second person.
    """

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="deployments")
    purpose = models.CharField(max_length=40, editable=False)
    segment = models.CharField(max_length=7, choices=Segment, blank=True, db_default="", editable=False)
    decision = models.OneToOneField(
        "scoring.PromotionDecision", on_delete=models.PROTECT, null=True, blank=True, related_name="deployment",
        help_text="The approval; there is none of before two people were asked.",
    )  # fmt: skip
    live_from = models.DateTimeField()
    live_until = models.DateTimeField(null=True, blank=True)
    promoted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="promotions"
    )
    reason = models.TextField()
    retired_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="retirements"
    )
    retire_reason = models.TextField(blank=True)

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-live_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "segment"],
                condition=Q(live_until__isnull=True),
                name="one_champion_per_purpose_and_segment",
            ),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="deployment_segment_is_known"),
            models.CheckConstraint(
                condition=Q(live_until__isnull=True) | Q(live_until__gte=F("live_from")),
                name="deployment_ends_after_it_begins",
            ),
        ]

    @property
    def scope_note(self) -> str:
        return scope_note(self.model, self.segment)

    @property
    def approved_by(self) -> User | None:
        """Return the second person; None of before two people were asked."""
        return self.decision.decided_by if self.decision else None

    def __str__(self) -> str:
        return f"{self.model} from {self.live_from:%Y-%m-%d %H:%M}"


class ScoringRun(models.Model):
    """One batch, or the re-scoring of single loans; its scores count from published_at on."""

    class Kind(models.TextChoices):
        BATCH = "batch", "whole portfolio"
        STALE = "stale", "changed loans"

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="runs")
    kind = models.CharField(max_length=8, choices=Kind)
    engine = models.CharField(max_length=20)
    as_of = models.DateField()
    known_at = models.DateTimeField(help_text="Entries booked after this instant were not known.")
    started_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True, blank=True)
    n_scored = models.PositiveIntegerField(default=0)
    n_unscored = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["batch", "stale"]), name="scoring_run_kind_is_known")
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.model} as of {self.as_of}"


class FeatureVector(models.Model):
    """The features of a loan on a day, as float32 in the declared order; NULL where a value is missing. Append-only."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="feature_vectors")
    as_of = models.DateField()
    known_at = models.DateTimeField()
    feature_set = models.CharField(max_length=64)
    values = ArrayField(models.FloatField(null=True))
    built_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["loan", "-id"], name="feature_vector_loan_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id} at {self.as_of}"


class Score(models.Model):
    """A probability that a model gave a loan, with the feature vector that it saw. Append-only."""

    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="scores")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="scores")
    vector = models.ForeignKey(FeatureVector, on_delete=models.PROTECT, related_name="scores")
    pd = models.FloatField()
    tier = models.CharField(max_length=10, choices=Tier)
    scored_at = models.DateTimeField(auto_now_add=True)

    objects = ScoreQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(pd__gte=0, pd__lte=1), name="score_is_a_probability"),
            models.CheckConstraint(condition=Q(tier__in=["low", "medium", "high", "very_high"]), name="tier_is_known"),
            models.UniqueConstraint(fields=["run", "loan"], name="one_score_per_loan_and_run"),
        ]
        indexes = [models.Index(fields=["loan", "-id"], name="score_loan_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.pd:.3f}"


class StaleLoan(models.Model):
    """A loan whose books changed after its last score; the mark goes when a fresh score is published."""

    loan = models.OneToOneField(Loan, on_delete=models.CASCADE, primary_key=True, related_name="stale_mark")
    marked_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.loan_id} since {self.marked_at}"


class Explanation(models.Model):
    """The Shapley contributions of a score's features to its margin, from the registered bytes alone. Append-only."""

    score = models.OneToOneField(Score, on_delete=models.PROTECT, primary_key=True, related_name="explanation")
    base_margin = models.FloatField(
        help_text="The mean margin over the training weight; contributions count from here."
    )
    contributions = ArrayField(models.FloatField(), help_text="In the order of the model's features.")
    explained_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"of score {self.score_id}"


class ReasonPhrase(models.Model):
    """What is said of a feature where it is a reason of a score; admins edit the words."""

    feature = models.CharField(max_length=80, unique=True)
    text = models.CharField(max_length=200, help_text="{value} stands for the value with its unit.")
    if_missing = models.CharField(max_length=200, blank=True, help_text="What is said where there is no value.")
    is_told = models.BooleanField(default=True, help_text="Whether it may be given as a reason.")

    class Meta:
        ordering = ["feature"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="phrase_has_words"),
        ]

    def __str__(self) -> str:
        return self.feature
