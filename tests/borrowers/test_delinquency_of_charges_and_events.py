"""Charges, clearing, events, revolving accounts and snapshots: one test per rule."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection

from borrowers.clock import end_of_day
from borrowers.models import Loan, Payment, Product
from tests.borrowers.asking import ask, figures
from tests.factories import (
    at,
    make_charge,
    make_event,
    make_loan,
    make_payment,
    make_reversal,
    make_snapshot,
    make_statement,
    make_waiver,
)

pytestmark = pytest.mark.django_db

DUE = date(2026, 1, 31)
PLAN = [(DUE, "100", "10", "2"), (date(2026, 2, 28), "100", "8", "2")]
BOTH_DUE = date(2026, 3, 10)


def product_with(**rules: object) -> Product:
    return Product.objects.create(code="with-rules", name="With rules", tolerance_amount=0, **rules)


def loan_with(**fields: object) -> Loan:
    return make_loan(instalments=PLAN, approved_on=date(2026, 1, 2), **fields)


# --- charges ---------------------------------------------------------------------------------------------------------------
def test_unpaid_charges_alone_are_owed_but_do_not_age_a_loan() -> None:
    loan = loan_with(payments=[(DUE, 222)])
    make_charge(loan, date(2026, 2, 5), 15)

    row = figures(loan, BOTH_DUE)

    assert (row["days_past_due"], row["bucket"], row["instalments_past_due"]) == (0, "current", 0)
    assert (row["overdue_amount"], row["outstanding_amount"]) == (15, 15)


def test_charges_wait_for_instalments_due_and_come_before_those_to_come() -> None:
    loan = loan_with(payments=[(DUE, 120)])
    make_charge(loan, date(2026, 1, 20), 15)

    before = figures(loan, date(2026, 2, 10))
    assert (before["days_past_due"], before["overdue_amount"], before["next_due_amount"]) == (0, 7, 110)
    after = figures(loan, BOTH_DUE)
    assert (after["days_past_due"], after["overdue_amount"]) == (10, 102 + 15)


def test_unpaid_charges_age_a_loan_where_its_product_says_so() -> None:
    loan = loan_with(payments=[(DUE, 222)], product=product_with(unpaid_fees_age=True))
    make_charge(loan, date(2026, 1, 20), 15)

    row = figures(loan, BOTH_DUE)

    assert (row["days_past_due"], row["oldest_unpaid_due_on"]) == (10, date(2026, 2, 28))  # 15 short of the second
    assert (row["overdue_amount"], row["instalments_past_due"]) == (15, 1)


def test_waiver_takes_a_charge_back_from_its_day_once_it_is_known() -> None:
    loan = loan_with(payments=[(DUE, 222)])
    waived = make_charge(loan, date(2026, 2, 5), 15)
    make_waiver(waived, date(2026, 3, 1), booked=date(2026, 3, 5))

    assert figures(loan, date(2026, 3, 4))["overdue_amount"] == 15
    assert figures(loan, date(2026, 3, 5))["bucket"] == "paid_off"
    assert figures(loan, date(2026, 2, 28), known=at(BOTH_DUE))["overdue_amount"] == 15


@pytest.mark.parametrize("day", [date(2026, 1, 31), date(2026, 2, 5), date(2026, 2, 10), date(2026, 2, 28), BOTH_DUE])
def test_plans_and_charges_give_what_every_line_gives_whatever_was_paid(day: date) -> None:
    product = Product.objects.create(code="tolerant", name="Tolerant", tolerance_amount=1)
    paid = [
        "0.01",
        "50",
        "111.50",
        "112",
        "120",
        "126.50",
        "127",
        "130",
        "136.50",
        "137",
        "150",
        "222",
        "236",
        "247",
        "300",
    ]
    loans = [loan_with(product=product, payments=[(date(2026, 1, 20), amount)]) for amount in paid]
    for loan in loans:
        make_charge(loan, date(2026, 1, 20), 15)
        make_charge(loan, date(2026, 2, 5), 10)

    by_lines = {row["loan_id"]: row for row in ask(*((loan, day, end_of_day(day)) for loan in loans))}

    with connection.cursor() as cursor:
        ids = [loan.pk for loan in loans]
        cursor.execute(
            "SELECT bool_and(is_plain) FROM figures_by_plan(%s, %s, %s::bigint[])", [day, end_of_day(day), ids]
        )
        assert cursor.fetchone() == (day != date(2026, 2, 5),)  # a charge of the day itself is for delinquency_of
        cursor.execute("SELECT * FROM delinquency_as_of(%s, %s, %s::bigint[])", [day, end_of_day(day), ids])
        names = [column.name for column in cursor.description]
        by_plan = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    assert {row["loan_id"]: row for row in by_plan} == by_lines


# --- the order inside an instalment ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("order", "principal", "days"),
    [("fip", 92, 10), ("ifp", 92, 10), ("fpi", 82, 10), ("pif", 80, 10), ("pfi", 80, 10), ("ipf", 90, 10)],
)
def test_money_settles_the_parts_in_the_order_of_the_product(order: str, principal: int, days: int) -> None:
    loan = loan_with(payments=[(DUE, 20)], product=product_with(settlement_order=order))

    row = figures(loan, date(2026, 2, 10))

    assert (row["overdue_principal_amount"], row["overdue_amount"], row["days_past_due"]) == (principal, 92, days)


def test_a_fee_that_is_left_is_owed_and_does_not_age() -> None:
    loan = loan_with(payments=[(DUE, 110)], product=product_with(settlement_order="pif"))

    row = figures(loan, date(2026, 2, 10))

    assert (row["days_past_due"], row["overdue_amount"], row["oldest_unpaid_due_on"]) == (0, 2, date(2026, 2, 28))


def test_grace_delays_the_flag_and_nothing_else() -> None:
    loan = loan_with(product=product_with(grace_days=5))

    in_grace, after = figures(loan, date(2026, 2, 5)), figures(loan, date(2026, 2, 6))

    assert (in_grace["days_past_due"], in_grace["bucket"], in_grace["is_flagged"]) == (5, "1-30", False)
    assert (after["days_past_due"], after["is_flagged"]) == (6, True)


# --- clearing ----------------------------------------------------------------------------------------------------------------
def test_a_payment_settles_once_it_has_cleared() -> None:
    loan = loan_with()
    pending = make_payment(loan, DUE, 112, status="pending")
    make_payment(loan, date(2026, 2, 3), 112, follows=pending, booked=date(2026, 2, 4))

    waiting, cleared = figures(loan, date(2026, 2, 3)), figures(loan, date(2026, 2, 4))

    assert (waiting["days_past_due"], waiting["paid_amount"], waiting["in_flight_amount"]) == (3, 0, 112)
    assert waiting["last_paid_on"] is None
    assert (cleared["days_past_due"], cleared["paid_amount"], cleared["in_flight_amount"]) == (0, 112, 0)
    assert cleared["last_paid_on"] == date(2026, 2, 3)


def test_a_returned_payment_never_settled_anything() -> None:
    loan = loan_with()
    pending = make_payment(loan, DUE, 112, status="in_clearing")
    make_payment(loan, date(2026, 2, 3), 112, follows=pending, status=Payment.Status.RETURNED)

    row = figures(loan, date(2026, 2, 5))

    assert (row["days_past_due"], row["paid_amount"], row["in_flight_amount"]) == (5, 0, 0)


# --- events ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["written_off", "sold", "closed"])
def test_event_takes_the_loan_out_and_keeps_its_days(kind: str) -> None:
    loan = loan_with()
    make_event(loan, date(2026, 3, 1), kind, booked=date(2026, 3, 3))

    assert figures(loan, date(2026, 3, 2))["bucket"] == "1-30"
    row = figures(loan, date(2026, 3, 3))
    assert (row["bucket"], row["days_past_due"]) == (kind, 31)


def test_revoked_event_does_not_count() -> None:
    loan = loan_with()
    event = make_event(loan, date(2026, 3, 1), "written_off")
    make_event(loan, date(2026, 3, 6), "revoked", revokes=event)

    assert figures(loan, date(2026, 3, 5))["bucket"] == "written_off"
    assert figures(loan, date(2026, 3, 6))["bucket"] == "31-60"


def test_a_written_off_loan_that_is_sold_is_sold() -> None:
    loan = loan_with()
    make_event(loan, date(2026, 3, 1), "written_off")
    make_event(loan, date(2026, 3, 8), "sold")

    assert figures(loan, date(2026, 3, 8))["bucket"] == "sold"


def test_placement_and_bankruptcy_stand_beside_the_bucket() -> None:
    loan = loan_with()
    make_event(loan, date(2026, 2, 10), "placed")
    make_event(loan, date(2026, 2, 20), "bankruptcy")
    make_event(loan, date(2026, 3, 1), "recalled")

    placed, recalled = figures(loan, date(2026, 2, 25)), figures(loan, date(2026, 3, 1))

    assert (placed["bucket"], placed["is_placed"], placed["is_bankrupt"]) == ("1-30", True, True)
    assert (recalled["is_placed"], recalled["is_bankrupt"]) == (False, True)


# --- revolving accounts -------------------------------------------------------------------------------------------------------
def account_with(payments: list[tuple[date, int]] = ()) -> Loan:
    account = make_loan(
        product=product_with(kind="revolving"), payments=payments, approved_on=date(2026, 1, 2), principal=1000
    )
    make_statement(account, date(2026, 1, 5), date(2026, 1, 31), (40, 8, 2), balance=600)
    make_statement(account, date(2026, 2, 5), date(2026, 2, 28), (40, 9, 0), balance=620)
    return account


def test_statements_are_the_lines_of_an_account() -> None:
    row = figures(account_with(), BOTH_DUE)

    assert (row["days_past_due"], row["instalments_past_due"], row["overdue_amount"]) == (38, 2, 99)
    assert (row["outstanding_amount"], row["outstanding_principal_amount"]) == (620, 620 - 19)


def test_account_owes_the_last_balance_less_what_was_paid_since() -> None:
    account = account_with([(date(2026, 1, 4), 500), (date(2026, 2, 5), 50), (date(2026, 2, 20), 30)])

    row = figures(account, BOTH_DUE)

    assert (row["outstanding_amount"], row["paid_amount"]) == (590, 580)
    assert (row["days_past_due"], row["overdue_amount"]) == (
        10,
        99 - 80,
    )  # what came before the first statement is in it


def test_an_account_without_a_balance_is_current_until_it_is_closed() -> None:
    account = account_with([(date(2026, 2, 20), 700)])
    assert (figures(account, BOTH_DUE)["bucket"], figures(account, BOTH_DUE)["outstanding_amount"]) == ("current", 0)

    make_event(account, BOTH_DUE, "closed")
    assert figures(account, BOTH_DUE)["bucket"] == "closed"


def test_of_one_statement_the_entry_known_last_counts() -> None:
    account = account_with()
    make_statement(account, date(2026, 2, 5), date(2026, 3, 5), (20, 0, 0), balance=500, booked=date(2026, 3, 8))

    assert figures(account, date(2026, 3, 7))["outstanding_amount"] == 620
    corrected = figures(account, date(2026, 3, 8))
    assert (corrected["outstanding_amount"], corrected["overdue_amount"]) == (500, 70)


# --- snapshots ----------------------------------------------------------------------------------------------------------------
def snapshot_loan() -> Loan:
    return make_loan(principal=500, approved_on=date(2026, 1, 2), bookkeeping="snapshots")


def test_snapshot_gives_the_figures_as_stated_and_says_of_which_day() -> None:
    loan = snapshot_loan()
    make_snapshot(loan, date(2026, 2, 28), 31, outstanding_amount=400, overdue_amount=120)

    row = figures(loan, BOTH_DUE)

    assert (row["days_past_due"], row["bucket"], row["measured_on"]) == (31, "31-60", date(2026, 2, 28))
    assert (row["outstanding_amount"], row["overdue_amount"], row["is_flagged"]) == (400, 120, True)


def test_what_a_snapshot_does_not_give_is_not_available() -> None:
    loan = snapshot_loan()
    make_snapshot(loan, date(2026, 2, 28), None)

    row = figures(loan, BOTH_DUE)

    assert row["bucket"] == "unknown"
    for name in (
        "days_past_due", "instalments_past_due", "oldest_unpaid_due_on", "overdue_amount", "overdue_principal_amount",
        "outstanding_amount", "outstanding_principal_amount", "paid_amount", "next_due_on",
    ):  # fmt: skip
        assert row[name] is None, name


def test_of_one_day_the_snapshot_known_last_counts() -> None:
    loan = snapshot_loan()
    make_snapshot(loan, date(2026, 2, 28), 31)
    make_snapshot(loan, date(2026, 2, 28), 0, booked=date(2026, 3, 2))

    assert figures(loan, date(2026, 3, 1))["days_past_due"] == 31
    assert figures(loan, date(2026, 3, 2))["days_past_due"] == 0


def test_snapshot_without_a_balance_is_paid_off() -> None:
    loan = snapshot_loan()
    make_snapshot(loan, date(2026, 2, 28), 0, outstanding_amount=0)

    assert figures(loan, BOTH_DUE)["bucket"] == "paid_off"


def test_snapshots_of_a_loan_with_a_ledger_change_nothing() -> None:
    loan = loan_with()
    make_snapshot(loan, date(2026, 2, 28), 0, outstanding_amount=0)

    assert (figures(loan, BOTH_DUE)["days_past_due"], figures(loan, BOTH_DUE)["measured_on"]) == (38, None)


# --- the regulatory counter ---------------------------------------------------------------------------------------------------
def default_days(loan: Loan, day: date) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT default_days FROM default_days_of(%s::bigint[], %s::date[], %s::timestamptz[])",
            [[loan.pk], [day], [at(date(2027, 1, 1))]],
        )
        return cursor.fetchone()[0]


def test_default_days_of_one_unpaid_instalment_are_its_days_past_due() -> None:
    assert default_days(loan_with(), date(2026, 5, 2)) == 91


def test_default_days_begin_anew_once_nothing_material_is_overdue() -> None:
    loan = loan_with(payments=[(date(2026, 3, 1), 112 + 20)])  # 90 left of the second: below the absolute amount

    assert default_days(loan, date(2026, 2, 28)) == 28
    assert default_days(loan, BOTH_DUE) == 0
    make_reversal(loan.payments.get(), date(2026, 3, 20))
    assert default_days(loan, date(2026, 3, 21)) == 2
    assert figures(loan, date(2026, 3, 21), known=at(date(2027, 1, 1)))["days_past_due"] == 49


def test_default_days_are_not_known_of_a_loan_kept_by_snapshots() -> None:
    loan = snapshot_loan()
    make_snapshot(loan, date(2026, 2, 28), 400, overdue_amount=Decimal(400), outstanding_amount=Decimal(400))

    assert default_days(loan, BOTH_DUE) is None
