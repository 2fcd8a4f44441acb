"""Blocks of the simulated lender: the same whatever the order, and following their parameters as docs/simulation.md says."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from borrowers.models import Borrower, ContactEvent, Loan, Payment
from borrowers.simulation.blocks import Block, plan_blocks, simulate_block
from borrowers.simulation.charges import RETURN_FEE
from borrowers.simulation.contacting import PROMISE, REACHED
from borrowers.simulation.copying import copy_chunk, encode
from borrowers.simulation.entries import CARD, DIRECT_DEBIT
from borrowers.simulation.lending import make_calendar
from borrowers.simulation.moments import instants
from borrowers.simulation.parameters import Parameters
from tests.factories import make_borrower, make_loan, make_payment

TODAY = int(np.datetime64("2026-06-30").astype(np.int64))


def simulate(parameters: Parameters | None = None, *, loans: int = 3000, number: int = 0) -> Block:
    parameters = parameters or Parameters()
    plan = plan_blocks(loans=loans, seed=5, parameters=parameters)[number]
    return simulate_block(plan, calendar=make_calendar(as_of=TODAY, months=12), n_teams=2, parameters=parameters)


def behaving(**changes: Any) -> Parameters:
    return Parameters(behaviour=replace(Parameters().behaviour, **changes))


def paid_cents_per_loan(block: Block) -> float:
    return float(block.history.payments[2].sum()) / len(block.loans)


def test_a_block_does_not_depend_on_those_before_it() -> None:
    parameters = Parameters(loans_a_block=50)
    plans = plan_blocks(loans=170, seed=5, parameters=parameters)
    alone = simulate(parameters, loans=170, number=3)
    in_turn = [simulate(parameters, loans=170, number=number) for number in (1, 0, 3)][-1]

    assert [len(plan.borrower) for plan in plans] == [50, 50, 50, 20]
    assert [plan.first_loan for plan in plans] == [0, 50, 100, 150]
    assert [plan.first_borrower for plan in plans[1:]] == list(np.cumsum([plan.n_borrowers for plan in plans])[:-1])
    for mine, other in zip(alone.history.payments, in_turn.history.payments, strict=True):
        assert np.array_equal(mine, other)


def test_blocks_are_not_copies_of_each_other() -> None:
    parameters = Parameters(loans_a_block=50)
    first, second = (simulate(parameters, loans=100, number=number) for number in (0, 1))

    assert not np.array_equal(first.loans.principal, second.loans.principal)


@pytest.mark.parametrize(
    ("changes", "factor"),
    [
        ({"job_loss": 0.10}, 0.93),  # more people out of work
        ({"takes_less": 1.0, "lower_income": (0.2, 0.3), "income_recovery": 0.0, "job_loss": 0.05}, 0.96),
        ({"by_shock": 3.0}, 0.97),
        ({"base": 2.0}, 0.92),
    ],
)
def test_less_ability_or_willingness_means_less_is_paid(changes: dict[str, Any], factor: float) -> None:
    assert paid_cents_per_loan(simulate(behaving(**changes))) < factor * paid_cents_per_loan(simulate())


def test_lower_income_after_work_was_found_again_is_felt() -> None:
    """The same people lose and find work; only what they then earn differs."""
    churn = {"job_loss": 0.10, "job_found": 0.50, "income_recovery": 0.0}
    as_before = simulate(behaving(**churn, takes_less=0.0))
    less = simulate(behaving(**churn, takes_less=1.0, lower_income=(0.3, 0.4)))

    assert paid_cents_per_loan(less) < 0.98 * paid_cents_per_loan(as_before)


def test_nobody_is_called_when_no_attempts_are_made() -> None:
    block = simulate(behaving(attempt=(0.0,) * 5, asks_for_help=0.0))

    assert len(block.history.contacts[0]) == len(block.history.promises[0]) == 0


def test_calls_bring_money_in() -> None:
    silent = behaving(attempt=(0.0,) * 5)
    busy = behaving(attempt=(0.0,) + (0.9,) * 4, reach=0.8, kept=3.0)

    assert paid_cents_per_loan(simulate(busy)) > 1.02 * paid_cents_per_loan(simulate(silent))


def test_borrowers_are_reached_as_often_as_the_parameter_says() -> None:
    _, _, channel, outcome = simulate(loans=20_000).history.contacts
    calls = channel == 0
    reached = np.isin(outcome[calls], REACHED)

    assert abs(reached.mean() - Parameters().behaviour.reach) < 0.05
    assert 0.35 < (outcome[calls][reached] == PROMISE).mean() < 0.47


def test_returns_come_as_often_as_the_parameter_says() -> None:
    none = simulate(behaving(returned=0.0, in_steps=0.0)).history.payments
    many = simulate(behaving(returned=0.10, in_steps=0.0)).history.payments

    assert (none[5] >= 0).sum() == 0
    assert 0.08 < (many[5] >= 0).sum() / (many[5] < 0).sum() < 0.14


@pytest.mark.parametrize(("share", "low", "high"), [(0.0, 0.0, 0.0), (0.06, 0.04, 0.08), (1.0, 0.75, 1.0)])
def test_payments_come_in_steps_as_often_as_the_parameter_says(share: float, low: float, high: float) -> None:
    loan, _, _, channel, _, reverses, _, follows = simulate(behaving(in_steps=share)).history.payments
    electronic = (channel == DIRECT_DEBIT) | (channel == CARD)
    in_steps = np.isin(np.arange(len(loan)), follows)

    assert low <= in_steps.sum() / (electronic & (reverses < 0) & (follows < 0)).sum() <= high


def test_late_fees_follow_lateness_and_price() -> None:
    free = replace(Parameters(), products=tuple(replace(p, late_fee_cents=0) for p in Parameters().products))
    usual, careless = (len(simulate(p).history.charges[0]) for p in (Parameters(), behaving(base=2.0)))

    assert careless > 1.3 * usual > 0
    assert set(simulate(free).history.charges[3]) == {RETURN_FEE}


def test_two_who_share_a_loan_pay_more_of_it() -> None:
    alone, together = (
        paid_cents_per_loan(
            simulate(replace(Parameters(), shares_household=0.6, co_borrowers=1.0, by_co_borrower=effect))
        )
        for effect in (0.0, 2.0)
    )

    assert together > 1.01 * alone


def test_products_are_lent_in_their_shares() -> None:
    block = simulate(loans=20_000)
    shares = np.bincount(block.loans.product) / len(block.loans)

    assert np.allclose(shares, [product.share for product in Parameters().products], atol=0.015)


@pytest.mark.parametrize("zone", ["America/New_York", "America/Phoenix", "Asia/Kolkata"])
@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 8), date(2026, 11, 1), date(2024, 2, 29)])
def test_instants_are_those_of_the_zone(day: date, zone: str) -> None:
    number = int(np.datetime64(day).astype(np.int64))
    (instant,) = instants(np.array([number]), np.array([9 * 3600 + 61]), np.array([1]), zones=["UTC", zone])

    assert instant == datetime(day.year, day.month, day.day, 9, 1, 1, tzinfo=ZoneInfo(zone)).timestamp() * 1_000_000


@pytest.mark.django_db
def test_encoded_rows_are_read_as_they_were_meant() -> None:
    borrower = make_borrower()
    columns = {
        "external_id": np.array([b"X-1", b"X-2", b"X-3"]),
        "borrower": borrower.pk,
        "product": make_loan(borrower=borrower).product_id,
        "currency": b"USD",
        "principal_amount": np.array([1, 12_345_678, 99_999_999_999_999]),
        "annual_interest_ratio": np.ma.array([189_000, 1, 12_345_678], mask=[False, False, True]),
        "term_days": np.array([0, 365, 2_000_000_000]),
        "approved_on": np.array([0, TODAY, 10_956]),
        "attributes": np.array(['{"purpose": "fête \\"x\\""}'.encode(), b"{}", b'{"a": [1, null]}']),
        "booked_at": np.array([0, TODAY * 86_400_000_000 + 1, 86_400_000_000]),
    }
    with connection.cursor() as cursor:
        for chunk in encode(Loan, columns, 3):
            copy_chunk(cursor, chunk)

    first, second, third = Loan.objects.filter(external_id__startswith="X-").order_by("external_id")
    assert [loan.principal_amount for loan in (first, second, third)] == [
        Decimal("0.01"), Decimal("123456.78"), Decimal("999999999999.99"),
    ]  # fmt: skip
    assert [loan.annual_interest_ratio for loan in (first, second, third)] == [
        Decimal("0.189000"), Decimal("0.000001"), None,
    ]  # fmt: skip
    assert [loan.approved_on for loan in (first, second, third)] == [
        date(1970, 1, 1),
        date(2026, 6, 30),
        date(1999, 12, 31),
    ]
    assert [loan.attributes for loan in (first, second, third)] == [{"purpose": 'fête "x"'}, {}, {"a": [1, None]}]
    assert second.booked_at == datetime(2026, 6, 30, 0, 0, 0, 1, tzinfo=timezone.get_fixed_timezone(0))
    assert (second.term_days, third.term_days) == (365, 2_000_000_000)


@pytest.mark.django_db
def test_encoded_reversals_are_negative_and_text_may_be_empty() -> None:
    payment = make_payment(make_loan(), date(2026, 6, 1), Decimal("60.05"))
    reversal = {
        "loan": payment.loan_id,
        "amount": -6005,
        "effective_on": TODAY,
        "booked_at": (TODAY + 400) * 86_400_000_000,
        "channel": b"card",
        "reverses": payment.pk,
    }
    contact = {
        "borrower": payment.loan.borrower_id, "channel": b"call", "outcome": b"sent", "reached_borrower": False, "note": b"",
        "effective_on": TODAY, "happened_at": 0, "booked_at": 0,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for model, columns in ((Payment, reversal), (ContactEvent, contact)):
            for chunk in encode(model, columns, 1):
                copy_chunk(cursor, chunk)

    assert Payment.objects.get(reverses=payment).amount == Decimal("-60.05")
    assert ContactEvent.objects.get().note == ""


@pytest.mark.django_db
def test_a_number_beyond_its_column_is_refused() -> None:
    with pytest.raises(OverflowError):
        list(encode(Loan, {"term_days": np.array([1 << 40])}, 1))


@pytest.mark.django_db
def test_no_rows_are_no_chunks() -> None:
    assert list(encode(Borrower, {"external_id": np.array([], "S1")}, 0)) == []
