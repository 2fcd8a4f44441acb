"""Small books made by hand, one for each way in which such figures go wrong elsewhere."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from borrowers.errors import DayNotClosed, EdgesOutOfOrder, UnknownMeasure
from borrowers.measures.services import (
    Bands,
    PortfolioFilter,
    forecast_losses,
    measure_at_risk,
    measure_collecting,
    measure_cures,
    measure_migration,
    measure_par_trend,
    measure_portfolio,
    measure_stages,
    measure_vintages,
    measure_workouts,
)
from borrowers.models import ContactCost, Loan, MonthEndSnapshot
from borrowers.services import refresh_delinquency
from tests.borrowers.measures.books import ENDS, later, snapshot_of
from tests.factories import make_contact, make_loan, make_payment, make_schedule

pytestmark = pytest.mark.usefixtures("frozen_day")
JUNE = date(2026, 6, 30)


def keep(loan: Loan, days: list[int | str], *, until: date = JUNE, owed: int = 1000) -> None:
    """Keep month ends up to one: days past due, or the word of an end."""
    first = later(until, 1 - len(days))
    MonthEndSnapshot.objects.bulk_create(
        snapshot_of(
            loan, later(first, place), *((0,) if isinstance(one, str) else (one,)),
            bucket=one if isinstance(one, str) else "", outstanding_principal_amount=owed, outstanding_amount=owed,
        )
        for place, one in enumerate(days)
    )  # fmt: skip


def late_loan(*, days: int, principal: int, approved_on: date = date(2025, 6, 1), **fields: Any) -> Loan:
    """Make a loan of two halves, the first of them late by so many days on 30 June 2026."""
    return make_loan(
        instalments=[(JUNE - timedelta(days=days), principal / 2), (date(2027, 6, 30), principal / 2)],
        approved_on=approved_on,
        **fields,
    )


# --- PAR ------------------------------------------------------------
def test_par_is_all_principal_of_late_loans_and_neither_a_count_nor_what_is_due() -> None:
    late_loan(days=40, principal=1000)
    for _ in range(3):
        make_loan(instalments=[(date(2027, 1, 1), 3000)], approved_on=date(2025, 6, 1))
    refresh_delinquency()
    (portfolio,) = measure_at_risk()
    assert portfolio.par.ratio(30) == pytest.approx(1000 / 10_000)  # by count 25 %, of what is due 5 %
    assert portfolio.par.ratio(60) == 0
    assert portfolio.par.arrears_ratio == pytest.approx(500 / 10_000)


def test_written_off_loans_are_on_neither_side_of_par_and_shown_beside() -> None:
    late_loan(days=40, principal=1000)
    late_loan(days=200, principal=5000, written_off_on=date(2026, 6, 1))
    make_loan(instalments=[(date(2027, 1, 1), 3000)], approved_on=date(2025, 6, 1))
    refresh_delinquency()
    (portfolio,) = measure_at_risk()
    assert portfolio.par.ratio(30) == pytest.approx(1000 / 4000)
    assert (portfolio.n_written_off, portfolio.written_off_amount) == (1, Decimal(5000))


def test_currencies_are_never_added() -> None:
    late_loan(days=40, principal=1000, currency="NGN")
    late_loan(days=0, principal=3000, currency="USD")
    refresh_delinquency()
    ratios = {portfolio.currency: portfolio.par.ratio(30) for portfolio in measure_at_risk()}
    assert ratios == {"NGN": 1.0, "USD": 0.0}


def test_par_of_a_past_day_is_what_was_known_then_and_equals_its_month_end() -> None:
    loan = late_loan(days=100, principal=1000)
    make_loan(instalments=[(date(2027, 1, 1), 3000)], approved_on=date(2025, 6, 1))
    refresh_delinquency()
    make_payment(loan, date(2026, 4, 1), 500, booked=JUNE)  # counts from April, known in June
    refresh_delinquency()
    (then,), (now,) = measure_at_risk(as_of=date(2026, 5, 31)), measure_at_risk()
    assert then.par.ratio(30) == pytest.approx(1000 / 4000)
    assert now.par.ratio(30) == 0
    assert measure_par_trend(day=JUNE, months=1)["USD"][-1].ratio(30) == then.par.ratio(30)


# --- migration ------------------------------------------------------------
def test_loan_that_skips_a_bucket_between_month_ends_has_rolled_forward() -> None:
    keep(make_loan(), [28, 61])  # 1-30 to 61-90: February is too short for 31-60
    keep(make_loan(), [28, 28])
    matrix = measure_migration()["USD"].whole
    assert matrix.roll_forward(1) == 0.5
    assert matrix.shares()[1][matrix.states.index("61-90")] == 0.5


def test_charged_off_counts_as_worse_and_paid_off_as_better() -> None:
    for last in ("written_off", "paid_off", "sold", 40):
        keep(make_loan(), [45, last])
    matrix = measure_migration()["USD"].whole
    assert (matrix.roll_forward(2), matrix.roll_back(2), matrix.charge_off(2)) == (0.25, 0.25, 0.25)


def test_loan_that_left_the_files_is_in_no_row_but_counted() -> None:
    keep(make_loan(), [45], until=date(2026, 5, 31))
    keep(make_loan(), [45, 75])
    matrix = measure_migration()["USD"].whole
    assert matrix.roll_forward(2) == 1.0
    assert matrix.left[2] == 1


def test_balance_weighs_by_what_was_owed_before() -> None:
    keep(make_loan(), [10, 40], owed=900)
    keep(make_loan(), [10, 0], owed=100)
    matrix = measure_migration()["USD"].whole
    assert (matrix.roll_forward(1), matrix.roll_forward(1, by="balance")) == (0.5, 0.9)


@pytest.mark.parametrize("edges", [(), (1, 30), (0, 30, 30), (0, 60, 30)])
def test_edges_that_do_not_rise_from_zero_are_refused(edges: tuple[int, ...]) -> None:
    with pytest.raises(EdgesOutOfOrder):
        Bands(edges)


# --- vintages ------------------------------------------------------------
def test_curve_of_a_quarter_ends_where_its_youngest_loan_is_and_never_falls() -> None:
    keep(
        make_loan(approved_on=date(2026, 1, 5)), [0, 95, 0, 0, 0, 0]
    )  # bad in its first month on book, well again after
    keep(make_loan(approved_on=date(2026, 3, 20)), [0, 0, 95, 0])
    (vintage,) = measure_vintages(grain="quarter")["USD"].vintages
    assert vintage.curve == (0.0, 0.5, 1.0, 1.0)  # the older loan is five months old, the youngest three


def test_vintage_from_before_month_ends_were_kept_has_no_curve() -> None:
    keep(make_loan(approved_on=date(2025, 6, 5)), [0, 95])
    (vintage,) = measure_vintages()["USD"].vintages
    assert (vintage.is_covered, vintage.curve) == (False, ())


# --- cures ------------------------------------------------------------
def cure(days: list[int | str], **options: Any) -> Any:
    """Return the first cohort of a loan that was late at the first of these month ends; the follow-up is a month later."""
    loan = make_loan(approved_on=date(2025, 1, 1))
    keep(loan, days)
    return loan, lambda: measure_cures(window_months=1, **options)["USD"][0]


def test_touching_zero_is_not_a_sustained_cure() -> None:
    _, cohort = cure([40, 0, 0, 35, 0, 0])
    assert (cohort().whole.touched_ratio, cohort().whole.sustained_ratio, cohort().whole.n_failed) == (1.0, 0.0, 1)


def test_zero_for_ninety_days_is_sustained() -> None:
    _, cohort = cure([40, 0, 0, 0, 0])
    assert cohort().whole.sustained_ratio == 1.0


def test_what_time_has_not_told_is_neither_cure_nor_failure() -> None:
    _, cohort = cure([40, 0, 0])
    assert (cohort().whole.touched_ratio, cohort().whole.sustained_ratio, cohort().whole.n_pending) == (1.0, None, 1)


def test_cure_by_new_terms_is_none_and_after_a_distressed_restructure_it_takes_a_year() -> None:
    loan, cohort = cure([40, 0, 0, 0, 0, 0])
    plan = [(date(2027, 1, 1), 1000)]
    make_schedule(loan, plan, effective_on=date(2026, 2, 10), reason="restructure", is_distressed=True)
    assert (cohort().whole.n_probation, cohort().whole.sustained_ratio) == (1, 0.0)
    make_schedule(loan, plan, effective_on=date(2026, 4, 10), version=2, reason="deferral")
    assert (cohort().whole.n_probation, cohort().whole.n_failed) == (0, 1)


def test_paid_in_full_counts_as_cured_and_stands_apart() -> None:
    _, cohort = cure([40, "paid_off", "paid_off"])
    assert (cohort().whole.touched_ratio, cohort().whole.paid_in_full_ratio) == (0.0, 1.0)
    assert cohort().whole.self_cure_ratio == 1.0


def test_cure_is_worked_if_the_lender_made_contact_since_the_arrears_began() -> None:
    loan, cohort = cure([40, 0])  # 40 days past due on 31 May: since 21 April
    make_contact(loan.borrower, date(2026, 4, 21))
    make_contact(loan.borrower, date(2026, 5, 2), channel="inbound", outcome="paid")
    assert cohort().whole.self_cure_ratio == 1.0
    make_contact(loan.borrower, date(2026, 4, 22))
    assert (cohort().whole.self_cure_ratio, cohort().whole.worked_cure_ratio) == (0.0, 1.0)


def test_redefault_is_told_when_its_window_is_over() -> None:
    _, cohort = cure([40, 0, 35, 95, 0, 0], redefault_months=4)
    assert cohort().redefault_ratio == 1.0
    assert measure_cures(window_months=1, redefault_months=5)["USD"][0].redefault_ratio is None


# --- collecting, recovery ------------------------------------------------------------
def test_money_that_went_back_was_not_collected() -> None:
    loan = make_loan(approved_on=date(2025, 1, 1))
    keep(loan, [40, 40])
    payment = make_payment(loan, date(2026, 6, 3), 300)
    make_payment(loan, date(2026, 6, 20), 100)
    loan.payments.create(
        amount=-300, effective_on=date(2026, 6, 8), booked_at=payment.booked_at + timedelta(days=5), reverses=payment
    )
    month = measure_collecting()["USD"][-1]
    assert (month.assigned_amount, month.collected_amount, month.liquidation_ratio) == (1000, 100, 0.1)


def test_cost_is_not_available_until_every_channel_in_use_has_one() -> None:
    loan = make_loan(approved_on=date(2025, 1, 1))
    keep(loan, [40, 40])
    make_payment(loan, date(2026, 6, 20), 100)
    make_contact(loan.borrower, date(2026, 6, 4))
    make_contact(loan.borrower, date(2026, 6, 5), channel="sms", outcome="sent")
    ContactCost.objects.create(channel="call", currency="USD", cost_amount=4, since=date(2026, 1, 1))
    assert measure_collecting()["USD"][-1].cost_per_unit is None
    ContactCost.objects.create(channel="sms", currency="USD", cost_amount=1, since=date(2026, 1, 1))
    assert measure_collecting()["USD"][-1].cost_per_unit == pytest.approx(0.05)


def test_loss_given_default_discounts_takes_cost_off_and_leaves_open_workouts_open() -> None:
    fields: dict[str, Any] = {"approved_on": date(2025, 1, 1), "annual_interest_ratio": Decimal("0.20")}
    done, still_open = make_loan(**fields), make_loan(**fields)
    keep(done, [0, 95, "written_off", "paid_off", "paid_off", "paid_off"])
    keep(still_open, [0, 95, 120, 140, 170, 200])
    make_payment(done, date(2026, 3, 31), 1050)
    make_contact(done.borrower, date(2026, 3, 31))
    ContactCost.objects.create(channel="call", currency="USD", cost_amount=20, since=date(2026, 1, 1))
    (cohort,) = measure_workouts()["USD"]
    value = (1050 - 20) / 1.2 ** (31 / 365)
    assert (cohort.n_paid_off, cohort.n_open) == (1, 1)
    assert cohort.lgd_ratio == pytest.approx(1 - value / 1000, abs=1e-4)
    assert cohort.lgd_if_nothing_more_ratio == pytest.approx(1 - 1050 / 1.2 ** (31 / 365) / 2000, abs=1e-4)
    assert cohort.recovery_ratio == pytest.approx(1050 / 2000)


def test_cure_counts_what_is_still_owed_as_kept() -> None:
    loan = make_loan(approved_on=date(2024, 1, 1), annual_interest_ratio=Decimal(0))
    keep(loan, [0, 95, 0, 0, 0, 0])
    (cohort,) = measure_workouts()["USD"]
    assert (cohort.n_cured, cohort.lgd_before_cost_ratio) == (1, 0.0)


# --- forecast, stages ------------------------------------------------------------
def test_forecast_learns_from_months_before_it_alone() -> None:
    for place in range(4):  # nothing was charged off until March, all was after
        keep(make_loan(), [100] * 3 + ["written_off"] * 3 if place < 2 else [100] * 6)
    found = forecast_losses(horizon=3, learning=2)["USD"]
    assert found.back_test is not None
    assert found.back_test.expected_amounts == (0, 0, 0)
    assert found.back_test.actual_amounts == (2000, 2000, 2000)
    assert found.back_test.error_ratio == -1


def test_stage_two_is_by_days_or_by_a_rise_of_pd_and_no_rise_lowers_a_stage() -> None:
    current, late, worst = (late_loan(days=days, principal=1000) for days in (0, 31, 91))
    late_loan(days=30, principal=1000)
    late_loan(days=300, principal=1000, written_off_on=date(2026, 6, 1))
    refresh_delinquency()
    by_days = measure_stages()["USD"]
    assert [line.n_loans for line in by_days.lines] == [2, 1, 1]
    assert not by_days.knows_pd
    by_pd = measure_stages(significant=[current.pk, late.pk, worst.pk])["USD"]
    assert [(line.n_loans, line.n_by_pd) for line in by_pd.lines] == [(1, 0), (2, 1), (1, 0)]


# --- the report ------------------------------------------------------------
def test_report_has_every_measure_with_its_base_also_on_books_without_loans() -> None:
    report = measure_portfolio()
    assert report.as_json()["measures"]["vintages"]["currencies"] == {}
    assert "not available" in report.summary()
    keep(make_loan(approved_on=date(2025, 1, 1)), [40, 0], until=JUNE)
    refresh_delinquency()
    report = measure_portfolio(names=["par", "migration"], only=PortfolioFilter(currency="USD"))
    assert [*report.as_json()["measures"]] == ["par", "migration"]
    assert "Base: gross outstanding principal" in report.summary()


def test_unknown_measure_and_day_to_come_are_refused() -> None:
    with pytest.raises(UnknownMeasure, match="par, migration"):
        measure_portfolio(names=["pra"])
    with pytest.raises(DayNotClosed):
        measure_portfolio(as_of=ENDS[-1] + timedelta(days=1))
