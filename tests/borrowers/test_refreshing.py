"""The kept figures: refreshed for a day, only where they differ, with month ends kept for good."""

import io
import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from borrowers.errors import DayNotClosed, NoBusinessDate
from borrowers.invariants.ledger import figures_agree_with_ledger, first_schedule_repays_principal, ledger_is_guarded
from borrowers.invariants.sums import plans_are_the_sums_of_instalments
from borrowers.models import Delinquency, Instalment, MonthEndSnapshot, SchedulePlan
from borrowers.services import record_payment, refresh_delinquency, set_business_date
from tests.factories import at, make_charge, make_loan, make_payment

pytestmark = pytest.mark.django_db

FIGURES = [
    field.name for field in Delinquency._meta.get_fields() if field.name not in ("refreshed_at", "last_payment_id")
]


@pytest.fixture
def loans(frozen_day: date):
    plan = [(date(2026, month, 5), 100, 10) for month in range(3, 9)]
    return [make_loan(instalments=plan, approved_on=date(2026, 2, 2)) for _ in range(3)]


def test_refresh_keeps_the_figures_of_every_loan(loans, frozen_day: date) -> None:
    report = refresh_delinquency()

    assert (report.as_of, report.n_loans, report.inserted, report.updated) == (frozen_day, 3, 3, 0)
    kept = loans[0].delinquency
    assert (kept.days_past_due, kept.bucket, kept.overdue_amount) == (117, "91+", 440)


def test_refreshing_again_changes_nothing(loans) -> None:
    refresh_delinquency()
    before = list(Delinquency.objects.order_by("loan_id").values())

    report = refresh_delinquency()

    assert (report.inserted, report.updated, report.unchanged, report.snapshots) == (0, 0, 3, 0)
    assert list(Delinquency.objects.order_by("loan_id").values()) == before


def test_only_what_differs_is_written(loans) -> None:
    refresh_delinquency()
    make_payment(loans[1], date(2026, 6, 30), 110)

    assert refresh_delinquency().updated == 1


def test_a_part_of_the_loans_can_be_refreshed(loans) -> None:
    refresh_delinquency()
    for loan in loans:
        make_payment(loan, date(2026, 6, 30), 110)

    report = refresh_delinquency(loans=[loans[2].pk, loans[2].pk])

    assert (report.n_loans, report.updated, report.month_ends) == (1, 1, ())
    assert Delinquency.objects.filter(paid_amount=110).get().loan == loans[2]


def test_back_dated_payment_changes_today_and_leaves_the_month_end(loans) -> None:
    refresh_delinquency()
    record_payment(loan=loans[0], amount=Decimal(440), effective_on=date(2026, 5, 20))
    refresh_delinquency()

    assert loans[0].delinquency.days_past_due == 0
    may = MonthEndSnapshot.objects.get(loan=loans[0], as_of=date(2026, 5, 31))
    assert (may.days_past_due, may.paid_amount) == (87, 0)


def test_month_ends_are_kept_as_they_were_known(frozen_day: date) -> None:
    loan = make_loan(
        instalments=[(date(2026, 3, 5), 100)],
        approved_on=date(2026, 2, 2),
        payments=[(date(2026, 3, 30), 100, date(2026, 4, 2))],
    )

    report = refresh_delinquency()

    assert report.month_ends == tuple(
        date(2026, *month_end) for month_end in [(2, 28), (3, 31), (4, 30), (5, 31), (6, 30)]
    )
    kept = {row.as_of.month: row for row in MonthEndSnapshot.objects.filter(loan=loan)}
    assert (kept[3].days_past_due, kept[3].paid_amount) == (26, 0)
    assert (kept[4].bucket, kept[4].paid_amount) == ("paid_off", 100)


def test_a_day_before_the_approval_takes_the_loan_out_again(loans) -> None:
    young = make_loan(instalments=[(date(2026, 7, 5), 100)], approved_on=date(2026, 6, 20))
    refresh_delinquency()

    report = refresh_delinquency(as_of=date(2026, 6, 15))

    assert report.removed == 1
    assert not Delinquency.objects.filter(loan=young).exists()


def test_a_day_that_is_not_closed_is_refused(loans, frozen_day: date) -> None:
    with pytest.raises(DayNotClosed):
        refresh_delinquency(as_of=frozen_day + timedelta(days=1))


def test_refresh_mends_a_row_that_was_tampered_with(loans) -> None:
    refresh_delinquency()
    Delinquency.objects.filter(loan=loans[0]).update(days_past_due=1)

    assert refresh_delinquency().updated == 1
    assert Delinquency.objects.get(loan=loans[0]).days_past_due == 117


