"""Refreshes that run at the same time, and one that is cut off: the figures afterwards are those of the ledger."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from borrowers.invariants.ledger import figures_agree_with_ledger
from borrowers.models import Delinquency
from borrowers.services import record_payment, refresh_delinquency, set_business_date
from tests.factories import make_charge, make_loan
from tests.scoring.threads import at_once

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 6, 30)


@pytest.fixture
def loans() -> Iterator[list[Any]]:
    set_business_date(day=DAY, is_frozen=True)
    plan = [(date(2026, month, 5), 100, 10) for month in range(3, 9)]
    made = [make_loan(instalments=plan, approved_on=date(2026, 2, 2)) for _ in range(20)]
    make_charge(made[3], date(2026, 6, 1), 7)
    refresh_delinquency()
    yield made


def together(*verbs: Callable[[], Any]) -> None:
    raised = [answer for answer in at_once(*verbs) if isinstance(answer, Exception)]
    assert raised == []


def pay_and_refresh(loans: list[Any]) -> None:
    for loan in loans:
        record_payment(loan=loan, amount=Decimal(110))
        refresh_delinquency(loans=[loan.pk])


def test_refreshes_of_all_and_of_single_loans_at_once_leave_what_the_ledger_says(loans) -> None:
    together(
        lambda: pay_and_refresh(loans[:8]),
        lambda: pay_and_refresh(loans[4:12]),
        lambda: [refresh_delinquency() for _ in range(4)],
        lambda: refresh_delinquency(loans=[loan.pk for loan in reversed(loans)]),
    )

    assert list(figures_agree_with_ledger()) == []
    assert Delinquency.objects.filter(paid_amount=220).count() == 4


def test_two_refreshes_of_all_at_once_leave_one_row_per_loan(loans) -> None:
    Delinquency.objects.all().delete()

    together(refresh_delinquency, refresh_delinquency)

    assert Delinquency.objects.count() == 20
    assert list(figures_agree_with_ledger()) == []


def test_a_refresh_that_is_cut_off_changes_nothing_and_the_next_one_is_right(loans) -> None:
    record_payment(loan=loans[0], amount=Decimal(110))
    before = list(Delinquency.objects.order_by("loan_id").values())

    def cut_off() -> None:
        with pytest.raises(OperationalError), transaction.atomic():
            refresh_delinquency()
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    together(cut_off)

    assert list(Delinquency.objects.order_by("loan_id").values()) == before
    assert refresh_delinquency().updated == 1
    assert list(figures_agree_with_ledger()) == []


def test_a_small_refresh_does_not_wait_for_one_of_other_loans(loans) -> None:
    first, second = loans[0].pk, loans[1].pk
    with transaction.atomic():
        refresh_delinquency(loans=[first])  # held until the end of this transaction

        def refresh_another() -> None:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '2s'")
            refresh_delinquency(loans=[second])
            with pytest.raises(OperationalError, match="lock timeout"):
                refresh_delinquency(loans=[second, first])

        together(refresh_another)
