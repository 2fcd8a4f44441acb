"""Who looked at a model and what they found, how it compares, who proposed it and who approved. All append-only."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from scoring.models.registered import Materiality, ModelVersion, Segment, scope_note
from scoring.querysets import ChallengerQuerySet, PromotionProposalQuerySet, ValidationFindingQuerySet


def person(*, may_be_nobody: bool = False) -> models.ForeignKey:
    """Return the column of somebody who did something."""
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", null=may_be_nobody, blank=may_be_nobody
    )


class Validation(models.Model):
    """What a person who did not train a model found when they examined it; the newest one counts."""

    class Outcome(models.TextChoices):
        FIT = "fit", "fit for its use"
        WITH_FINDINGS = "with_findings", "fit, with findings to work off"
        UNFIT = "unfit", "not fit for its use"

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="validations")
    outcome = models.CharField(max_length=13, choices=Outcome)
    materiality = models.CharField(max_length=6, choices=Materiality, help_text="How much depends on the model.")
    summary = models.TextField(help_text="What was examined, and how.")
    validated_by = person()
    validated_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["fit", "with_findings", "unfit"]), name="validation_outcome_is_known"
            ),
            models.CheckConstraint(
                condition=Q(materiality__in=Materiality.values), name="validation_materiality_is_known"
            ),
            models.CheckConstraint(condition=~Q(summary=""), name="validation_says_what_was_examined"),
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.get_outcome_display()}"


class ValidationFinding(models.Model):
    """Something that is to be put right about a model, by whom and until when."""

    validation = models.ForeignKey(Validation, on_delete=models.PROTECT, related_name="findings")
    severity = models.CharField(max_length=6, choices=Materiality)
    text = models.TextField()
    owner = person()
    due_on = models.DateField()

    objects = ValidationFindingQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(severity__in=Materiality.values), name="finding_severity_is_known"),
            models.CheckConstraint(condition=~Q(text=""), name="finding_says_what_was_found"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class FindingClosure(models.Model):
    """How a finding was put right, as seen by another person than its owner."""

    finding = models.OneToOneField(ValidationFinding, on_delete=models.PROTECT, related_name="closure")
    remedy = models.TextField(help_text="What was done.")
    closed_by = person()
    closed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(remedy=""), name="closure_says_what_was_done")]

    def __str__(self) -> str:
        return f"closed: {self.finding}"


class Comparison(models.Model):
    """A model and the champion on the same rows."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="comparisons")
    champion = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="comparisons_as_champion")
    segment = models.CharField(max_length=7, choices=Segment, blank=True, db_default="")
    first_day = models.DateField(help_text="First observation day of the rows.")
    last_day = models.DateField()
    n_rows = models.PositiveIntegerField()
    n_bad = models.PositiveIntegerField()
    rows_sha256 = models.CharField(max_length=64, help_text="Of the features and labels that both models saw.")
    is_unseen = models.BooleanField(help_text="No row was learned from by either model.")
    figures = models.JSONField(help_text="AUC and the others, of the model and of the champion.")
    gain = models.FloatField(help_text="AUC of the model less that of the champion.")
    gain_low = models.FloatField(help_text="95 % interval; rows of one borrower count as one cluster.")
    gain_high = models.FloatField()
    compared_by = person(may_be_nobody=True)
    compared_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(model=F("champion")), name="comparison_is_of_two_models"),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="comparison_segment_is_known"),
            models.CheckConstraint(
                condition=Q(gain_low__lte=F("gain"), gain_high__gte=F("gain")),
                name="comparison_gain_is_in_its_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} against {self.champion}: {self.gain:+.3f}"


class PromotionProposal(models.Model):
    """A person proposes that a model goes live, and says why; the database writes down what speaks against it."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="proposals")
    segment = models.CharField(max_length=7, choices=Segment, blank=True, db_default="")
    champion = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+",
        help_text="Who served these loans then; written by the database.",
    )  # fmt: skip
    comparison = models.ForeignKey(
        Comparison, on_delete=models.PROTECT, null=True, blank=True, related_name="proposals"
    )
    doubts = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="Written by the database.")
    reason = models.TextField()
    in_spite_of = models.TextField(
        blank=True, db_default="", help_text="Why it should go live all the same; needed where there are doubts."
    )
    proposed_by = person()
    proposed_at = models.DateTimeField(db_default=Now())

    objects = PromotionProposalQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="promotion_says_why"),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="promotion_segment_is_known"),
            models.CheckConstraint(
                condition=Q(doubts=[]) | ~Q(in_spite_of=""), name="doubtful_promotion_says_why_all_the_same"
            ),
        ]

    @property
    def scope_note(self) -> str:
        return scope_note(self.model, self.segment)

    def __str__(self) -> str:
        return f"{self.model} for {self.get_segment_display()}"


class PromotionDecision(models.Model):
    """What a second person decided, who neither proposed nor trained the model."""

    proposal = models.OneToOneField(PromotionProposal, on_delete=models.PROTECT, related_name="decision")
    is_approved = models.BooleanField()
    reason = models.TextField(blank=True, db_default="", help_text="Needed where it is refused.")
    decided_by = person()
    decided_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(is_approved=True) | ~Q(reason=""), name="refused_promotion_says_why")
        ]

    def __str__(self) -> str:
        return f"{'approved' if self.is_approved else 'refused'}: {self.proposal}"


class Challenger(models.Model):
    """A time in which a model runs in the shadow of a champion: it is watched, and nobody is treated by its scores."""

    model = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="challenges")
    purpose = models.CharField(max_length=40, editable=False)
    segment = models.CharField(max_length=7, choices=Segment, blank=True, db_default="")
    live_from = models.DateTimeField(db_default=Now())
    live_until = models.DateTimeField(null=True, blank=True)
    named_by = person()
    reason = models.TextField()
    ended_by = person(may_be_nobody=True)
    end_reason = models.TextField(blank=True, db_default="")

    objects = ChallengerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "segment"],
                condition=Q(live_until__isnull=True),
                name="model_challenges_once_at_a_time",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="challenger_says_why"),
            models.CheckConstraint(condition=Q(segment__in=Segment.values), name="challenger_segment_is_known"),
            models.CheckConstraint(
                condition=Q(live_until__isnull=True) | Q(live_until__gte=F("live_from")),
                name="challenger_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} in the shadow from {self.live_from:%Y-%m-%d %H:%M}"
