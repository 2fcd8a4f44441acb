"""Labels on hand-made ledgers, day by day at the edges of the window."""

from datetime import date, timedelta

import pytest

from borrowers.clock import set_business_date
from borrowers.models import Loan
from scoring.training.cases import LabelledCases, collect_at_approval, collect_over_time
from scoring.training.errors import NoCompleteWindow, UnknownAttribute
from tests.factories import at, make_borrower, make_loan, make_payment, make_reversal, make_schedule

DAY = date(2026, 1, 31)
HORIZON = 90
END = DAY + timedelta(days=HORIZON)  # 1 May

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_stand_after_the_window() -> None:
    set_business_date(day=date(2026, 6, 30), is_frozen=True)


def collect(purpose: str = "default", horizon_days: int = HORIZON) -> LabelledCases:
    return collect_over_time(purpose=purpose, at=[DAY], horizon_days=horizon_days)


def label_of(loan: Loan, **options: object) -> int | None:
    """Return the label of a loan on DAY, None where it is not in the population."""
    labelled = collect(**options)  # type: ignore[arg-type]
    return next((int(y) for case, y in zip(labelled.cases, labelled.y, strict=True) if case.loan_id == loan.pk), None)


def loan_due(due_on: date, **fields: object) -> Loan:
    """Make a loan with an instalment on a day and a last one long after."""
    return make_loan(instalments=[(due_on, 100), (date(2027, 1, 1), 100)], **fields)


def test_loan_that_goes_91_on_the_last_day_of_the_window_is_bad() -> None:
    assert label_of(loan_due(END - timedelta(days=91))) == 1


def test_loan_that_goes_91_a_day_after_the_window_is_good() -> None:
    assert label_of(loan_due(END - timedelta(days=90))) == 0


def test_loan_that_touches_91_inside_the_window_and_is_paid_the_next_day_is_bad() -> None:
    due = DAY - timedelta(days=60)
    reached = due + timedelta(days=91)
    assert label_of(loan_due(due, payments=[(reached + timedelta(days=1), 100)])) == 1


def test_loan_that_is_paid_on_the_day_it_would_go_91_is_good() -> None:
    due = DAY - timedelta(days=60)
    assert label_of(loan_due(due, payments=[(due + timedelta(days=91), 100)])) == 0


def test_loan_that_goes_91_again_because_a_payment_is_taken_back_is_bad() -> None:
    due = DAY - timedelta(days=60)
    loan = loan_due(due)
    payment = make_payment(loan, DAY + timedelta(days=10), 100)
    make_reversal(payment, DAY + timedelta(days=40))
    make_payment(loan, DAY + timedelta(days=41), 100)
    assert label_of(loan) == 1


def test_loan_paid_off_in_the_window_is_good() -> None:
    assert label_of(loan_due(DAY - timedelta(days=20), payments=[(DAY + timedelta(days=5), 200)])) == 0


def test_loan_written_off_in_the_window_is_bad_and_before_it_is_not_asked_about() -> None:
    due = DAY - timedelta(days=5)
    assert label_of(loan_due(due, written_off_on=END)) == 1
    assert label_of(loan_due(due, written_off_on=END + timedelta(days=1))) == 1  # it is 91+ by then anyway
    assert label_of(loan_due(DAY + timedelta(days=20), written_off_on=END + timedelta(days=1))) == 0
    assert label_of(loan_due(due, written_off_on=DAY)) is None


def test_loan_that_is_91_already_or_paid_off_or_not_yet_approved_is_not_asked_about() -> None:
    assert label_of(loan_due(DAY - timedelta(days=91))) is None
    assert label_of(loan_due(DAY - timedelta(days=90))) == 1
    assert label_of(loan_due(DAY - timedelta(days=9), payments=[(DAY, 200)])) is None
    assert label_of(loan_due(DAY + timedelta(days=40), approved_on=DAY + timedelta(days=1))) is None


