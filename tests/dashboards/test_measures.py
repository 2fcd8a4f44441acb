"""The figures of the portfolio against another way to compute them: pandas, from the loans one by one."""

from datetime import date
from typing import Any

import pandas as pd
import pytest

from borrowers.measures.services import PortfolioFilter, measure_at_risk, measure_par_trend
from borrowers.models import Delinquency, Loan, MonthEndSnapshot
from recovery.measures import measure_dashboard, measure_teams, measure_tiers
from scoring.engine.services import score_loans
from scoring.models import Score
from tests.factories import make_contact, make_loan, make_payment, make_promise
from tests.models import promote_logistic

FIGURES = (
    "as_of", "loan_id", "days_past_due", "bucket", "outstanding_principal_amount", "overdue_amount", "loan__currency",
    "loan__product_id", "loan__borrower__team_id",
)  # fmt: skip


def _table(queryset: Any) -> pd.DataFrame:
    frame = pd.DataFrame(list(queryset.values(*FIGURES)))
    return frame.astype({"outstanding_principal_amount": float, "overdue_amount": float})


def _par(frame: pd.DataFrame, days: int) -> float:
    """Compute PAR from its definition: written-off loans out of both sides, full principal of what is more than X days late."""
    owing = frame[~frame.bucket.isin(["written_off", "paid_off"])]
    late = owing[owing.days_past_due > days]
    return float(late.outstanding_principal_amount.sum() / owing.outstanding_principal_amount.sum())


@pytest.mark.parametrize("by", ["all", "product", "team", "currency"])
def test_par_and_buckets_equal_an_independent_computation(portfolio: list[Loan], by: str) -> None:
    frame = _table(Delinquency.objects.all())
    column = {"product": "loan__product_id", "team": "loan__borrower__team_id", "currency": "loan__currency"}.get(by)
    for value in [None] if column is None else list(frame[column].unique()):
        only = (
            PortfolioFilter() if column is None else PortfolioFilter(**{by: value if by == "currency" else int(value)})
        )
        part = frame if column is None else frame[frame[column] == value]
        measured = measure_at_risk(only=only)
        assert {panel.currency for panel in measured} == set(part.loan__currency)
        for panel in measured:
            of_currency = part[part.loan__currency == panel.currency]
            for days in (30, 60, 90):
                assert panel.par.ratio(days) == pytest.approx(_par(of_currency, days), abs=1e-12)
            for line in panel.buckets:
                of_bucket = of_currency[of_currency.bucket == line.bucket]
                assert line.n_loans == len(of_bucket)
                assert float(line.principal_amount) == pytest.approx(of_bucket.outstanding_principal_amount.sum())
                assert float(line.overdue_amount) == pytest.approx(of_bucket.overdue_amount.sum())
            assert panel.n_written_off == (of_currency.bucket == "written_off").sum()
            assert panel.n_paid_off == (of_currency.bucket == "paid_off").sum()
            assert panel.n_late == ((of_currency.days_past_due > 0) & (of_currency.bucket != "written_off")).sum()


def test_trend_equals_an_independent_computation_at_every_month_end(portfolio: list[Loan], frozen_day: date) -> None:
    frame = _table(MonthEndSnapshot.objects.filter(as_of__lt=frozen_day))
    trend = measure_par_trend(day=frozen_day, months=12, only=PortfolioFilter())
    for currency, points in trend.items():
        days = sorted(set(frame[frame.loan__currency == currency].as_of))
        assert [point.as_of for point in points] == days
        for point in points:
            part = frame[(frame.loan__currency == currency) & (frame.as_of == point.as_of)]
            for threshold in (30, 60, 90):
                assert point.ratio(threshold) == pytest.approx(_par(part, threshold), abs=1e-12)


def test_money_of_two_currencies_is_never_added(portfolio: list[Loan]) -> None:
    panels = measure_at_risk(only=PortfolioFilter())
    assert sorted(panel.currency for panel in panels) == ["NGN", "USD"]


def test_payment_that_was_booked_later_does_not_mend_an_earlier_month_end(
    portfolio: list[Loan], frozen_day: date
) -> None:
    before = measure_par_trend(day=frozen_day, months=12, only=PortfolioFilter())
    late = Delinquency.objects.filter(bucket="91+").select_related("loan").first()
    assert late is not None
    make_payment(late.loan, date(2026, 3, 1), 5000, booked=frozen_day)
    assert measure_par_trend(day=frozen_day, months=12, only=PortfolioFilter()) == before


def test_tiers_take_each_loans_newest_published_score(portfolio: list[Loan], frozen_day: date) -> None:
    promote_logistic()
    score_loans()
    frame = _table(Delinquency.objects.exclude(bucket__in=["paid_off", "written_off"]))
    tiers = {score.loan_id: score.tier for score in Score.objects.order_by("id")}
    frame["tier"] = frame.loan_id.map(tiers)
    measured = measure_tiers(only=PortfolioFilter())
    for currency, lines in measured.items():
        for line in lines:
            part = frame[(frame.loan__currency == currency) & (frame.tier == line.tier)]
            assert line.n_loans == len(part)
            assert float(line.principal_amount) == pytest.approx(part.outstanding_principal_amount.sum())
    assert sum(line.n_loans for lines in measured.values() for line in lines) == len(frame)


def test_work_of_the_day_is_counted_by_the_team_of_who_did_it(
    portfolio: list[Loan], people: dict[str, Any], frozen_day: date
) -> None:
    loan = portfolio[0]
    event = make_contact(loan.borrower, frozen_day, outcome="promise", agent=people["agent"], loan=loan)
    make_promise(loan, made_on=frozen_day, due_on=frozen_day, amount=10, contact_event=event)
    for amount, paid in ((10, 10), (30, 0)):
        other = make_loan(borrower=loan.borrower, instalments=[(date(2026, 5, 1), 50)])
        said = make_contact(loan.borrower, date(2026, 6, 10), outcome="promise", agent=people["agent"], loan=other)
        make_promise(other, made_on=date(2026, 6, 10), due_on=date(2026, 6, 12), amount=amount, contact_event=said)
        if paid:
            make_payment(other, date(2026, 6, 12), paid)
    make_contact(loan.borrower, date(2026, 6, 29), agent=people["agent"])
    make_contact(loan.borrower, frozen_day, agent=people["admin"])
    teams = {work.team: work for work in measure_teams(day=frozen_day, only=PortfolioFilter())}
    assert (teams["North"].n_contacts, teams["North"].n_promises) == (1, 1)
    assert (teams["no team"].n_contacts, teams["no team"].n_promises) == (1, 0)
    assert teams["North"].kept_ratio == pytest.approx(2 / 3)  # that of today is kept by a payment of today
    assert teams["North"].kept_money_ratio == pytest.approx(20 / 50)


def test_whole_dashboard_takes_four_queries(
    portfolio: list[Loan], frozen_day: date, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(4):
        measure_dashboard(day=frozen_day, only=PortfolioFilter())
