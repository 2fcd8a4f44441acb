"""The register of attempts: who was to be contacted, when, under which rule, and what the gate answered."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from borrowers.models import Borrower, Consent, ContactEvent, ContactPoint, Loan
from recovery.models.contact_rules import ContactRule
from recovery.querysets import OfBorrowerQuerySet


class Purpose(models.TextChoices):
    COLLECTION = "collection", "collection"
    NOTICE = "notice", "notice or offer of help that presses nobody"


class ContactReservation(models.Model):
    """One attempt: reserved before it is made, then performed, released, expired or blocked; or recorded without having been
    reserved. The database fills number, instant, rule, answer and flags, and refuses what the rules do not permit.
    """

    class State(models.TextChoices):
        RESERVED = "reserved", "reserved"
        PERFORMED = "performed", "performed"
        RELEASED = "released", "released"
        EXPIRED = "expired", "expired"
        BLOCKED = "blocked", "blocked at dispatch"

    class Channel(models.TextChoices):
        CALL = "call", "call"
        SMS = "sms", "text message"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letter"
        VISIT = "visit", "visit"

    borrower = models.ForeignKey(
        Borrower, on_delete=models.PROTECT, related_name="reservations", help_text="The person who is contacted."
    )
    number = models.PositiveIntegerField(help_text="Attempts of a person are numbered without gaps.")
    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: all their debts."
    )
    channel = models.CharField(max_length=6, choices=Channel)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    purpose = models.CharField(
        max_length=10, choices=Purpose, default=Purpose.COLLECTION, db_default=Purpose.COLLECTION
    )
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="reservations"
    )
    state = models.CharField(max_length=9, choices=State, default=State.RESERVED, db_default=State.RESERVED)
    reserved_at = models.DateTimeField(help_text="When it was reserved; of what was not reserved, when it happened.")
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="When it was performed, released or blocked.")
    contact_event = models.OneToOneField(
        ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="reservation"
    )
    rule = models.ForeignKey(ContactRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    consent = models.ForeignKey(
        Consent, on_delete=models.PROTECT, null=True, blank=True, related_name="+", help_text="Why it is not counted."
    )
    answer = models.JSONField(default=dict, help_text="What the gate answered.")
    flags = ArrayField(
        models.TextField(), default=list, help_text="Why it was not permitted, of what took place nevertheless."
    )
    booked_at = models.DateTimeField(help_text="The database's own clock.")

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["borrower", "number"], name="attempts_are_numbered_once"),
            models.CheckConstraint(
                condition=Q(state__in=["reserved", "performed", "released", "expired", "blocked"]),
                name="reservation_state_is_known",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["call", "sms", "email", "letter", "visit"]),
                name="reservation_channel_is_known",
            ),
            models.CheckConstraint(
                condition=Q(purpose__in=["collection", "notice"]), name="reservation_purpose_is_known"
            ),
            models.CheckConstraint(
                condition=Q(contact_event__isnull=True) | Q(state="performed"), name="event_is_of_a_performed_attempt"
            ),
        ]
        indexes = [
            models.Index(fields=["borrower", "channel", "reserved_at"], name="reservation_borrower_idx"),
            models.Index(fields=["lease_until"], condition=Q(state="reserved"), name="reservation_lease_idx"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.get_channel_display()}, {self.get_state_display()}"


class ContactBlock(models.Model):
    """A contact that was asked for and refused, with the whole answer. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contact_blocks")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    channel = models.CharField(max_length=7)
    contact_point = models.ForeignKey(ContactPoint, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    purpose = models.CharField(max_length=10, db_default=Purpose.COLLECTION, default=Purpose.COLLECTION)
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reservation = models.ForeignKey(
        ContactReservation, on_delete=models.PROTECT, null=True, blank=True, help_text="Of one blocked at dispatch."
    )
    asked_at = models.DateTimeField()
    rule = models.ForeignKey(ContactRule, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.JSONField()

    objects = OfBorrowerQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["borrower", "asked_at"], name="contact_block_borrower_idx")]

    def __str__(self) -> str:
        return f"{self.channel} to {self.borrower_id} refused"