def test_restructure_of_a_loan_in_arrears_is_bad_and_of_one_in_order_is_not() -> None:
    plan = [(date(2027, 1, 1), 200)]
    in_arrears, in_order, deferred = (loan_due(DAY + timedelta(days=n), approved_on=DAY) for n in (1, 60, 1))
    make_schedule(in_arrears, plan, effective_on=DAY + timedelta(days=20), version=2, reason="restructure")
    make_schedule(in_order, plan, effective_on=DAY + timedelta(days=20), version=2, reason="restructure")
    make_schedule(deferred, plan, effective_on=DAY + timedelta(days=20), version=2, reason="deferral")
    assert [label_of(loan) for loan in (in_arrears, in_order, deferred)] == [1, 0, 0]


def test_restructure_on_the_first_day_of_the_window_looks_at_the_observation_day() -> None:
    plan = [(date(2027, 1, 1), 200)]
    in_arrears, in_order = loan_due(DAY - timedelta(days=1)), loan_due(DAY + timedelta(days=9))
    for loan in (in_arrears, in_order):
        make_schedule(loan, plan, effective_on=DAY + timedelta(days=1), version=2, reason="re_age")
    assert [label_of(loan) for loan in (in_arrears, in_order)] == [1, 0]


def test_payment_booked_after_the_window_does_not_undo_a_label() -> None:
    due = DAY - timedelta(days=10)
    paid_in_time = DAY + timedelta(days=30)
    assert label_of(loan_due(due, payments=[(paid_in_time, 100, END)])) == 0
    assert label_of(loan_due(due, payments=[(paid_in_time, 100, END + timedelta(days=1))])) == 1


def test_payment_booked_after_the_observation_day_does_not_change_who_is_asked_about() -> None:
    loan = loan_due(DAY - timedelta(days=10), payments=[(DAY, 200, DAY + timedelta(days=1))])
    assert label_of(loan) == 0
    assert collect().segments.tolist() == ["1-30"]


def test_window_that_is_not_complete_is_left_out_and_named() -> None:
    loan_due(DAY + timedelta(days=9))
    late = date(2026, 6, 1)
    labelled = collect_over_time(purpose="default", at=[DAY, late], horizon_days=HORIZON)
    assert {case.as_of for case in labelled.cases} == {DAY}
    assert str(late) in labelled.warnings[0]
    with pytest.raises(NoCompleteWindow, match="2026-04-01"):
        collect_over_time(purpose="default", at=[late], horizon_days=HORIZON)


def test_window_that_ends_on_the_business_date_is_complete() -> None:
    set_business_date(day=END, is_frozen=True)
    assert label_of(loan_due(END - timedelta(days=91))) == 1


def test_monthly_days_are_the_month_ends_since_the_first_loan() -> None:
    loan_due(date(2026, 1, 20), approved_on=date(2025, 12, 5))
    labelled = collect_over_time(purpose="default", at="monthly", horizon_days=HORIZON)
    assert sorted({case.as_of.isoformat() for case in labelled.cases}) == [
        "2025-12-31",
        "2026-01-31",
        "2026-02-28",
        "2026-03-31",
    ]


def test_pays_30_asks_for_one_instalment_net_of_what_is_taken_back() -> None:
    due = DAY - timedelta(days=10)
    days_later = DAY + timedelta(days=7)
    full, part, on_last_day, too_late = (
        loan_due(due, payments=[(day, amount)])
        for day, amount in [
            (days_later, 100),
            (days_later, 99),
            (DAY + timedelta(days=30), 100),
            (DAY + timedelta(days=31), 100),
        ]
    )
    taken_back = loan_due(due)
    make_reversal(make_payment(taken_back, days_later, 100), days_later + timedelta(days=5))
    loans = [full, part, on_last_day, too_late, taken_back]
    assert [label_of(loan, purpose="pays_30", horizon_days=30) for loan in loans] == [1, 0, 1, 0, 0]


