"""Borrowers, how they can be reached, and what they agreed to."""

from django.conf import settings
from django.db import models

from borrowers.models.fields import booked_at_field
from borrowers.querysets import BorrowerQuerySet


class Borrower(models.Model):
    """A person or firm that owes."""

    external_id = models.CharField(max_length=64, unique=True, help_text="The lender's own number.")
    full_name = models.CharField(max_length=200, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8, blank=True)
    time_zone = models.CharField(
        max_length=40, blank=True, help_text="IANA name, such as Africa/Lagos; blank is unknown."
    )
    jurisdiction = models.CharField(
        max_length=8, blank=True, help_text="ISO 3166 code, such as US-NY; blank is unknown."
    )
    household = models.CharField(max_length=64, blank=True, help_text="Borrowers of one household share this key.")
    team = models.ForeignKey(
        "accounts.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="borrowers",
        help_text="Who services.",
    )
    attributes = models.JSONField(default=dict, blank=True, help_text="The lender's own columns.")
    is_simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["full_name"], name="borrower_full_name_idx"),
            models.Index(fields=["id"], condition=models.Q(is_simulated=True), name="borrower_simulated_idx"),
        ]

    def __str__(self) -> str:
        return self.full_name or self.external_id


class ContactPoint(models.Model):
    """A telephone number, e-mail or postal address of a borrower."""

    class Kind(models.TextChoices):
        PHONE = "phone", "telephone"
        EMAIL = "email", "e-mail"
        ADDRESS = "address", "postal address"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contact_points")
    kind = models.CharField(max_length=10, choices=Kind)
    value = models.CharField(max_length=300)
    is_preferred = models.BooleanField(default=False)
    verified_on = models.DateField(null=True, blank=True)
    opted_out_on = models.DateField(null=True, blank=True)
    time_zone = models.CharField(
        max_length=40,
        blank=True,
        db_default="",
        help_text="IANA name of where this leads, if it differs from the borrower's.",
    )

    class Meta:
        ordering = ["borrower_id", "-is_preferred", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["phone", "email", "address"]), name="contact_point_kind_is_known"
            ),
            models.UniqueConstraint(fields=["borrower", "kind", "value"], name="contact_point_is_kept_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.value}"


class Consent(models.Model):
    """That a borrower allowed or forbade a way of contact, with the words that were used. Append-only; the latest one counts."""

    class Channel(models.TextChoices):
        CALL = "call", "calls"
        SMS = "sms", "text messages"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letters"
        VISIT = "visit", "visits"
        ANY = "any", "every channel"

    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, related_name="consents")
    channel = models.CharField(max_length=6, choices=Channel, default=Channel.ANY)
    is_given = models.BooleanField(help_text="No: opted out or withdrawn.")
    source = models.CharField(max_length=120, help_text="Where it comes from, such as the loan application.")
    wording = models.TextField(blank=True, max_length=4000, help_text="The exact text that was agreed to or sent.")
    happened_at = models.DateTimeField()
    booked_at = booked_at_field()
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-happened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(channel__in=["call", "sms", "email", "letter", "visit", "any"]),
                name="consent_channel_is_known",
            ),
            models.CheckConstraint(condition=~models.Q(source=""), name="consent_names_its_source"),
        ]
        indexes = [models.Index(fields=["contact_point", "-happened_at"], name="consent_point_idx")]

    def __str__(self) -> str:
        return f"{self.contact_point}: {self.get_channel_display()} {'allowed' if self.is_given else 'refused'}"
