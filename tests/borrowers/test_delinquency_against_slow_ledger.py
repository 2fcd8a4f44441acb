"""The database's figures are those of a slow, independent ledger, on 2,000 random ones and on as many days and instants each.

Ledgers are asked in batches, one query each, which is what makes 2,000 affordable; a failing batch shrinks to one ledger.
LEDGERS=20000 asks for more of them, drawn anew; LEDGERS=400 for fewer.
"""

import os
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borrowers.models import Loan
from tests.borrowers.asking import ask
from tests.borrowers.random_ledgers import (
    Books,
    accounts,
    days_to_ask,
    instalment_loans,
    instants,
    loans_of_one_order,
    plain_loans,
    stated_loans,
)
from tests.borrowers.slow_ledger import Ledger, compute, count_default_days

BATCH = 10
DAYS = 3
LEDGERS = int(os.environ.get("LEDGERS", "2000"))

pytestmark = pytest.mark.django_db


def random_ledgers(share: float) -> Any:
    """Return the settings of a test that takes its share of the random ledgers."""
    return settings(
        max_examples=max(1, round(LEDGERS * share / BATCH)),
        deadline=None,
        derandomize=LEDGERS <= 2000,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def batches(ledgers: st.SearchStrategy[Ledger]) -> Any:
    return st.lists(ledgers, min_size=BATCH, max_size=BATCH)


@pytest.fixture
def books(db: None) -> Books:
    return Books()


def draw_cases(
    data: st.DataObject, ledgers: list[Ledger], loans: list[Loan]
) -> list[tuple[Ledger, Loan, date, datetime]]:
    cases = []
    for ledger, loan in zip(ledgers, loans, strict=True):
        for _ in range(DAYS):
            day = data.draw(days_to_ask(ledger))
            cases.append((ledger, loan, day, data.draw(instants(day, latest=60))))
    return cases


def assert_same(cases: list[tuple[Ledger, Loan, date, datetime]]) -> None:
    answered = {}
    for row in ask(*[case[1:] for case in cases]):
        answered[row.pop("loan_id"), row.pop("as_of"), row.pop("known_at")] = row
    for ledger, loan, day, known in cases:
        assert answered.get((loan.pk, day, known)) == compute(ledger, day, known), (ledger, day, known)


@random_ledgers(0.5)
@given(ledgers=batches(instalment_loans()), data=st.data())
def test_figures_of_instalment_loans_are_those_of_the_slow_ledger(
    books: Books, ledgers: list[Ledger], data: st.DataObject
) -> None:
    assert_same(draw_cases(data, ledgers, books.enter(ledgers)))


@random_ledgers(0.2)
@given(ledgers=batches(accounts() | stated_loans()), data=st.data())
def test_figures_of_accounts_and_snapshots_are_those_of_the_slow_ledger(
    books: Books, ledgers: list[Ledger], data: st.DataObject
) -> None:
    assert_same(draw_cases(data, ledgers, books.enter(ledgers)))


@random_ledgers(0.3)
@given(
    ledgers=batches(plain_loans() | loans_of_one_order() | loans_of_one_order() | instalment_loans()), data=st.data()
)
def test_figures_of_a_day_are_those_of_the_slow_ledger_whichever_way_they_are_found(
    books: Books, ledgers: list[Ledger], data: st.DataObject
) -> None:
    loans = books.enter(ledgers)
    for _ in range(DAYS):
        day = data.draw(days_to_ask(data.draw(st.sampled_from(ledgers))))
        known = data.draw(instants(day, latest=60))
        answered = ask_as_of(day, known, loans)
        for ledger, loan in zip(ledgers, loans, strict=True):
            assert answered.get(loan.pk) == compute(ledger, day, known), (ledger, day, known)


def ask_as_of(day: date, known: datetime, loans: list[Loan]) -> dict[int, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM delinquency_as_of(%s, %s, %s::bigint[])", [day, known, [loan.pk for loan in loans]]
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in rows:
        assert (row.pop("as_of"), row.pop("known_at")) == (day, known)
    return {row.pop("loan_id"): row for row in rows}


@random_ledgers(0.05)
@given(ledgers=batches(instalment_loans() | accounts() | stated_loans()), data=st.data())
def test_default_days_are_those_counted_day_by_day(books: Books, ledgers: list[Ledger], data: st.DataObject) -> None:
    cases = [case for case in draw_cases(data, ledgers, books.enter(ledgers)) if compute(case[0], *case[2:])]
    absolute, ratio = Decimal(50), Decimal("0.2")

    counted = dict(ask_default_days(cases, absolute, ratio))

    for ledger, loan, day, known in cases:
        expected = count_default_days(ledger, day, known, absolute=absolute, ratio=ratio)
        assert counted[loan.pk, day, known] == expected, (ledger, day, known)


def ask_default_days(
    cases: list[tuple[Ledger, Loan, date, datetime]], absolute: Decimal, ratio: Decimal
) -> Iterator[tuple[tuple[int, date, datetime], int | None]]:
    if not cases:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT loan_id, as_of, known_at, default_days "
            "FROM default_days_of(%s::bigint[], %s::date[], %s::timestamptz[], %s, %s)",
            [[case[1].pk for case in cases], [case[2] for case in cases], [case[3] for case in cases], absolute, ratio],
        )
        for *case, days in cursor.fetchall():
            yield tuple(case), days
