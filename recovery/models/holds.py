"""What stops contacts: holds, and the notice from which the time to dispute runs. Append-only: a new entry lifts a hold."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan
from borrowers.models.fields import booked_at_field
from recovery.querysets import OfBorrowerQuerySet


class Hold(models.Model):
    """Why a person is not contacted, or not in a certain way: who set it, from when, until when; or that one is lifted."""

    class Kind(models.TextChoices):
        DISPUTE = "dispute", "dispute"
        CEASE = "cease", "asked not to be contacted"
        ATTORNEY = "attorney", "attorney represents them"
        BANKRUPTCY = "bankruptcy", "bankruptcy"
        DECEASED = "deceased", "deceased"
        HARDSHIP = "hardship", "hardship"
        BREATHING_SPACE = "breathing_space", "breathing space"
        DO_NOT_CONTACT = "do_not_contact", "not by this channel"
        INCONVENIENT_TIME = "inconvenient_time", "not at this time"
        INCONVENIENT_PLACE = "inconvenient_place", "not at this place"

    class Channel(models.TextChoices):
        CALL = "call", "calls"
        SMS = "sms", "text messages"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letters"
        VISIT = "visit", "visits"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="holds")
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="holds", help_text="Empty: every debt."
    )
    kind = models.CharField(max_length=18, choices=Kind)
    channel = models.CharField(
        max_length=6, choices=Channel, blank=True, db_default="", help_text="Of a channel not to be used; empty: none."
    )
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, null=True, blank=True, help_text="The inconvenient place."
    )
    from_time = models.TimeField(null=True, blank=True, help_text="Inconvenient from this local time on.")
    until_time = models.TimeField(null=True, blank=True, help_text="Inconvenient until then; empty: until midnight.")
    starts_on = models.DateField(help_text="The first day on which it counts, in the borrower's zone.")
    ends_on = models.DateField(null=True, blank=True, help_text="The last such day; empty: until it is lifted.")
    reason = models.CharField(max_length=500, help_text="What was said or came in, and how.")
    lifts = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="lifted_by")
    contact_event = models.ForeignKey(ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    grievance = models.ForeignKey(
        "recovery.Grievance",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holds",
        help_text="The dispute that holds, and whose answer lifts it.",
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    booked_at = booked_at_field()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=[
                        "dispute", "cease", "attorney", "bankruptcy", "deceased", "hardship", "breathing_space",
                        "do_not_contact", "inconvenient_time", "inconvenient_place",
                    ]
                ),
                name="hold_kind_is_known",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["", "call", "sms", "email", "letter", "visit"]), name="hold_channel_is_known"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="hold_says_why"),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")), name="hold_ends_after_it_starts"
            ),
            models.CheckConstraint(
                condition=Q(lifts__isnull=False) | ~Q(kind="inconvenient_place") | Q(contact_point__isnull=False),
                name="inconvenient_place_is_named",
            ),
            models.CheckConstraint(
                condition=Q(lifts__isnull=False)
                | ~Q(kind="inconvenient_time")
                | Q(from_time__isnull=False) & (Q(until_time__isnull=True) | Q(until_time__gt=F("from_time"))),
                name="inconvenient_time_is_named",
            ),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["borrower", "starts_on"], name="hold_borrower_idx"),
            models.Index(fields=["contact_event"], name="hold_event_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}{' lifted' if self.lifts_id else ''}, {self.starts_on}"


class ValidationNotice(models.Model):
    """That a person was sent the notice which says what is owed and how to dispute it. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="validation_notices")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="validation_notices")
    channel = models.CharField(max_length=6, choices=[("letter", "letter"), ("email", "e-mail")])
    sent_on = models.DateField()
    text = models.TextField(max_length=20_000, help_text="The exact text.")
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-sent_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=["letter", "email"]), name="notice_channel_is_known")
        ]
        indexes = [models.Index(fields=["borrower", "loan"], name="validation_notice_idx")]

    def __str__(self) -> str:
        return f"{self.loan_id}, sent {self.sent_on}"
