"""What each feature is, on a ledger small enough to compute by hand."""

from datetime import date

import numpy as np
import pytest

from borrowers.models import Borrower, Loan
from scoring.features.cases import Case, cases_at_approval
from scoring.features.definition import FEATURE_NAMES, FEATURES
from tests.factories import (
    at,
    make_borrower,
    make_contact,
    make_loan,
    make_payment,
    make_promise,
    make_reversal,
    make_schedule,
)
from tests.scoring.asking import features_of

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 30)


@pytest.fixture
def borrower() -> Borrower:
    return make_borrower()


@pytest.fixture
def loan(borrower: Borrower) -> Loan:
    """A loan of 1,200 in six instalments of 220, the fourth of which is unpaid since 15 May, and all that surrounds it."""
    loan = make_loan(
        borrower=borrower,
        approved_on=date(2026, 1, 15),
        instalments=[(date(2026, month, 15), 200, 20) for month in range(2, 8)],
        payments=[
            (date(2026, 2, 10), 220),
            (date(2026, 3, 25), 220),
            (date(2026, 4, 15), 100),
            (date(2026, 5, 5), 120),
            (date(2026, 6, 20), 132),
        ],
    )
    bounced = make_payment(loan, date(2026, 6, 1), 50)
    make_reversal(bounced, date(2026, 6, 2))

    make_contact(borrower, date(2026, 3, 1), outcome="refused")
    make_contact(borrower, date(2026, 5, 1), outcome="refused")
    make_contact(borrower, date(2026, 6, 1), channel="inbound", outcome="call_back")
    make_contact(borrower, date(2026, 6, 25), outcome="no_answer")
    make_promise(loan, made_on=date(2026, 5, 20), due_on=date(2026, 5, 30), amount=300)
    make_promise(loan, made_on=date(2026, 6, 18), due_on=date(2026, 6, 20), amount=132)
    make_promise(loan, made_on=date(2026, 6, 28), due_on=date(2026, 7, 5), amount=100)

    make_loan(  # settled five days late, its first instalment ten days late
        borrower=borrower,
        approved_on=date(2025, 6, 1),
        instalments=[(date(2025, 7, 1), 300, 30), (date(2025, 8, 1), 300, 30)],
        payments=[(date(2025, 7, 11), 330), (date(2025, 8, 6), 330)],
    )
    make_loan(  # settled three days early
        borrower=borrower,
        approved_on=date(2025, 9, 1),
        instalments=[(date(2025, 10, 1), 800, 80)],
        payments=[(date(2025, 9, 28), 880)],
    )
    make_loan(  # written off; the last one before the loan
        borrower=borrower,
        approved_on=date(2025, 11, 1),
        instalments=[(date(2025, 12, 1), 400, 20)],
        written_off_on=date(2026, 5, 1),
    )
    make_loan(  # open and twenty days late, younger than the loan
        borrower=borrower, approved_on=date(2026, 2, 1), instalments=[(date(2026, 6, 10), 500, 25)]
    )
    make_loan(  # open in another currency, nothing due yet
        borrower=borrower,
        approved_on=date(2026, 3, 1),
        instalments=[(date(2026, 7, 20), 90)],
        currency="EUR",
    )
    return loan


BY_HAND = {
    "days_past_due": 46,
    "instalments_past_due": 2,
    "overdue_ratio": 308 / 528,
    "principal_repaid_ratio": 1 - 488 / 1200,
    "days_since_last_payment": 10,
    "paid_to_due_30_ratio": 132 / 220,
    "paid_to_due_90_ratio": 352 / 660,
    "worst_days_late_180": 46,
    "late_instalments_ratio": 4 / 5,
    "reversals_180": 1,
    "days_on_book": 166,
    "remaining_days": 15,
    "term_days": 181,
    "instalments": 6,
    "interest_ratio": 0.1,
    "principal_amount": 1200,
    "contact_attempts_30": 1,
    "contact_attempts_90": 2,
    "right_party_contacts_90": 2,
    "promises_made_180": 3,
    "promises_broken_180": 1,
    "other_open_loans": 2,
    "other_overdue_amount": 420 + 525,
    "other_written_off_loans": 1,
    "settled_loans": 2,
    "mean_days_late_at_settlement": 1,
    "worst_days_late_at_settlement": 5,
    "last_days_late_at_settlement": -3,
    "late_settlement_ratio": 0.5,
    "mean_first_instalment_days_late": (10 - 3 + 211 + 20) / 4,
    "first_instalment_late_ratio": 0.75,
    "last_held_ratio": 27 / 30,
    "days_since_last_settlement": 275,
    "days_since_first_loan": 394,
    "days_between_approvals": 75,
    "principal_to_previous_ratio": 3,
    "interest_ratio_change": 0.05,
}


def test_every_feature_is_computed_by_hand_somewhere() -> None:
    assert set(BY_HAND) == set(FEATURE_NAMES)


@pytest.mark.parametrize("name", FEATURE_NAMES)
def test_feature_is_what_it_is_by_hand(loan: Loan, name: str) -> None:
    assert features_of(loan, DAY)[name] == float(np.float32(BY_HAND[name]))


