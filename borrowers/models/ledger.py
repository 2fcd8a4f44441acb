"""Loans and the append-only ledger: schedules, instalments, payments. Every entry has two clocks, effective and booked."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from borrowers.models.fields import MoneyField, booked_at_field, is_money
from borrowers.models.people import Borrower
from borrowers.querysets import LoanQuerySet, PaymentQuerySet


class Product(models.Model):
    """A kind of loan with the rules that its delinquency follows."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    tolerance_amount = MoneyField(
        default=0, help_text="An instalment whose unpaid remainder does not exceed this counts as paid."
    )

    class Meta:
        ordering = ["code"]
        constraints = [models.CheckConstraint(condition=is_money("tolerance_amount"), name="tolerance_is_not_negative")]

    def __str__(self) -> str:
        return self.name


class Loan(models.Model):
    """A debt of one borrower; what is owed and paid is in its instalments and payments."""

    external_id = models.CharField(max_length=64, unique=True, help_text="The lender's own number.")
    borrower = models.ForeignKey(Borrower, on_delete=models.PROTECT, related_name="loans")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="loans")
    currency = models.CharField(max_length=3)
    principal_amount = MoneyField()
    annual_interest_ratio = models.DecimalField(max_digits=8, decimal_places=6, null=True, blank=True)
    term_days = models.PositiveIntegerField(null=True, blank=True)
    approved_on = models.DateField()
    approved_at = models.DateTimeField(null=True, blank=True, help_text="The instant of approval, where it is known.")
    written_off_on = models.DateField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True, help_text="The lender's own columns.")
    booked_at = booked_at_field()

    objects = LoanQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=is_money("principal_amount", above_zero=True), name="principal_is_positive"
            ),
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="currency_is_iso_4217"),
            models.CheckConstraint(
                condition=Q(written_off_on__isnull=True) | Q(written_off_on__gte=F("approved_on")),
                name="loan_is_not_written_off_before_approval",
            ),
        ]
        indexes = [models.Index(fields=["borrower", "approved_on"], name="loan_borrower_approved_idx")]

    def __str__(self) -> str:
        return self.external_id


class ScheduleVersion(models.Model):
    """One agreed plan of instalments; the highest version in force on a day is the one that counts."""

    class Reason(models.TextChoices):
        ORIGINAL = "original", "original agreement"
        DEFERRAL = "deferral", "deferral"
        RE_AGE = "re_age", "re-age"
        RESTRUCTURE = "restructure", "restructure"
        CORRECTION = "correction", "correction"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="schedule_versions")
    version = models.PositiveSmallIntegerField(default=1)
    reason = models.CharField(max_length=12, choices=Reason, default=Reason.ORIGINAL)
    effective_on = models.DateField()
    booked_at = booked_at_field()

    class Meta:
        ordering = ["loan_id", "version"]
        constraints = [
            models.UniqueConstraint(fields=["loan", "version"], name="schedule_versions_of_a_loan_are_numbered"),
            models.CheckConstraint(condition=Q(version__gte=1), name="schedule_version_counts_from_one"),
            models.CheckConstraint(
                condition=Q(reason__in=["original", "deferral", "re_age", "restructure", "correction"]),
                name="schedule_reason_is_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan} v{self.version}"


class Instalment(models.Model):
    """What is due on a day under one schedule version. Append-only; its clocks are those of its schedule version."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="instalments")
    schedule = models.ForeignKey(ScheduleVersion, on_delete=models.PROTECT, related_name="instalments")
    number = models.PositiveSmallIntegerField()
    due_on = models.DateField()
    principal_amount = MoneyField()
    interest_amount = MoneyField(default=0)
    fee_amount = MoneyField(default=0)

    class Meta:
        ordering = ["schedule_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["schedule", "number"], name="instalments_of_a_schedule_are_numbered"),
            models.CheckConstraint(condition=is_money("principal_amount"), name="instalment_principal_is_not_negative"),
            models.CheckConstraint(condition=is_money("interest_amount"), name="instalment_interest_is_not_negative"),
            models.CheckConstraint(condition=is_money("fee_amount"), name="instalment_fee_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id} #{self.number} due {self.due_on}"


class Payment(models.Model):
    """Money that came in, or the reversal of such an entry with the amount negated. Append-only."""

    class Channel(models.TextChoices):
        UNKNOWN = "unknown", "unknown"
        TRANSFER = "transfer", "bank transfer"
        DIRECT_DEBIT = "direct_debit", "direct debit"
        CARD = "card", "card"
        CASH = "cash", "cash"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="payments")
    external_id = models.CharField(
        max_length=80, unique=True, null=True, blank=True, help_text="The lender's reference."
    )
    amount = MoneyField()
    effective_on = models.DateField()
    booked_at = booked_at_field()
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.UNKNOWN)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reversed_by")
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="payments_recorded"
    )

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-effective_on", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(reverses__isnull=True, amount__gt=0, amount__lt=1_000_000_000_000)
                | Q(reverses__isnull=False, amount__lt=0),
                name="payment_is_positive_and_reversal_negative",
            ),
            models.CheckConstraint(
                condition=Q(channel__in=["unknown", "transfer", "direct_debit", "card", "cash"]),
                name="payment_channel_is_known",
            ),
        ]
        indexes = [models.Index(fields=["loan", "effective_on"], name="payment_loan_effective_idx")]

    def __str__(self) -> str:
        return f"{self.amount} on {self.effective_on}"
