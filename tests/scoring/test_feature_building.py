"""Vectors are kept once, come out as they went in, and are the same in whatever company they are asked for."""

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.models import Loan
from borrowers.services import end_of_day, known_at
from scoring.errors import UnknownLoans
from scoring.features.cases import Case
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET, FEATURES
from scoring.features.services import build_features, build_matrix, write_vectors
from scoring.models import FeatureVector
from tests.factories import make_borrower, make_loan, make_payment

DAY = date(2026, 6, 30)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("frozen_day")]


@pytest.fixture
def loans() -> list[Loan]:
    """Eight loans of three borrowers, in several states."""
    borrowers = [make_borrower() for _ in range(3)]
    return [
        make_loan(
            borrower=borrowers[number % 3],
            approved_on=date(2026, 1, 1) + timedelta(days=9 * number),
            instalments=[(date(2026, 3 + k, 1 + number), 100 + number, Decimal("3.33")) for k in range(4)],
            payments=[(date(2026, 3 + k, 2 + 2 * number), 90 + 5 * number) for k in range(number // 2)],
        )
        for number in range(8)
    ]


def test_names_are_unique_and_every_definition_says_what_it_is() -> None:
    assert len(set(FEATURE_NAMES)) == len(FEATURES)
    assert all(feature.unit and feature.window and feature.description.endswith(".") for feature in FEATURES)


def test_a_case_gives_the_same_bytes_alone_and_in_company(loans: list[Loan]) -> None:
    cases = [
        Case(loan.pk, day, end_of_day(day))
        for day in (date(2026, 5, 1), DAY, date(2026, 3, 15))
        for loan in reversed(loans)
    ]

    together = build_matrix(cases)

    assert together.values.dtype == np.float32
    assert together.values.shape == (24, len(FEATURE_NAMES))
    assert together.loan_ids.tolist() == [case.loan_id for case in cases]
    assert [day.item() for day in together.as_ofs] == [case.as_of for case in cases]
    for row, case in zip(together.values, cases, strict=True):
        assert build_matrix([case]).values.tobytes() == row.tobytes()


def test_the_same_case_may_be_asked_twice(loans: list[Loan]) -> None:
    case = Case(loans[3].pk, DAY, end_of_day(DAY))

    first, second = build_matrix([case, case]).values

    assert first.tobytes() == second.tobytes()


def test_training_and_scoring_get_the_same_bytes(loans: list[Loan]) -> None:
    known = known_at(as_of=DAY)
    cases = [Case(loan.pk, DAY, known) for loan in loans]

    write_vectors(cases)

    trained_on = build_matrix(cases).values
    for loan, row in zip(loans, trained_on, strict=True):
        kept = FeatureVector.objects.get(loan=loan)
        assert np.array(kept.values, dtype=np.float32).tobytes() == row.tobytes()
        assert [None if np.isnan(value) else float(value) for value in row] == kept.values


def test_building_again_writes_nothing(loans: list[Loan]) -> None:
    first = build_features()
    second = build_features()

    assert (first.n_loans, first.written) == (8, 8)
    assert (second.written, second.unchanged) == (0, 8)
    assert "8 loans, 8 vectors written" in first.summary()
    assert first.as_json()["feature_set"] == FEATURE_SET


def test_a_change_writes_the_vectors_that_it_changes_and_keeps_the_old_ones(loans: list[Loan]) -> None:
    build_features()

    make_payment(loans[0], DAY, 20)  # the borrower has three loans, each of which sees the others

    report = build_features()
    assert report.written == 3
    assert FeatureVector.objects.filter(loan=loans[0]).count() == 2


def test_loans_that_owe_nothing_are_left_out_unless_named(loans: list[Loan]) -> None:
    paid = make_loan(instalments=[(date(2026, 6, 1), 100)], payments=[(date(2026, 6, 1), 100)])

    assert build_features().n_loans == 8
    assert build_features(loans=[paid.pk]).written == 1


def test_a_loan_that_is_not_on_the_books_is_refused_rather_than_shifting_rows() -> None:
    with pytest.raises(UnknownLoans):
        build_matrix([Case(10**9, DAY, end_of_day(DAY))])


def test_no_cases_make_an_empty_matrix() -> None:
    assert build_matrix([]).values.shape == (0, len(FEATURE_NAMES))


def test_a_thousand_cases_cost_one_query(loans: list[Loan], django_assert_num_queries: object) -> None:
    cases = [Case(loan.pk, DAY, end_of_day(DAY)) for loan in loans] * 125

    with django_assert_num_queries(1):  # type: ignore[operator]
        build_matrix(cases)


@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"])
@pytest.mark.parametrize("table", ["scoring_featurevector", "scoring_score", "scoring_modelversion"])
def test_raw_sql_cannot_change_history(table: str, sql: str) -> None:
    with (
        pytest.raises(IntegrityError, match="never changed"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))
