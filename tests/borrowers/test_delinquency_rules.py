"""What counts as past due: one row per rule."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from borrowers.clock import end_of_day
from borrowers.models import Bucket, Loan
from borrowers.querysets import OWING_BUCKETS
from tests.borrowers.asking import ask, figures
from tests.factories import at, make_borrower, make_loan, make_payment, make_reversal, make_schedule

pytestmark = pytest.mark.django_db

THREE = [
    (date(2026, 1, 31), "100", "10", "2"),
    (date(2026, 2, 28), "100", "8", "2"),
    (date(2026, 3, 31), "100", "6", "2"),
]
FIRST, SECOND = Decimal(112), Decimal(110)


def loan_with(payments: list[tuple[Any, ...]] = (), **fields: Any) -> Loan:
    return make_loan(instalments=THREE, payments=payments, approved_on=date(2026, 1, 2), **fields)


@pytest.mark.parametrize(
    ("payments", "day", "days", "bucket", "overdue", "unpaid"),
    [
        pytest.param([], date(2026, 1, 30), 0, "current", 0, 0, id="not yet due"),
        pytest.param([], date(2026, 1, 31), 0, "current", 0, 0, id="on the due date"),
        pytest.param([], date(2026, 2, 1), 1, "1-30", 112, 1, id="the day after"),
        pytest.param([], date(2026, 3, 2), 30, "1-30", 222, 2, id="thirty days"),
        pytest.param([], date(2026, 3, 3), 31, "31-60", 222, 2, id="thirty-one days"),
        pytest.param([], date(2026, 4, 1), 60, "31-60", 330, 3, id="sixty days"),
        pytest.param([], date(2026, 4, 2), 61, "61-90", 330, 3, id="sixty-one days"),
        pytest.param([], date(2026, 5, 1), 90, "61-90", 330, 3, id="ninety days"),
        pytest.param([], date(2026, 5, 2), 91, "91+", 330, 3, id="ninety-one days"),
        pytest.param([(date(2026, 1, 31), 112)], date(2026, 2, 28), 0, "current", 0, 0, id="paid on time"),
        pytest.param([(date(2026, 1, 20), 112)], date(2026, 2, 10), 0, "current", 0, 0, id="paid early"),
        pytest.param(
            [(date(2026, 2, 9), 112)], date(2026, 2, 8), 8, "1-30", 112, 1, id="the day before the late payment"
        ),
        pytest.param([(date(2026, 2, 9), 112)], date(2026, 2, 9), 0, "current", 0, 0, id="the day of the late payment"),
        pytest.param([(date(2026, 1, 31), 100)], date(2026, 2, 5), 5, "1-30", 12, 1, id="paid in part"),
        pytest.param(
            [(date(2026, 1, 31), 60), (date(2026, 2, 3), 52)], date(2026, 2, 5), 0, "current", 0, 0, id="paid in two"
        ),
        pytest.param(
            [(date(2026, 3, 1), 112)], date(2026, 3, 10), 10, "1-30", 110, 1, id="the oldest is settled first"
        ),
        pytest.param([(date(2026, 1, 31), 222)], date(2026, 3, 10), 0, "current", 0, 0, id="the second paid ahead"),
        pytest.param([(date(2026, 1, 31), 330)], date(2026, 3, 10), 0, "paid_off", 0, 0, id="all paid at once"),
        pytest.param([(date(2026, 1, 31), 400)], date(2026, 9, 1), 0, "paid_off", 0, 0, id="more than all paid"),
        pytest.param([(date(2026, 1, 31), 329)], date(2026, 4, 5), 5, "1-30", 1, 1, id="one short of all"),
    ],
)
def test_days_past_due_run_from_the_oldest_unpaid_instalment(
    payments: list, day: date, days: int, bucket: str, overdue: int, unpaid: int
) -> None:
    row = figures(loan_with(payments), day)

    assert (row["days_past_due"], row["bucket"], row["overdue_amount"], row["instalments_past_due"]) == (
        days, bucket, overdue, unpaid,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("paid", "days", "overdue"), [("111.00", 0, 0), ("110.99", 5, "1.01"), ("111.50", 0, 0), ("112.00", 0, 0)]
)
def test_remainder_within_tolerance_counts_as_paid(paid: str, days: int, overdue: object) -> None:
    loan = loan_with([(date(2026, 1, 31), paid)], tolerance=1)

    row = figures(loan, date(2026, 2, 5))

    assert row["days_past_due"] == days
    assert row["overdue_amount"] == Decimal(str(overdue))
    assert row["outstanding_amount"] == 330 - Decimal(paid)


def test_paying_the_overdue_amount_makes_a_loan_within_tolerance_current() -> None:
    loan = loan_with([(date(2026, 1, 31), "111.20")], tolerance=1)
    day = date(2026, 3, 10)
    make_payment(loan, day, figures(loan, day)["overdue_amount"])

    assert figures(loan, day)["bucket"] == "current"


def test_principal_is_settled_last_inside_an_instalment() -> None:
    row = figures(loan_with([(date(2026, 1, 31), 20)]), date(2026, 2, 10))

    assert row["overdue_amount"] == 92
    assert row["overdue_principal_amount"] == 92  # 12 of the 20 went to fee and interest
    assert row["outstanding_principal_amount"] == 292
    assert row["outstanding_amount"] == 310


def test_next_due_is_the_first_unpaid_remainder_from_the_day_on() -> None:
    loan = loan_with([(date(2026, 1, 31), 150)])

    assert figures(loan, date(2026, 2, 28))["next_due_on"] == date(2026, 2, 28)
    assert figures(loan, date(2026, 2, 28))["next_due_amount"] == 72
    assert figures(loan, date(2026, 3, 1))["next_due_on"] == date(2026, 3, 31)
    assert figures(loan, date(2026, 4, 1))["next_due_on"] is None


def test_payment_of_tomorrow_does_not_count_today() -> None:
    loan = loan_with([(date(2026, 2, 11), 112)])

    assert figures(loan, date(2026, 2, 10), known=end_of_day(date(2026, 3, 1)))["days_past_due"] == 10


def test_late_booked_payment_was_not_known_on_the_day() -> None:
    loan = loan_with([(date(2026, 1, 31), 112, date(2026, 2, 12))])
    day = date(2026, 2, 10)

    assert figures(loan, day)["days_past_due"] == 10
    assert figures(loan, day, known=end_of_day(date(2026, 2, 12)))["days_past_due"] == 0


def test_reversal_brings_the_debt_back_from_its_own_day() -> None:
    loan = loan_with([(date(2026, 1, 31), 112)])
    make_reversal(loan.payments.get(), date(2026, 2, 4), booked=date(2026, 2, 6))

    assert figures(loan, date(2026, 2, 3))["days_past_due"] == 0
    assert figures(loan, date(2026, 2, 4))["days_past_due"] == 0, "the reversal was not known yet"
    assert figures(loan, date(2026, 2, 6))["days_past_due"] == 6
    assert figures(loan, date(2026, 2, 4), known=end_of_day(date(2026, 2, 6)))["days_past_due"] == 4


def test_last_payment_is_one_that_still_stands() -> None:
    loan = loan_with([(date(2026, 1, 31), 50), (date(2026, 2, 2), 20), (date(2026, 2, 2), 30)])
    make_reversal(loan.payments.get(amount=30), date(2026, 2, 5))

    before, after = figures(loan, date(2026, 2, 4)), figures(loan, date(2026, 2, 5))

    assert (before["last_paid_on"], before["last_paid_amount"], before["paid_amount"]) == (date(2026, 2, 2), 30, 100)
    assert (after["last_paid_on"], after["last_paid_amount"], after["paid_amount"]) == (date(2026, 2, 2), 20, 70)


def test_only_the_schedule_in_force_counts_once_it_is_known() -> None:
    loan = loan_with()
    make_schedule(
        loan,
        [(date(2026, 6, 30), 150, 12), (date(2026, 7, 31), 150, 12)],
        version=2,
        effective_on=date(2026, 3, 15),
        booked=date(2026, 3, 20),
    )

    assert figures(loan, date(2026, 3, 14))["days_past_due"] == 42
    assert figures(loan, date(2026, 3, 19))["days_past_due"] == 47
    restructured = figures(loan, date(2026, 3, 20))
    assert (restructured["days_past_due"], restructured["next_due_on"]) == (0, date(2026, 6, 30))
    assert restructured["outstanding_amount"] == 324


def test_the_highest_version_wins_even_where_it_begins_earlier() -> None:
    loan = loan_with()
    make_schedule(loan, [(date(2026, 9, 1), 300)], version=2, effective_on=date(2026, 3, 1))
    make_schedule(loan, [(date(2026, 8, 1), 300)], version=3, effective_on=date(2026, 2, 20), booked=date(2026, 3, 5))

    assert figures(loan, date(2026, 3, 4))["next_due_on"] == date(2026, 9, 1)
    assert figures(loan, date(2026, 3, 5))["next_due_on"] == date(2026, 8, 1)


def test_written_off_loan_keeps_its_days_past_due() -> None:
    loan = loan_with(written_off_on=date(2026, 6, 1))

    assert figures(loan, date(2026, 5, 31))["bucket"] == "91+"
    written_off = figures(loan, date(2026, 6, 1))
    assert (written_off["bucket"], written_off["days_past_due"]) == ("written_off", 121)


def test_loan_is_absent_before_its_approval_and_before_it_was_booked() -> None:
    loan = loan_with(booked=date(2026, 1, 5))

    assert ask((loan, date(2026, 1, 1), at(date(2026, 6, 1)))) == []
    assert ask((loan, date(2026, 1, 4), end_of_day(date(2026, 1, 4)))) == []
    assert len(ask((loan, date(2026, 1, 5), end_of_day(date(2026, 1, 5))))) == 1


def test_loan_without_a_schedule_owes_nothing_and_is_not_paid_off() -> None:
    row = figures(make_loan(approved_on=date(2026, 1, 2)), date(2026, 3, 1))

    assert (row["bucket"], row["outstanding_amount"]) == ("current", 0)


@pytest.mark.parametrize(
    ("due", "day", "days"),
    [
        (date(2024, 2, 29), date(2024, 3, 1), 1),
        (date(2024, 2, 28), date(2024, 3, 1), 2),
        (date(2026, 2, 28), date(2026, 3, 1), 1),
        (date(2025, 12, 31), date(2026, 1, 31), 31),
        (date(2024, 2, 29), date(2025, 2, 28), 365),
    ],
)
def test_days_are_calendar_days_over_month_ends_and_leap_days(due: date, day: date, days: int) -> None:
    assert figures(make_loan(instalments=[(due, 100)]), day)["days_past_due"] == days


def test_skipping_a_bucket_shows_in_the_count_of_instalments() -> None:
    loan = loan_with()

    assert figures(loan, date(2026, 2, 28))["days_past_due"] == 28
    march = figures(loan, date(2026, 3, 31))
    assert (march["days_past_due"], march["instalments_past_due"]) == (59, 2)


def test_the_same_loan_can_be_asked_for_many_days_at_once() -> None:
    loan, other = loan_with(), loan_with(borrower=make_borrower())
    day = date(2026, 2, 10)

    rows = ask(*[(each, on, end_of_day(on)) for each in (loan, other) for on in (day, day, date(2026, 4, 1))])

    assert sorted((row["loan_id"], row["days_past_due"]) for row in rows) == sorted(
        (each.pk, days) for each in (loan, other) for days in (10, 10, 60)
    )


def test_delinquency_as_of_takes_all_loans_or_some() -> None:
    loans = [loan_with(), loan_with()]
    with connection.cursor() as cursor:
        for wanted, expected in ((None, 2), ([loans[0].pk], 1), ([], 0)):
            cursor.execute(
                "SELECT count(*) FROM delinquency_as_of(%s, %s, %s::bigint[])",
                [date(2026, 2, 10), end_of_day(date(2026, 2, 10)), wanted],
            )
            assert cursor.fetchone()[0] == expected


def test_the_database_names_buckets_as_the_model_does() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT bucket_of(days) FROM generate_series(0, 120) AS days")
        named = {name for (name,) in cursor.fetchall()}

    assert named == {bucket for bucket in Bucket.values if bucket in OWING_BUCKETS}