def test_pays_30_asks_for_no_more_than_is_outstanding() -> None:
    loan = make_loan(
        instalments=[(DAY - timedelta(days=10), 100)],
        payments=[(DAY - timedelta(days=9), 70), (DAY + timedelta(days=3), 30)],
    )
    assert label_of(loan, purpose="pays_30", horizon_days=30) == 1


def test_pays_30_is_asked_of_loans_in_arrears_or_due_within_the_window() -> None:
    in_arrears, due_soon, due_later = (loan_due(DAY + timedelta(days=n)) for n in (-100, 30, 31))
    assert [label_of(loan, purpose="pays_30", horizon_days=30) for loan in (in_arrears, due_soon, due_later)] == [
        0,
        0,
        None,
    ]


def test_attribute_is_asked_of_loans_that_have_it_as_known_at_approval() -> None:
    borrower = make_borrower()
    approved = date(2026, 3, 2)
    make_loan(borrower=borrower, attributes={"outcome": None})
    make_loan(borrower=borrower)
    morning = at(approved, 9)
    terms = {"borrower": borrower, "approved_on": approved, "approved_at": morning, "booked": morning}
    bad, good = (make_loan(attributes={"outcome": value}, **terms) for value in ("Bad", "Good"))
    labelled = collect_at_approval(attribute="outcome", bad="Bad")
    assert [(case.loan_id, case.as_of, case.known_at) for case in labelled.cases] == [
        (bad.pk, approved, morning),
        (good.pk, approved, morning),
    ]
    assert labelled.y.tolist() == [1, 0]
    assert labelled.purpose == "attribute:outcome"
    assert labelled.target["at"] == "approved_on"


def test_unknown_attribute_or_value_is_named_with_those_there_are() -> None:
    make_loan(attributes={"outcome": "Good", "branch": 7})
    with pytest.raises(UnknownAttribute, match="branch, outcome"):
        collect_at_approval(attribute="flag", bad="Bad")
    with pytest.raises(UnknownAttribute, match="Good"):
        collect_at_approval(attribute="outcome", bad="Bad")


def test_labels_agree_with_asking_every_single_day(seeded_books: None) -> None:
    """The few days that the query asks about stand for all days of the window."""
    from django.db import connection

    labelled = collect_over_time(purpose="default", at=[date(2026, 1, 31), date(2026, 2, 28)], horizon_days=100)
    ever = {}
    for case, y in zip(labelled.cases, labelled.y, strict=True):
        ever.setdefault(case.as_of, {})[case.loan_id] = int(y)
    for day, labels in ever.items():
        end = day + timedelta(days=100)
        with connection.cursor() as cursor:
            cursor.execute(
                """
                SELECT figure.loan_id, bool_or(figure.days_past_due >= 91 OR figure.bucket = 'written_off')
                FROM (
                    SELECT array_agg(loan.id) AS loans, array_agg(day::date) AS days
                    FROM borrowers_loan AS loan
                    CROSS JOIN generate_series(%s::date + 1, %s::date, interval '1 day') AS day
                ) AS wanted
                CROSS JOIN LATERAL delinquency_of(
                    wanted.loans, wanted.days,
                    array_fill((%s::date + 1)::timestamptz - interval '1 microsecond', ARRAY[cardinality(wanted.loans)])
                ) AS figure
                GROUP BY figure.loan_id
                """,
                [day, end, end],
            )
            reached = dict(cursor.fetchall())
            cursor.execute(
                "SELECT DISTINCT loan_id FROM borrowers_scheduleversion WHERE reason IN ('restructure', 're_age') "
                "AND effective_on > %s AND effective_on <= %s",
                [day, end],
            )
            conceded = {loan_id for (loan_id,) in cursor.fetchall()}
        compared = {loan_id: y for loan_id, y in labels.items() if loan_id not in conceded}
        assert compared == {loan_id: int(reached[loan_id]) for loan_id in compared}
        assert sum(compared.values()) >= 5
