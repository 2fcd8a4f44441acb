"""Payments are entered and taken back; nothing is ever changed."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.errors import NoBusinessDate, PaymentRefused, ReferenceTaken, ReversalRefused
from borrowers.models import (
    BalanceSnapshot,
    Charge,
    Collateral,
    Consent,
    ContactEvent,
    ContactPoint,
    Instalment,
    LoanEvent,
    MonthEndSnapshot,
    Payment,
    Promise,
    Reconciliation,
    ReconciliationDifference,
    ScheduleVersion,
    Statement,
)
from borrowers.services import record_payment, refresh_delinquency, reverse_payment
from borrowers.signals import books_changed
from tests.factories import (
    at,
    make_borrower,
    make_charge,
    make_contact,
    make_event,
    make_loan,
    make_payment,
    make_promise,
    make_reversal,
    make_schedule,
    make_user,
)

pytestmark = pytest.mark.django_db
DUE = date(2026, 6, 1)


@pytest.fixture
def loan(frozen_day: date):
    return make_loan(instalments=[(DUE, 100, 10)], approved_on=date(2026, 5, 1))


@pytest.fixture
def heard():
    """Collect what books_changed says while a test runs."""
    said: list[list[int]] = []

    def listen(sender: type, loan_ids: list[int], **kwargs: object) -> None:
        said.append(loan_ids)

    books_changed.connect(listen)
    yield said
    books_changed.disconnect(listen)


def test_payment_counts_from_the_business_date_by_default(loan, frozen_day: date) -> None:
    agent = make_user()

    payment = record_payment(loan=loan, amount=Decimal("50.00"), recorded_by=agent)

    payment.refresh_from_db()
    assert (payment.effective_on, payment.recorded_by, payment.external_id) == (frozen_day, agent, None)


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "NaN", "Infinity", "1000000000000", "1E+40"])
def test_impossible_amount_is_refused(loan, amount: str) -> None:
    with pytest.raises(PaymentRefused) as refusal:
        record_payment(loan=loan, amount=Decimal(amount))

    assert "amount" in refusal.value.fields


def test_payment_of_a_day_to_come_is_refused(loan, frozen_day: date) -> None:
    with pytest.raises(PaymentRefused, match="after the business date"):
        record_payment(loan=loan, amount=Decimal(1), effective_on=frozen_day + timedelta(days=1))


def test_payment_before_the_loan_is_refused(loan) -> None:
    with pytest.raises(PaymentRefused, match="approved on 2026-05-01"):
        record_payment(loan=loan, amount=Decimal(1), effective_on=date(2026, 4, 30))


def test_the_same_reference_is_entered_once(loan) -> None:
    record_payment(loan=loan, amount=Decimal(1), external_id="R1")

    with pytest.raises(ReferenceTaken):
        record_payment(loan=loan, amount=Decimal(1), external_id="R1")

    assert Payment.objects.count() == 1


def test_books_without_a_day_take_no_payment(db: None) -> None:
    loan = make_loan()

    with pytest.raises(NoBusinessDate):
        record_payment(loan=loan, amount=Decimal(1))


def test_reversal_is_a_new_entry_of_the_negated_amount(loan, frozen_day: date) -> None:
    payment = record_payment(loan=loan, amount=Decimal(50), effective_on=DUE, channel="card")

    reversal = reverse_payment(payment=payment)

    assert (reversal.amount, reversal.effective_on, reversal.reverses, reversal.channel) == (
        -50, frozen_day, payment, "card",
    )  # fmt: skip


def test_a_payment_is_reversed_once(loan) -> None:
    payment = record_payment(loan=loan, amount=Decimal(50))
    reversal = reverse_payment(payment=payment)

    with pytest.raises(ReversalRefused, match="reversed already"):
        reverse_payment(payment=payment)
    with pytest.raises(ReversalRefused, match="a reversal itself"):
        reverse_payment(payment=reversal)


def test_payment_is_not_reversed_before_it_was_made(loan) -> None:
    payment = record_payment(loan=loan, amount=Decimal(50))

    with pytest.raises(ReversalRefused):
        reverse_payment(payment=payment, effective_on=DUE)


def test_every_entry_says_which_loans_changed(loan, heard: list[list[int]]) -> None:
    other = make_loan(borrower=loan.borrower, approved_on=date(2026, 5, 1))
    heard.clear()

    payment = make_payment(loan, DUE, 10)
    make_reversal(payment)
    make_schedule(loan, [(DUE, 100)], version=2, effective_on=DUE)
    make_promise(loan, made_on=DUE, due_on=DUE, amount=5)
    make_event(loan, DUE, "written_off")
    make_charge(loan, DUE, 5)
    assert heard == [[loan.pk]] * 6

    heard.clear()
    make_contact(loan.borrower, DUE)
    assert [sorted(ids) for ids in heard] == [sorted([loan.pk, other.pk])]

    heard.clear()
    loan.term_days = 30
    loan.save()
    assert heard == [[loan.pk]]


# --- what raw SQL cannot break -----------------------------------------------------------------------------------------
@pytest.fixture
def full_ledger(loan, frozen_day: date):
    payment = make_payment(loan, DUE, 10)
    contact = make_contact(loan.borrower, DUE)
    make_promise(loan, made_on=DUE, due_on=DUE, amount=5, contact_event=contact)
    Charge.objects.create(loan=loan, kind="late_fee", amount=5, effective_on=DUE, booked_at=at(DUE))
    Statement.objects.create(loan=loan, stated_on=DUE, due_on=DUE, principal_amount=5, balance_amount=50)
    BalanceSnapshot.objects.create(loan=loan, as_of=DUE, days_past_due=3)
    LoanEvent.objects.create(loan=loan, kind="bankruptcy", effective_on=DUE, booked_at=at(DUE))
    Collateral.objects.create(loan=loan, reference="C-1", kind="car", value_amount=900, valued_on=DUE)
    point = ContactPoint.objects.create(borrower=loan.borrower, kind="phone", value="+1 555 0100")
    Consent.objects.create(contact_point=point, is_given=True, source="loan application", happened_at=at(DUE))
    compared = Reconciliation.objects.create(
        as_of=DUE, known_at=at(DUE), source_name="core.csv", source_sha256="0" * 64, n_core=1, n_agreeing=0,
        n_unexplained=1, totals=[],
    )  # fmt: skip
    ReconciliationDifference.objects.create(reconciliation=compared, loan=loan, loan_reference="x", cause="unexplained")
    refresh_delinquency()
    return payment


@pytest.mark.parametrize(
    "model",
    [
        Instalment, ScheduleVersion, Payment, ContactEvent, Promise, MonthEndSnapshot, Charge, Statement, BalanceSnapshot,
        LoanEvent, Collateral, Consent, Reconciliation, ReconciliationDifference,
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET id = id", "UPDATE {} SET id = id WHERE false", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
)
def test_the_database_refuses_to_change_the_ledger(full_ledger, model: type, statement: str) -> None:
    table = model._meta.db_table
    before = list(model.objects.order_by("id").values())
    assert before

    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with pytest.raises(IntegrityError, match="is refused on ") as refusal, transaction.atomic():
            cursor.execute(statement.format(table))

    assert refusal.value.__cause__.diag.constraint_name.endswith("_is_append_only")
    assert list(model.objects.order_by("id").values()) == before


def test_saving_a_payment_again_is_refused(full_ledger) -> None:
    full_ledger.amount = Decimal(11)

    with pytest.raises(IntegrityError, match="a correction is a new row"), transaction.atomic():
        full_ledger.save()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": Decimal(-9)}, "reversal_negates_the_whole_amount"),
        ({"effective_on": DUE - timedelta(days=1)}, "reversal_is_not_before_its_payment"),
        ({"booked_at": at(DUE, 1)}, "reversal_is_not_before_its_payment"),
        ({"loan": None}, "reversal_is_of_a_payment_of_the_same_loan"),
    ],
)
def test_a_false_reversal_is_refused(full_ledger, change: dict, sentence: str) -> None:
    fields = {"loan": full_ledger.loan, "amount": Decimal(-10), "effective_on": DUE, "booked_at": at(DUE, 13)} | change
    fields["loan"] = fields["loan"] or make_loan(approved_on=date(2026, 5, 1))

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Payment.objects.create(reverses=full_ledger, **fields)

    assert refusal.value.__cause__.diag.constraint_name == sentence


def test_an_instalment_of_another_loan_is_refused(loan) -> None:
    stranger = make_loan(borrower=make_borrower(), approved_on=date(2026, 5, 1))

    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        Instalment.objects.create(
            loan=stranger, schedule=loan.schedule_versions.get(), number=9, due_on=DUE, principal_amount=1
        )

    assert refusal.value.__cause__.diag.constraint_name == "instalment_is_of_the_loan_of_its_schedule"