def test_features_that_can_be_missing_are_missing_on_a_bare_loan_and_the_others_are_not() -> None:
    loan = make_loan(approved_on=date(2026, 6, 30), principal=100)

    features = features_of(loan, DAY)

    missing = {name for name, value in features.items() if value is None}
    # Known from the first day on, though nothing has been agreed: the loan is not past due.
    assert missing | {"days_past_due", "instalments_past_due"} == {f.name for f in FEATURES if f.may_be_missing}


def test_a_loan_that_was_not_known_yet_has_only_its_own_terms() -> None:
    loan = make_loan(approved_on=date(2026, 6, 1), instalments=[(date(2026, 7, 1), 100)])

    features = features_of(loan, date(2026, 5, 1))

    assert features["principal_amount"] == 100
    assert features["days_past_due"] is None
    assert features["interest_ratio"] is None


def test_a_broken_promise_counts_only_after_two_days_of_grace() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)])
    make_promise(loan, made_on=date(2026, 6, 10), due_on=date(2026, 6, 20), amount=100)

    assert features_of(loan, date(2026, 6, 22))["promises_broken_180"] == 0
    assert features_of(loan, date(2026, 6, 23))["promises_broken_180"] == 1


def test_a_promise_replaced_by_a_newer_one_is_not_broken() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)])
    make_promise(loan, made_on=date(2026, 6, 10), due_on=date(2026, 6, 20), amount=100)
    make_promise(loan, made_on=date(2026, 6, 15), due_on=date(2026, 7, 5), amount=100)

    assert features_of(loan, DAY)["promises_broken_180"] == 0


def test_a_reversal_unkeeps_a_promise_and_unsettles_an_instalment() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)])
    make_promise(loan, made_on=date(2026, 5, 25), due_on=date(2026, 6, 1), amount=100)
    payment = make_payment(loan, date(2026, 5, 30), 100)
    assert features_of(loan, DAY)["promises_broken_180"] == 0
    assert features_of(loan, DAY)["late_instalments_ratio"] == 0

    make_reversal(payment, date(2026, 6, 10))

    assert features_of(loan, DAY)["promises_broken_180"] == 1
    assert features_of(loan, DAY)["late_instalments_ratio"] == 1
    assert features_of(loan, DAY)["worst_days_late_180"] == 29


def test_an_instalment_counts_as_settled_from_the_payment_that_stands() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)])
    make_reversal(make_payment(loan, date(2026, 5, 30), 100), date(2026, 6, 2))
    make_payment(loan, date(2026, 6, 8), 100)

    assert features_of(loan, DAY)["worst_days_late_180"] == 7


def test_a_remainder_within_the_tolerance_settles_an_instalment() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100)], payments=[(date(2026, 5, 30), "99.5")], tolerance=1)

    assert features_of(loan, DAY)["late_instalments_ratio"] == 0


def test_a_corrected_contact_counts_once() -> None:
    borrower = make_borrower()
    loan = make_loan(borrower=borrower, instalments=[(date(2026, 6, 1), 100)])
    wrong = make_contact(borrower, date(2026, 6, 10), outcome="refused")
    make_contact(borrower, date(2026, 6, 10), outcome="no_answer", corrects=wrong)

    features = features_of(loan, DAY)

    assert features["contact_attempts_30"] == 1
    assert features["right_party_contacts_90"] == 0


def test_a_new_schedule_changes_what_was_agreed_from_its_day_on() -> None:
    loan = make_loan(approved_on=date(2026, 5, 1), instalments=[(date(2026, 6, 1), 100, 10)])
    make_schedule(loan, [(date(2026, 8, 1), 100, 30)], effective_on=date(2026, 6, 15), version=2)

    assert features_of(loan, date(2026, 6, 14))["days_past_due"] == 13
    after = features_of(loan, date(2026, 6, 15))
    assert after["days_past_due"] == 0
    assert after["interest_ratio"] == float(np.float32(0.3))
    assert after["term_days"] == 92


def test_fees_count_as_interest_in_what_a_loan_costs() -> None:
    loan = make_loan(instalments=[(date(2026, 6, 1), 100, 10, 5)])

    assert features_of(loan, DAY)["interest_ratio"] == float(np.float32(0.15))


def test_the_case_at_approval_knows_of_that_morning_and_not_of_that_evening() -> None:
    borrower = make_borrower()
    morning, evening = (
        make_loan(
            borrower=borrower,
            instalments=[(date(2026, 6, 1), 100)],
            payments=[(date(2026, 6, 10), 100, at(date(2026, 6, 10), hour))],
        )
        for hour in (9, 18)
    )
    loan = make_loan(
        borrower=borrower,
        approved_on=date(2026, 6, 10),
        approved_at=at(date(2026, 6, 10), 12),
        instalments=[(date(2026, 7, 10), 100)],
    )

    [case] = cases_at_approval([loan.pk])

    assert case == Case(loan.pk, date(2026, 6, 10), at(date(2026, 6, 10), 12))
    assert features_of(loan, case.as_of, known=case.known_at)["settled_loans"] == 1
    assert features_of(loan, case.as_of)["settled_loans"] == 2
    assert {morning.borrower_id, evening.borrower_id} == {borrower.pk}
