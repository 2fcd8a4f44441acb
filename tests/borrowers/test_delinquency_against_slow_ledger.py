"""The database's figures are those of a slow, independent ledger, on random ones. LEDGERS=2000 asks for more of them."""

import os
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from borrowers.models import Instalment, Loan, Payment, ScheduleVersion
from tests.borrowers.asking import ask
from tests.borrowers.slow_ledger import Entry, Ledger, Line, Version, compute
from tests.factories import at, make_borrower, make_product

STARTS = [date(2024, 1, 31), date(2024, 2, 29), date(2025, 2, 28), date(2025, 12, 31), date(2026, 3, 1)]

cents = st.integers(0, 20_000).map(lambda n: Decimal(n) / 100)
some_money = st.integers(1, 30_000).map(lambda n: Decimal(n) / 100)


@st.composite
def instants(draw: st.DrawFn, day: date, *, latest: int = 40) -> datetime:
    """An instant on the day or up to some days later, often at the edge between two days."""
    moment = at(day + timedelta(days=draw(st.integers(0, latest))), 0)
    return moment + draw(st.sampled_from([timedelta(), timedelta(hours=12), timedelta(days=1, microseconds=-1)]))


@st.composite
def ledgers(draw: st.DrawFn) -> Ledger:
    start = draw(st.sampled_from(STARTS))
    versions = []
    effective_on = start
    for number in range(1, draw(st.integers(1, 3)) + 1):
        due_on = start + timedelta(days=draw(st.integers(0, 40)))
        lines = []
        for position in range(1, draw(st.integers(1, 6)) + 1):
            lines.append(Line(due_on, position, draw(cents), draw(cents), draw(cents)))
            due_on += timedelta(days=draw(st.sampled_from([0, 7, 28, 29, 30, 31, 31, -3])))
        versions.append(Version(number, effective_on, draw(instants(effective_on)), lines))
        effective_on = start + timedelta(days=draw(st.integers(0, 150)))
    entries = []
    for _ in range(draw(st.integers(0, 7))):
        day = start + timedelta(days=draw(st.integers(0, 200)))
        entry = Entry(day, draw(some_money), draw(instants(day)))
        if draw(st.integers(0, 3)) == 0:
            entry.back_on = day + timedelta(days=draw(st.integers(0, 30)))
            entry.back_booked_at = max(entry.booked_at, draw(instants(entry.back_on)))
        entries.append(entry)
    return Ledger(
        approved_on=start,
        booked_at=draw(instants(start, latest=5)),
        tolerance=draw(st.sampled_from([Decimal("0.00"), Decimal("0.50"), Decimal("5.00")])),
        versions=versions,
        entries=entries,
        written_off_on=draw(st.none() | st.integers(0, 250).map(lambda n: start + timedelta(days=n))),
    )


def enter(ledger: Ledger) -> Loan:
    """Write a ledger into the books."""
    loan = Loan.objects.create(
        borrower=make_borrower(),
        product=make_product(tolerance=ledger.tolerance),
        external_id=f"random-{Loan.objects.count()}",
        currency="USD",
        principal_amount=1000,
        approved_on=ledger.approved_on,
        written_off_on=ledger.written_off_on,
        booked_at=ledger.booked_at,
    )
    for version in ledger.versions:
        schedule = ScheduleVersion.objects.bulk_create(
            [
                ScheduleVersion(
                    loan=loan, version=version.number, effective_on=version.effective_on, booked_at=version.booked_at
                )
            ]
        )[0]
        Instalment.objects.bulk_create(
            Instalment(
                loan=loan,
                schedule=schedule,
                number=line.number,
                due_on=line.due_on,
                principal_amount=line.principal,
                interest_amount=line.interest,
                fee_amount=line.fee,
            )
            for line in version.lines
        )
    payments = Payment.objects.bulk_create(
        Payment(loan=loan, amount=entry.amount, effective_on=entry.day, booked_at=entry.booked_at)
        for entry in ledger.entries
    )
    Payment.objects.bulk_create(
        Payment(
            loan=loan,
            amount=-entry.amount,
            effective_on=entry.back_on,
            booked_at=entry.back_booked_at,
            reverses=payment,
        )
        for entry, payment in zip(ledger.entries, payments, strict=True)
        if entry.back_on
    )
    return loan


@pytest.mark.django_db
@settings(
    max_examples=int(os.environ.get("LEDGERS", "200")),
    deadline=None,
    derandomize="LEDGERS" not in os.environ,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(ledger=ledgers(), data=st.data())
def test_figures_are_those_of_the_slow_ledger(ledger: Ledger, data: st.DataObject) -> None:
    loan = enter(ledger)
    days = [ledger.approved_on + timedelta(days=data.draw(st.integers(-2, 320))) for _ in range(3)]
    cases = [(day, data.draw(instants(day, latest=60))) for day in days]

    expected = [(day, known, compute(ledger, day, known)) for day, known in cases]
    answered = {(row.pop("as_of"), row.pop("known_at")): row for row in ask(*[(loan, *case) for case in cases])}

    for day, known, row in expected:
        answer = answered.get((day, known))
        if answer:
            answer.pop("loan_id", None)
        assert answer == row, (day, known)
