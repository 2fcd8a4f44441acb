"""What borrowers do on their own page."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from borrowers.models import Borrower, Loan, Payment
from borrowers.models.fields import MoneyField, booked_at_field, is_money


class PageCheck(models.Model):
    """That somebody with the link of a borrower tried to prove who they are. What was answered is not kept. Append-only."""

    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="page_checks")
    facts = ArrayField(models.CharField(max_length=30), help_text="What was answered.")
    is_passed = models.BooleanField()
    checked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["borrower", "-checked_at"], name="page_check_borrower_idx")]

    def __str__(self) -> str:
        return f"{'passed' if self.is_passed else 'failed'}, {self.checked_at}"


class PaymentIntent(models.Model):
    """That a borrower is about to pay; the provider tells by its reference what became of it. Append-only."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="payment_intents")
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    reference = models.CharField(max_length=40, unique=True)
    made_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=is_money("amount", above_zero=True), name="intent_is_positive")]

    def __str__(self) -> str:
        return self.reference


class PaymentIntentEvent(models.Model):
    """What the provider told of a payment, as it came in, and what it made in the books. The same event is taken once."""

    class Status(models.TextChoices):
        PENDING = "pending", "pending"
        CLEARED = "cleared", "cleared"
        RETURNED = "returned", "returned"

    event_id = models.CharField(max_length=120, unique=True)
    intent = models.ForeignKey(PaymentIntent, on_delete=models.PROTECT, related_name="events")
    status = models.CharField(max_length=8, choices=Status)
    body = models.JSONField()
    body_sha256 = models.CharField(max_length=64)
    payment = models.OneToOneField(
        Payment, on_delete=models.PROTECT, null=True, blank=True, related_name="intent_event",
        help_text="The entry that it made; empty where the books said so already.",
    )  # fmt: skip
    received_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["pending", "cleared", "returned"]), name="intent_status_is_known"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_status_display()} {self.event_id}"
