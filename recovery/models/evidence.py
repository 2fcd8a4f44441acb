"""The chain of evidence: what was done with a borrower, sealed by digests; how long it is kept, and how personal text goes."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from borrowers.models import Borrower
from borrowers.models.fields import booked_at_field
from recovery.models.contact_rules import Jurisdiction, RuleVersion
from recovery.querysets import OfBorrowerQuerySet


class EvidenceSeal(models.Model):
    """One sealing: a digest over the one before and all events that it sealed. Append-only."""

    sealed_at = models.DateTimeField(db_default=Now())
    n_events = models.PositiveIntegerField()
    sha256 = models.BinaryField(
        help_text="Over the digest of the seal before and those of its events, by borrower and number."
    )

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"seal {self.pk}"


class EvidenceEvent(models.Model):
    """One row of the work as it was sealed: the link of its borrower's chain. Append-only but for salts, which erasures take out.

    `source` and `source_id` name the row by the view recovery_evidence, which says what of it is a fact and what personal text.
    """

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="evidence_events")
    number = models.PositiveIntegerField(help_text="In the borrower's chain, from 1 without gaps.")
    source = models.CharField(max_length=24)
    source_id = models.BigIntegerField()
    happened_at = models.DateTimeField()
    facts_sha256 = models.BinaryField()
    texts_sha256 = models.BinaryField(null=True, help_text="Over the salt and the personal text; empty: there is none.")
    salt = models.BinaryField(
        null=True, help_text="Without it nobody can try texts against the digest; an erasure takes it out."
    )
    sha256 = models.BinaryField(help_text="Over the event before, borrower, number, source and both digests.")
    seal = models.ForeignKey(EvidenceSeal, on_delete=models.PROTECT, related_name="events", db_index=False)

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["borrower_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["borrower", "number"], name="evidence_is_numbered_by_borrower"),
            models.UniqueConstraint(fields=["source", "source_id"], name="evidence_is_sealed_once"),
            models.CheckConstraint(
                condition=Q(texts_sha256__isnull=False) | Q(salt__isnull=True), name="evidence_salt_is_of_a_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}, no. {self.number} of borrower {self.borrower_id}"


class EvidenceChain(models.Model):
    """Where a borrower's chain ends, so that the next event is sealed without reading it, and when the last activity was."""

    borrower = models.OneToOneField(Borrower, on_delete=models.PROTECT, primary_key=True, related_name="evidence_chain")
    length = models.PositiveIntegerField()
    sha256 = models.BinaryField()
    last_activity_at = models.DateTimeField(null=True, help_text="Of collecting: what the retention clock runs from.")

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_activity_at"], name="evidence_last_activity_idx")]

    def __str__(self) -> str:
        return f"chain of borrower {self.borrower_id}, {self.length} events"


class UnsealedEvidence(models.Model):
    """A row of the work that waits for its seal; triggers write it, sealing takes it out."""

    pk = models.CompositePrimaryKey("source", "source_id")
    source = models.CharField(max_length=24)
    source_id = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.source} {self.source_id}"


class RetentionPeriod(RuleVersion):
    """How long evidence is kept after the last collection activity, by jurisdiction."""

    jurisdiction = models.ForeignKey(
        Jurisdiction, on_delete=models.PROTECT, null=True, blank=True, related_name="retention_periods",
        help_text="Empty: wherever none of its own is set.",
    )  # fmt: skip
    months = models.PositiveSmallIntegerField(help_text="From the last contact, attempt, message or agreement.")

    class Meta(RuleVersion.Meta):
        ordering = ["jurisdiction_id", "-version"]
        constraints = [
            *RuleVersion.Meta.constraints,
            models.UniqueConstraint(
                fields=["jurisdiction", "version"], name="retention_period_versions_are_numbered", nulls_distinct=False
            ),
            models.CheckConstraint(condition=Q(months__gte=1), name="retention_period_has_months"),
        ]

    def __str__(self) -> str:
        return f"{self.jurisdiction_id or 'everywhere'}, version {self.version}: {self.months} months"


class LegalHold(models.Model):
    """That a borrower's evidence is kept whatever the clock says, such as for a lawsuit; or that this is lifted. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="legal_holds")
    reason = models.CharField(max_length=500, help_text="Which case or order, or why it is over.")
    lifts = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="lifted_by")
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="legal_hold_says_why")]
        indexes = [models.Index(fields=["borrower"], name="legal_hold_borrower_idx")]

    def __str__(self) -> str:
        return f"legal hold {self.pk}{' lifts ' + str(self.lifts_id) if self.lifts_id else ''}"


class ErasureRequest(models.Model):
    """That a borrower's personal text is to be erased from the evidence. Append-only; a second person decides."""

    class Origin(models.TextChoices):
        BORROWER = "borrower", "the borrower asked"
        RETENTION = "retention", "the time of keeping is over"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="erasure_requests")
    origin = models.CharField(max_length=9, choices=Origin)
    received_on = models.DateField(help_text="When the borrower asked, or the clock ran out.")
    note = models.CharField(max_length=500, blank=True, help_text="How it came in; no personal text, it is kept.")
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(origin__in=["borrower", "retention"]), name="erasure_origin_is_known")
        ]
        indexes = [models.Index(fields=["borrower"], name="erasure_request_borrower_idx")]

    def __str__(self) -> str:
        return f"erasure request {self.pk}"


class ErasureDecision(models.Model):
    """What a second person decided about a request; approved, the texts of all events up to a number are gone. Append-only."""

    request = models.OneToOneField(ErasureRequest, on_delete=models.PROTECT, related_name="decision")
    is_approved = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True, help_text="Why not, for the answer to the borrower.")
    through_number = models.PositiveIntegerField(
        null=True, blank=True, help_text="The last event of the borrower's chain whose text was erased."
    )
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_approved=True, through_number__isnull=False)
                | Q(is_approved=False, through_number__isnull=True),
                name="erasure_says_how_far_it_goes",
            ),
            models.CheckConstraint(condition=Q(is_approved=True) | ~Q(reason=""), name="refused_erasure_says_why"),
        ]

    def __str__(self) -> str:
        return f"{'erased' if self.is_approved else 'not erased'}: {self.request_id}"
