"""What comparisons with the lender's core system found. Append-only."""

from django.conf import settings
from django.db import models

from borrowers.models.fields import MoneyField
from borrowers.models.ledger import Loan


class Reconciliation(models.Model):
    """One comparison of our figures of a day with those of a file."""

    as_of = models.DateField()
    known_at = models.DateTimeField()
    source_name = models.CharField(max_length=300)
    source_sha256 = models.CharField(max_length=64)
    n_core = models.BigIntegerField(help_text="Loans in the core system's file.")
    n_agreeing = models.BigIntegerField()
    n_unexplained = models.BigIntegerField()
    totals = models.JSONField(
        help_text="Control totals by currency: ours, the core system's, and the difference by cause."
    )
    made_at = models.DateTimeField(auto_now_add=True)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.source_name} of {self.as_of}"


class ReconciliationDifference(models.Model):
    """A loan of which the two systems say different things, with the cause that was found."""

    reconciliation = models.ForeignKey(Reconciliation, on_delete=models.PROTECT, related_name="differences")
    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    loan_reference = models.CharField(max_length=64)
    currency = models.CharField(max_length=3, blank=True)
    core_days_past_due = models.IntegerField(null=True, blank=True)
    our_days_past_due = models.IntegerField(null=True, blank=True)
    core_balance_amount = MoneyField(null=True, blank=True)
    our_balance_amount = MoneyField(null=True, blank=True)
    cause = models.CharField(max_length=80)
    explanation = models.TextField(blank=True)

    class Meta:
        ordering = ["reconciliation_id", "id"]

    def __str__(self) -> str:
        return f"{self.loan_reference}: {self.cause}"
