"""What changes a loan's standing and takes two people: write-off, placement with an agency, recall, closing. Append-only."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from borrowers.models import Loan, LoanEvent
from borrowers.models.fields import MoneyField, booked_at_field, is_money
from recovery.querysets import OfLoanQuerySet


class LoanProposal(models.Model):
    """What somebody proposes to do with a loan, and why. One at a time per loan; the database knows when it may be."""

    class Kind(models.TextChoices):
        WRITE_OFF = "write_off", "write off"
        PLACEMENT = "placement", "place with an agency"
        RECALL = "recall", "recall from the agency"
        CLOSING = "closing", "close"

    loan = models.ForeignKey(Loan, on_delete=models.PROTECT, related_name="proposals")
    kind = models.CharField(max_length=9, choices=Kind)
    amount = MoneyField(null=True, blank=True, help_text="Written off.")
    counterparty = models.CharField(max_length=120, blank=True, db_default="", help_text="The agency.")
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    booked_at = booked_at_field()

    objects = OfLoanQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["write_off", "placement", "recall", "closing"]), name="proposal_kind_is_known"
            ),
            models.CheckConstraint(condition=is_money("amount", above_zero=True), name="proposal_amount_is_money"),
            models.CheckConstraint(
                condition=Q(kind="write_off", amount__isnull=False) | (~Q(kind="write_off") & Q(amount__isnull=True)),
                name="write_off_alone_has_an_amount",
            ),
            models.CheckConstraint(
                condition=~Q(kind="placement") | ~Q(counterparty=""), name="placement_names_the_agency"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="proposal_says_why"),
        ]
        indexes = [models.Index(fields=["loan", "-id"], name="proposal_loan_idx")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.loan_id}"


class LoanProposalDecision(models.Model):
    """What a second person decided; an approved proposal is in the books as an event of the loan."""

    proposal = models.OneToOneField(LoanProposal, on_delete=models.PROTECT, related_name="decision")
    is_approved = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True, db_default="", help_text="Needed where it is refused.")
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    loan_event = models.OneToOneField(
        LoanEvent, on_delete=models.PROTECT, null=True, blank=True, related_name="decision"
    )
    booked_at = booked_at_field()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_approved=True, loan_event__isnull=False)
                | (Q(is_approved=False, loan_event__isnull=True) & ~Q(reason="")),
                name="decision_books_an_event_or_says_why_not",
            )
        ]

    def __str__(self) -> str:
        return f"{'approved' if self.is_approved else 'refused'}: {self.proposal}"
