"""What was said to and promised by borrowers. Append-only: a correction is a new entry."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import MoneyField, booked_at_field, is_money
from borrowers.models.ledger import Loan
from borrowers.models.people import Borrower, ContactPoint
from borrowers.querysets import ContactEventQuerySet, PromiseQuerySet


class ContactEvent(models.Model):
    """One attempt at or contact with a borrower, by either side."""

    class Channel(models.TextChoices):
        CALL = "call", "call"
        SMS = "sms", "text message"
        EMAIL = "email", "e-mail"
        LETTER = "letter", "letter"
        VISIT = "visit", "visit"
        INBOUND = "inbound", "inbound call"

    class Outcome(models.TextChoices):
        NO_ANSWER = "no_answer", "no answer"
        LEFT_MESSAGE = "left_message", "left a message"
        WRONG_PERSON = "wrong_person", "wrong person"
        WRONG_NUMBER = "wrong_number", "wrong number"
        PROMISE = "promise", "promise to pay"
        REFUSED = "refused", "refuses to pay"
        HARDSHIP = "hardship", "reports hardship"
        DISPUTE = "dispute", "disputes the debt"
        CALL_BACK = "call_back", "asks for a call back"
        PAID = "paid", "says it is paid"
        SENT = "sent", "sent"
        SPOKE = "spoke", "spoke, nothing agreed"

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="contact_events")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_events")
    agent = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_events"
    )
    external_id = models.CharField(max_length=80, unique=True, null=True, blank=True)
    channel = models.CharField(max_length=10, choices=Channel)
    outcome = models.CharField(max_length=14, choices=Outcome)
    reached_borrower = models.BooleanField(help_text="Right-party contact: it was the borrower who was reached.")
    contact_point = models.ForeignKey(
        ContactPoint, on_delete=models.PROTECT, null=True, blank=True, related_name="contact_events"
    )
    is_connected = models.BooleanField(
        null=True, blank=True, help_text="Of a call: whether it was connected to the dialled number; empty is unknown."
    )
    text_sent = models.TextField(blank=True, db_default="", max_length=20_000, help_text="The exact text of a message.")
    talk_minutes = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    wrap_up_minutes = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    note = models.TextField(blank=True, max_length=4000)
    follow_up_on = models.DateField(null=True, blank=True)
    effective_on = models.DateField(help_text="Business date of the contact.")
    happened_at = models.DateTimeField(help_text="The instant of the contact.")
    booked_at = booked_at_field()
    corrects = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="corrected_by"
    )

    objects = ContactEventQuerySet.as_manager()

    class Meta:
        ordering = ["-happened_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(channel__in=["call", "sms", "email", "letter", "visit", "inbound"]),
                name="contact_channel_is_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    outcome__in=[
                        "no_answer", "left_message", "wrong_person", "wrong_number", "promise", "refused", "hardship",
                        "dispute", "call_back", "paid", "sent", "spoke",
                    ]
                ),
                name="contact_outcome_is_known",
            ),
            models.CheckConstraint(
                condition=Q(talk_minutes__isnull=True) | Q(talk_minutes__gte=0, talk_minutes__lt=10_000),
                name="talk_minutes_are_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(wrap_up_minutes__isnull=True) | Q(wrap_up_minutes__gte=0, wrap_up_minutes__lt=10_000),
                name="wrap_up_minutes_are_not_negative",
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["borrower", "-happened_at"], name="contact_borrower_idx")]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.get_outcome_display()}"


class Promise(models.Model):
    """A promise to pay (PTP); whether it was kept is found from payments, never typed."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="promises")
    contact_event = models.OneToOneField(
        ContactEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="promise"
    )
    external_id = models.CharField(max_length=80, unique=True, null=True, blank=True)
    amount = MoneyField()
    made_on = models.DateField()
    due_on = models.DateField()
    booked_at = booked_at_field()

    objects = PromiseQuerySet.as_manager()

    class Meta:
        ordering = ["-made_on", "-id"]
        constraints = [
            models.CheckConstraint(condition=is_money("amount", above_zero=True), name="promised_amount_is_positive"),
            models.CheckConstraint(condition=Q(due_on__gte=F("made_on")), name="promise_is_due_after_it_is_made"),
        ]
        indexes = [models.Index(fields=["loan", "-made_on"], name="promise_loan_idx")]

    def __str__(self) -> str:
        return f"{self.amount} by {self.due_on}"


class PromiseRule(models.Model):
    """When promises made from a day on count as kept. Append-only: a new row takes over from its day on."""

    effective_from = models.DateField(unique=True)
    grace_days = models.PositiveSmallIntegerField(
        help_text="Days after its due day in which money still keeps a promise."
    )
    kept_ratio = models.DecimalField(
        max_digits=4, decimal_places=3, help_text="Share of the amount, above 0 up to 1, that has to come in."
    )
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-effective_from"]
        constraints = [
            models.CheckConstraint(condition=Q(grace_days__lte=60), name="promise_grace_is_at_most_60_days"),
            models.CheckConstraint(
                condition=Q(kept_ratio__gt=0, kept_ratio__lte=1), name="kept_is_a_share_of_the_promise"
            ),
        ]

    def __str__(self) -> str:
        return f"promises from {self.effective_from}"


class ContactCost(models.Model):
    """What a contact by a channel costs, in a currency, from a day on until a later line takes over.

    Where minutes cost something, a contact whose minutes nobody noted has no known cost.
    """

    channel = models.CharField(max_length=10, choices=ContactEvent.Channel)
    currency = models.CharField(max_length=3)
    cost_amount = models.DecimalField(
        max_digits=10, decimal_places=4, help_text="Of one contact or attempt: postage, fees, or all of it."
    )
    minute_amount = models.DecimalField(
        max_digits=10, decimal_places=4, default=0, db_default=0, help_text="Of a minute of talk or wrap-up."
    )
    since = models.DateField()

    class Meta:
        ordering = ["channel", "currency", "-since"]
        constraints = [
            models.UniqueConstraint(fields=["channel", "currency", "since"], name="contact_cost_is_set_once_a_day"),
            models.CheckConstraint(
                condition=Q(channel__in=["call", "sms", "email", "letter", "visit", "inbound"]),
                name="contact_cost_channel_is_known",
            ),
            models.CheckConstraint(
                condition=Q(currency__regex=r"^[A-Z]{3}$"), name="contact_cost_currency_is_iso_4217"
            ),
            models.CheckConstraint(
                condition=Q(
                    cost_amount__gte=0, cost_amount__lt=1_000_000, minute_amount__gte=0, minute_amount__lt=1_000_000
                ),
                name="contact_cost_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()}: {self.currency} {self.cost_amount} since {self.since}"
