"""Days past due and balances, computed from the ledger and kept for the business date and each month end."""

from datetime import date

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Coalesce

from borrowers.models.fields import MoneyField
from borrowers.models.ledger import Loan
from borrowers.querysets import DelinquencyQuerySet


class Bucket(models.TextChoices):
    CURRENT = "current", "current"
    DPD_1_30 = "1-30", "1–30 days"
    DPD_31_60 = "31-60", "31–60 days"
    DPD_61_90 = "61-90", "61–90 days"
    DPD_91 = "91+", "91+ days"
    PAID_OFF = "paid_off", "paid off"
    WRITTEN_OFF = "written_off", "written off"
    SOLD = "sold", "sold"
    CLOSED = "closed", "closed"
    UNKNOWN = "unknown", "not available"


class DelinquencyFigures(models.Model):
    """What refresh_delinquency computes for one loan on one day; what the lender's snapshots do not give is null."""

    as_of = models.DateField()
    days_past_due = models.PositiveIntegerField(null=True, blank=True)
    bucket = models.CharField(max_length=12, choices=Bucket)
    is_flagged = models.BooleanField(
        default=False, db_default=False, help_text="Past due for longer than the product's days of grace."
    )
    instalments_past_due = models.PositiveSmallIntegerField(null=True, blank=True)
    oldest_unpaid_due_on = models.DateField(
        null=True,
        blank=True,
        help_text="Days past due count from here; of a loan kept by snapshots, as its figures imply.",
    )
    overdue_amount = MoneyField(null=True, blank=True, help_text="Due and not paid: principal, interest and fees.")
    overdue_principal_amount = MoneyField(null=True, blank=True)
    outstanding_principal_amount = MoneyField(null=True, blank=True)
    outstanding_amount = MoneyField(
        null=True, blank=True, help_text="Not yet paid, due or not: principal, interest and fees."
    )
    paid_amount = MoneyField(null=True, blank=True)
    in_flight_amount = MoneyField(default=0, db_default=0, help_text="Pending or in clearing.")
    last_paid_on = models.DateField(null=True, blank=True)
    last_paid_amount = MoneyField(null=True, blank=True)
    next_due_on = models.DateField(null=True, blank=True)
    next_due_amount = MoneyField(null=True, blank=True)
    is_placed = models.BooleanField(default=False, db_default=False, help_text="With an agency.")
    is_bankrupt = models.BooleanField(default=False, db_default=False)
    measured_on = models.DateField(
        null=True, blank=True, help_text="The day of the lender's snapshot that these figures are of."
    )

    objects = DelinquencyQuerySet.as_manager()

    class Meta:
        abstract = True


class Delinquency(DelinquencyFigures):
    """The figures of a loan as of the last refresh."""

    loan = models.OneToOneField(Loan, on_delete=models.PROTECT, primary_key=True, related_name="delinquency")
    last_payment_id = models.BigIntegerField(
        null=True,
        editable=False,
        help_text="Of a plain loan: so that a refresh looks the payment up only when it is another.",
    )
    late_since = models.GeneratedField(
        expression=Coalesce(
            Case(When(days_past_due__gt=0, then=F("oldest_unpaid_due_on"))),
            Value(date.max),
            output_field=models.DateField(),
        ),
        output_field=models.DateField(),
        db_persist=True,
        help_text="The order by days past due, which stays as it is from day to day; the last of days where nothing is.",
    )
    refreshed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "delinquency"
        indexes = [
            models.Index(fields=["bucket", "-overdue_amount"], name="delinquency_bucket_idx"),
            # Days past due grow every day and are in no index, so that a row moves to another day within its page.
            models.Index(fields=["late_since", "loan"], name="delinquency_late_since_idx"),
            models.Index(fields=["overdue_amount", "loan"], name="delinquency_overdue_idx"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    bucket__in=[
                        "current", "1-30", "31-60", "61-90", "91+", "paid_off", "written_off", "sold", "closed", "unknown",
                    ]
                ),
                name="bucket_is_known",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.loan_id}: {self.days_past_due} days past due"


class MonthEndSnapshot(DelinquencyFigures):
    """The figures of a loan at a month end, as they were known then. Append-only."""

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="month_ends")
    known_at = models.DateTimeField(help_text="Entries booked after this instant were not known.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["as_of", "loan"], name="one_month_end_snapshot_per_loan")]

    def __str__(self) -> str:
        return f"{self.loan_id} at {self.as_of}"