def test_a_new_day_moves_every_row_and_is_the_same_as_computing_it_anew(loans) -> None:
    make_charge(loans[2], date(2026, 6, 20), 5)
    refresh_delinquency()
    for day in (date(2026, 7, 1), date(2026, 7, 5), date(2026, 7, 6), date(2026, 7, 7)):
        set_business_date(day=day)
        make_payment(loans[1], day, 60)
        refresh_delinquency()
        moved = list(Delinquency.objects.order_by("loan_id").values(*FIGURES))

        Delinquency.objects.all().delete()
        refresh_delinquency()

        assert list(Delinquency.objects.order_by("loan_id").values(*FIGURES)) == moved
        assert {row["as_of"] for row in moved} == {day}


def test_a_schedule_that_comes_in_pieces_is_refreshed_as_one(frozen_day: date) -> None:
    loan = make_loan(instalments=[(date(2026, 5, 5), 100)], principal=300, approved_on=date(2026, 2, 2))
    for number, due_on in ((2, date(2026, 3, 5)), (3, date(2026, 4, 5))):
        Instalment.objects.create(
            loan=loan, schedule=loan.schedule_versions.get(), number=number, due_on=due_on, principal_amount=100
        )
    make_payment(loan, date(2026, 3, 5), 150)
    refresh_delinquency()

    assert loan.schedule_versions.get().plan.due_cents == [10000, 20000, 30000]
    kept = loan.delinquency
    assert (kept.days_past_due, kept.overdue_amount, kept.instalments_past_due) == (86, 150, 2)


def test_refreshing_costs_the_same_queries_for_any_number_of_loans(loans, django_assert_max_num_queries) -> None:
    refresh_delinquency()
    with django_assert_max_num_queries(15):
        refresh_delinquency()
    with django_assert_max_num_queries(13):
        refresh_delinquency(loans=[loan.pk for loan in loans])


def test_command_prints_one_json_object(loans) -> None:
    out = io.StringIO()
    call_command("refresh_delinquency", "--as-of", "2026-05-31", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert (report["as_of"], report["n_loans"], report["inserted"]) == ("2026-05-31", 3, 3)


def test_command_says_in_one_line_that_the_books_are_empty(db: None) -> None:
    with pytest.raises(CommandError, match="no business date yet"):
        call_command("refresh_delinquency")


def test_empty_books_are_refreshed_to_nothing(frozen_day: date) -> None:
    assert refresh_delinquency().n_loans == 0


def test_service_needs_a_day(db: None) -> None:
    with pytest.raises(NoBusinessDate):
        refresh_delinquency()


# --- what verify asks --------------------------------------------------------------------------------------------------
def test_verify_finds_figures_that_disagree_with_the_ledger(loans) -> None:
    refresh_delinquency()
    assert list(figures_agree_with_ledger()) == []

    Delinquency.objects.filter(loan=loans[1]).update(days_past_due=3)

    (found,) = figures_agree_with_ledger()
    assert f"loan {loans[1].external_id}: kept 3 days" in found


def test_verify_takes_figures_as_they_were_known_at_the_refresh(loans) -> None:
    refresh_delinquency()
    make_payment(loans[0], date(2026, 6, 30), 110, booked=at(date(2036, 1, 1)))

    assert list(figures_agree_with_ledger()) == []


def test_verify_finds_a_schedule_that_does_not_repay(loans) -> None:
    assert list(first_schedule_repays_principal()) == []
    make_loan(principal=99, instalments=[(date(2026, 7, 5), 100)])

    assert len(list(first_schedule_repays_principal())) == 1


def test_verify_finds_a_plan_that_is_not_that_of_the_instalments(loans) -> None:
    assert list(plans_are_the_sums_of_instalments()) == []
    SchedulePlan.objects.filter(schedule__loan=loans[1]).update(smallest_cents=1)

    assert list(plans_are_the_sums_of_instalments()) == [f"schedule version 1 of loan {loans[1].external_id}"]


def test_verify_finds_a_guard_that_was_taken_down(loans) -> None:
    assert list(ledger_is_guarded()) == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE borrowers_payment DISABLE TRIGGER borrowers_payment_is_append_only")

    assert list(ledger_is_guarded()) == ["borrowers_payment is not guarded"]


def test_moving_the_business_date_moves_the_figures(loans) -> None:
    refresh_delinquency()
    set_business_date(day=date(2026, 7, 1))

    report = refresh_delinquency()

    assert (report.as_of, report.updated) == (date(2026, 7, 1), 3)
    assert Delinquency.objects.get(loan=loans[0]).days_past_due == 118
