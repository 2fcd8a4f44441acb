"""What borrowers contest or complain of, when an answer is due, and what was answered. Append-only."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models import Borrower, ContactEvent, Loan
from borrowers.models.fields import MoneyField, booked_at_field, is_money
from recovery.models.contact_rules import Jurisdiction
from recovery.querysets import GrievanceQuerySet


class GrievanceKind(models.TextChoices):
    DISPUTE = "dispute", "dispute"
    COMPLAINT = "complaint", "complaint"


class AnswerPeriod(models.Model):
    """Within how many days a dispute or a complaint is answered, from a day on; the lender's own or the law's."""

    kind = models.CharField(max_length=9, choices=GrievanceKind)
    jurisdiction = models.ForeignKey(
        Jurisdiction,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        help_text="Empty: wherever none of its own is set.",
    )
    days = models.PositiveSmallIntegerField(help_text="Calendar days from the day of receipt.")
    effective_from = models.DateField()
    source = models.CharField(max_length=300, help_text="Where it is written, or who decided it.")

    class Meta:
        ordering = ["kind", "jurisdiction_id", "-effective_from"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["dispute", "complaint"]), name="answer_period_kind_is_known"),
            models.CheckConstraint(condition=Q(days__range=(1, 365)), name="answer_period_is_within_a_year"),
            models.CheckConstraint(condition=~Q(source=""), name="answer_period_names_its_source"),
            models.UniqueConstraint(
                fields=["kind", "jurisdiction", "effective_from"],
                nulls_distinct=False,
                name="answer_period_is_said_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.jurisdiction_id or 'elsewhere'}: {self.days} days"


class Grievance(models.Model):
    """A dispute, which holds contacts about the debt until it is answered, or a complaint about how somebody was treated."""

    class Subject(models.TextChoices):
        NOT_MINE = "not_mine", "the debt is not theirs"
        AMOUNT = "amount", "the amount is wrong"
        ALREADY_PAID = "already_paid", "it was paid"
        FRAUD = "fraud", "fraud or stolen identity"
        CONDUCT = "conduct", "how they were spoken to"
        CONTACT = "contact", "how often or when they were contacted"
        PRIVACY = "privacy", "their data"
        SERVICE = "service", "errors or delays"
        OTHER = "other", "something else"

    class Channel(models.TextChoices):
        CALL = "call", "call"
        SMS = "sms", "text message"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letter"
        VISIT = "visit", "visit"
        WEB = "web", "web page"
        REGULATOR = "regulator", "regulator or ombudsman"

    Kind = GrievanceKind

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="grievances")
    loan = models.ForeignKey(
        Loan,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="grievances",
        help_text="Empty: no single one.",
    )
    kind = models.CharField(max_length=9, choices=GrievanceKind)
    subject = models.CharField(max_length=12, choices=Subject)
    channel = models.CharField(max_length=9, choices=Channel, help_text="How it came in.")
    text = models.TextField(max_length=5000, help_text="In their own words.")
    received_on = models.DateField()
    answer_due_on = models.DateField(
        editable=False,
        help_text="The last day for an answer; the database finds it from the period in force on receipt.",
    )
    contact_event = models.ForeignKey(  # indexed below
        ContactEvent,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="In which it was said.",
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    form_key = models.CharField(max_length=80, unique=True, null=True, blank=True, editable=False)
    booked_at = booked_at_field()

    objects = GrievanceQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["dispute", "complaint"]), name="grievance_kind_is_known"),
            models.CheckConstraint(
                condition=Q(
                    subject__in=[
                        "not_mine", "amount", "already_paid", "fraud", "conduct", "contact", "privacy", "service", "other",
                    ]
                ),
                name="grievance_subject_is_known",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["call", "sms", "email", "letter", "visit", "web", "regulator"]),
                name="grievance_channel_is_known",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="grievance_has_a_text"),
            models.CheckConstraint(condition=Q(answer_due_on__gt=F("received_on")), name="grievance_leaves_time_to_answer"),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["borrower", "-id"], name="grievance_borrower_idx"),
            models.Index(fields=["answer_due_on", "id"], name="grievance_due_idx"),
            models.Index(fields=["contact_event"], name="grievance_event_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of {self.received_on}: {self.get_subject_display()}"


class GrievanceAnswer(models.Model):
    """What was decided and told; a dispute's hold is lifted with it."""

    class Outcome(models.TextChoices):
        UPHELD = "upheld", "upheld"
        PARTLY_UPHELD = "partly_upheld", "upheld in part"
        NOT_UPHELD = "not_upheld", "not upheld"
        WITHDRAWN = "withdrawn", "withdrawn"

    grievance = models.OneToOneField(Grievance, on_delete=models.PROTECT, related_name="answer")
    outcome = models.CharField(max_length=13, choices=Outcome)
    text = models.TextField(max_length=5000, help_text="The exact answer they were given.")
    cause = models.CharField(
        max_length=300, blank=True, db_default="", help_text="What led to it, so that it does not happen again."
    )
    redress_amount = MoneyField(null=True, blank=True, help_text="Paid or credited to make it good.")
    answered_on = models.DateField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["upheld", "partly_upheld", "not_upheld", "withdrawn"]),
                name="grievance_outcome_is_known",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="grievance_answer_has_a_text"),
            models.CheckConstraint(condition=is_money("redress_amount"), name="redress_is_money"),
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} on {self.answered_on}"
