"""A month end stays what it was: drawn in time, drawn late, and whatever is entered afterwards for days before it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from borrowers.models import Loan, MonthEndSnapshot
from borrowers.services import refresh_delinquency, set_business_date
from tests.factories import (
    make_borrower,
    make_charge,
    make_event,
    make_loan,
    make_payment,
    make_reversal,
    make_schedule,
    make_snapshot,
    make_waiver,
)

pytestmark = pytest.mark.django_db

MONTH_END, BEFORE, LATER = date(2026, 5, 31), date(2026, 5, 20), date(2026, 6, 10)
FIGURES = [field.name for field in MonthEndSnapshot._meta.get_fields() if field.name not in ("id", "loan")]
PLAN = [(date(2026, month, 5), 100, 10) for month in range(3, 9)]


@pytest.fixture
def loan(db: None) -> Loan:
    set_business_date(day=MONTH_END)
    loan = make_loan(
        borrower=make_borrower(), instalments=PLAN, payments=[(date(2026, 3, 5), 60)], approved_on=date(2026, 2, 2)
    )
    make_charge(loan, date(2026, 4, 1), 5)
    return loan


@pytest.fixture
def snapshot_loan(loan: Loan) -> Loan:
    other = make_loan(principal=500, approved_on=date(2026, 2, 2), bookkeeping="snapshots")
    make_snapshot(other, BEFORE, 31, outstanding_amount=400)
    return other


LATE_ENTRIES: dict[str, Callable[[Loan], Any]] = {
    "a payment": lambda loan: make_payment(loan, BEFORE, 500, booked=LATER),
    "a reversal": lambda loan: make_reversal(loan.payments.get(), BEFORE, booked=LATER),
    "a pending payment": lambda loan: make_payment(loan, BEFORE, 50, status="pending", booked=LATER),
    "a charge": lambda loan: make_charge(loan, BEFORE, 25, booked=LATER),
    "a waiver": lambda loan: make_waiver(loan.charges.get(), BEFORE, booked=LATER),
    "a schedule": lambda loan: make_schedule(
        loan, [(date(2026, 9, 1), 600)], version=2, effective_on=BEFORE, booked=LATER
    ),
    "a write-off": lambda loan: make_event(loan, BEFORE, "written_off", booked=LATER),
}


def kept(loan: Loan) -> dict[str, Any]:
    return MonthEndSnapshot.objects.filter(loan=loan, as_of=MONTH_END).values(*FIGURES).get()


@pytest.mark.parametrize("what", LATE_ENTRIES)
def test_late_entry_leaves_the_month_end_that_was_drawn(loan: Loan, what: str) -> None:
    refresh_delinquency()
    before = kept(loan)

    LATE_ENTRIES[what](loan)
    set_business_date(day=LATER)
    refresh_delinquency()

    assert kept(loan) == before


@pytest.mark.parametrize("what", LATE_ENTRIES)
def test_month_end_drawn_late_is_what_it_would_have_been_in_time(loan: Loan, what: str) -> None:
    in_time = make_loan(
        instalments=PLAN, payments=[(date(2026, 3, 5), 60)], approved_on=date(2026, 2, 2), borrower=loan.borrower
    )
    make_charge(in_time, date(2026, 4, 1), 5)
    LATE_ENTRIES[what](loan)
    set_business_date(day=LATER)

    refresh_delinquency()

    assert kept(loan) == kept(in_time)


def test_late_snapshot_of_the_lender_leaves_the_month_end(snapshot_loan: Loan) -> None:
    make_snapshot(snapshot_loan, MONTH_END, 0, outstanding_amount=0, booked=LATER)
    set_business_date(day=LATER)
    refresh_delinquency()

    row = kept(snapshot_loan)
    assert (row["days_past_due"], row["measured_on"], row["overdue_amount"]) == (31, BEFORE, None)
