"""Hardship and vulnerability: what few may read, who read it, and what a person decided. All of it is append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from borrowers.models import Borrower
from borrowers.models.fields import booked_at_field
from recovery.models.holds import Hold
from recovery.querysets import CareRecordQuerySet


class CareRecord(models.Model):
    """Why a borrower is not to be pressed. It is open until a decision ends it; its hold stops contacts until then."""

    class Category(models.TextChoices):
        INCOME = "income", "loss of income"
        HEALTH = "health", "health"
        LIFE_EVENT = "life_event", "life event"
        CAPABILITY = "capability", "hard to cope or understand"
        OTHER = "other", "something else"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="care_records")
    category = models.CharField(max_length=10, choices=Category)
    details = models.TextField(max_length=4000, help_text="What was said. Only those who may read such records see it.")
    review_on = models.DateField(help_text="When a person looks at it again, at the latest.")
    hold = models.OneToOneField(Hold, on_delete=models.PROTECT, related_name="care_record")
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, help_text="Empty: the borrower."
    )
    form_key = models.CharField(max_length=80, unique=True, null=True, blank=True, editable=False)
    booked_at = booked_at_field()

    objects = CareRecordQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(category__in=["income", "health", "life_event", "capability", "other"]),
                name="care_category_is_known",
            ),
            models.CheckConstraint(condition=~Q(details=""), name="care_record_says_what"),
        ]
        indexes = [models.Index(fields=["borrower"], name="care_record_borrower_idx")]

    def __str__(self) -> str:
        return f"care record {self.pk}"


class CareDecision(models.Model):
    """What a person decided about a record: it goes on until a new day, or it ends."""

    class Outcome(models.TextChoices):
        GOES_ON = "goes_on", "goes on"
        ENDED = "ended", "ended"

    record = models.ForeignKey(CareRecord, on_delete=models.PROTECT, related_name="decisions")
    outcome = models.CharField(max_length=7, choices=Outcome)
    reason = models.CharField(max_length=1000)
    review_on = models.DateField(null=True, blank=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["record", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(outcome__in=["goes_on", "ended"]), name="care_outcome_is_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="care_decision_says_why"),
            models.CheckConstraint(
                condition=Q(outcome="ended", review_on__isnull=True) | Q(outcome="goes_on", review_on__isnull=False),
                name="care_that_goes_on_has_a_next_day",
            ),
            models.UniqueConstraint(fields=["record"], condition=Q(outcome="ended"), name="care_record_ends_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()}, {self.record}"


class CareReading(models.Model):
    """That somebody read the records of a borrower."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="care_readings")
    read_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT)
    read_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["borrower", "-read_at"], name="care_reading_borrower_idx")]

    def __str__(self) -> str:
        return f"{self.read_by}, {self.read_at}"
