"""What was rolled back leaves nothing behind that would slow the next change down."""

from datetime import date
from typing import Any

from django.db import transaction

from borrowers.signals import books_changed
from scoring.models import Score, StaleLoan
from scoring.signals import AT_ONCE
from tests.factories import make_loan, make_payment
from tests.models import promote_logistic


def test_change_is_scored_at_once_however_many_others_were_rolled_back(
    frozen_day: date, django_capture_on_commit_callbacks: Any
) -> None:
    promote_logistic()
    loans = [make_loan(instalments=[(date(2026, 6, 1), 100)]) for _ in range(AT_ONCE + 2)]
    StaleLoan.objects.all().delete()  # making the loans has marked them
    with django_capture_on_commit_callbacks(execute=True):
        with transaction.atomic():
            books_changed.send(sender=type(loans[0]), loan_ids=[loan.pk for loan in loans])
            transaction.set_rollback(True)
        make_payment(loans[0], frozen_day, 10)
    assert Score.objects.published().filter(loan=loans[0]).count() == 1
