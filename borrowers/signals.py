"""The one signal of the books. It says only "this changed"; what follows from it is decided by who listens."""

from typing import Any

from django.db.models.signals import post_save
from django.dispatch import Signal, receiver

from borrowers.models import (
    BalanceSnapshot,
    Charge,
    ContactEvent,
    Instalment,
    Loan,
    LoanEvent,
    Payment,
    Promise,
    ScheduleVersion,
    Statement,
)

books_changed = Signal()
"""Sent with loan_ids (a list) inside the transaction that made the change."""


@receiver(post_save, sender=Payment)
@receiver(post_save, sender=ScheduleVersion)
@receiver(post_save, sender=Instalment)
@receiver(post_save, sender=Promise)
@receiver(post_save, sender=Charge)
@receiver(post_save, sender=Statement)
@receiver(post_save, sender=BalanceSnapshot)
@receiver(post_save, sender=LoanEvent)
def say_loan_changed(sender: type, instance: Any, raw: bool, **kwargs: Any) -> None:
    if not raw:
        books_changed.send(sender=sender, loan_ids=[instance.loan_id])


@receiver(post_save, sender=Loan)
def say_loan_itself_changed(sender: type, instance: Loan, created: bool, raw: bool, **kwargs: Any) -> None:
    """Tell of a correction; a loan without a schedule has nothing to tell yet."""
    if not (created or raw):
        books_changed.send(sender=sender, loan_ids=[instance.pk])


@receiver(post_save, sender=ContactEvent)
def say_borrower_was_contacted(sender: type, instance: ContactEvent, raw: bool, **kwargs: Any) -> None:
    """Name all loans of the borrower: a contact is with a person, not with a loan."""
    if not raw:
        loan_ids = list(Loan.objects.filter(borrower_id=instance.borrower_id).values_list("id", flat=True))
        books_changed.send(sender=sender, loan_ids=loan_ids)
