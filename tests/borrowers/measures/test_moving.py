"""Migration, vintages and the loss forecast on random books, against plain Python and pandas, loan by loan."""

from collections import Counter, defaultdict
from datetime import date
from itertools import product
from typing import Any

import pandas as pd
import pytest

from borrowers.measures.services import (
    Bands,
    PortfolioFilter,
    forecast_losses,
    measure_cures,
    measure_migration,
    measure_vintages,
)
from borrowers.models import Loan
from tests.borrowers.measures.books import Tables, band_of, ends_of, later, owing


def test_every_cell_of_the_migration(each_day: list[Tables]) -> None:
    for tables, edges in zip(each_day, [(0, 30, 60, 90), (0, 30, 60, 90, 120, 150)], strict=True):
        check_migration(tables, edges)


def check_migration(tables: Tables, edges: tuple[int, ...]) -> None:
    counts: dict[Any, int] = defaultdict(int)
    amounts: dict[Any, float] = defaultdict(float)
    names = Bands(edges).names
    state_of = {(row.loan_id, row.as_of): row for row in tables.snapshots.itertuples()}
    for to_day in ends_of(tables.day, 12):
        from_day = later(to_day, -1)
        for (loan, day), row in state_of.items():
            after = state_of.get((loan, to_day))
            if day != from_day or not owing(row):
                continue
            state = (
                "left" if after is None
                else after.bucket if not owing(after)
                else names[band_of(after.days_past_due, edges)]
            )  # fmt: skip
            cell = (row.currency, to_day, band_of(row.days_past_due, edges), state)
            counts[cell] += 1
            amounts[cell] += row.outstanding_principal_amount
    measured = measure_migration(as_of=tables.day, bands=Bands(edges))
    seen = 0
    for currency, migration in measured.items():
        for matrix in migration.months:
            for band in range(len(names)):
                for place, state in enumerate(matrix.states):
                    cell = (currency, matrix.to_day, band, state)
                    assert matrix.counts[band][place] == counts[cell]
                    assert float(matrix.amounts[band][place] or 0) == pytest.approx(amounts[cell])
                    seen += matrix.counts[band][place]
                assert matrix.left[band] == counts[(currency, matrix.to_day, band, "left")]
                seen += matrix.left[band]
    assert seen == sum(counts.values()) > 0
    assert Counter(cell[3] for cell in counts)["left"] > 0


def test_rows_sum_to_one_and_roll_rates_are_read_off_them(loans: list[Loan]) -> None:
    matrices = [matrix for migration in measure_migration().values() for matrix in (*migration.months, migration.whole)]
    for matrix, by in product(matrices, ["count", "balance"]):
        n = len(matrix.bands.names)
        for band, row in enumerate(matrix.shares(by=by)):
            if matrix.count_of(band):
                assert sum(part for part in row if part is not None) == pytest.approx(1)
                forward = sum(row[band + 1 : n]) + row[matrix.states.index("written_off")]
                back = sum(row[:band]) + row[matrix.states.index("paid_off")]
                assert matrix.roll_forward(band, by=by) == (pytest.approx(forward) if band + 1 < n else None)
                assert matrix.roll_back(band, by=by) == (pytest.approx(back) if band else None)


def test_vintage_curves(each_day: list[Tables]) -> None:
    for tables, grain in zip(each_day, ["month", "quarter"], strict=True):
        check_vintages(tables, grain)


def age_at_default(tables: Tables, loan: Any) -> int | None:
    """Return the month on book at which a loan was first seen bad."""
    months = tables.history(loan.id)
    bad = months[(months.bucket == "written_off") | ((months.days_past_due > 90) & (months.bucket != "sold"))]
    return (
        (pd.Timestamp(bad.index.min()).to_period("M") - pd.Timestamp(loan.approved_on).to_period("M")).n
        if len(bad)
        else None
    )


def check_vintages(tables: Tables, grain: str) -> None:
    period = {"month": "M", "quarter": "Q"}[grain]
    first_end, last_end = tables.snapshots.as_of.min(), tables.snapshots.as_of.max()
    loans = tables.loans.assign(vintage=[pd.Timestamp(day).to_period(period) for day in tables.loans.approved_on])
    measured = measure_vintages(as_of=tables.day, grain=grain)
    n_drawn = 0
    for (currency, vintage), part in loans.groupby(["currency", "vintage"]):
        (found,) = [v for v in measured[currency].vintages if v.begins_on == vintage.start_time.date()]
        assert found.n_loans == len(part)
        if vintage.start_time.date() < first_end.replace(day=1):
            assert (found.curve, found.is_covered) == ((), False)
            continue
        youngest = pd.Timestamp(part.approved_on.max()).to_period("M")
        n_months = (pd.Timestamp(last_end).to_period("M") - youngest).n + 1
        ages = [age_at_default(tables, loan) for loan in part.itertuples()]
        expected = [sum(age is not None and age <= month for age in ages) / len(part) for month in range(n_months)]
        assert list(found.curve) == pytest.approx(expected)
        assert list(found.curve) == sorted(found.curve)
        n_drawn += 1
    assert n_drawn > 5


def test_loss_forecast_and_its_back_test(each_day: list[Tables]) -> None:
    for tables in each_day:
        check_forecast(tables, tables.day)


def check_forecast(tables: Tables, day: date) -> None:
    rows = {(row.loan_id, row.as_of): row for row in tables.snapshots.itertuples()}
    measured = forecast_losses(as_of=day, horizon=3, learning=6)
    for currency, found in measured.items():
        for forecast, start in ((found.forecast, day), (found.back_test, later(day, -3))):
            flows: dict[tuple[int, Any], float] = defaultdict(float)
            standing: dict[int, float] = defaultdict(float)
            for (loan, as_of), row in rows.items():
                if row.currency != currency or not owing(row):
                    continue
                band = band_of(row.days_past_due, (0, 30, 60, 90))
                if as_of == start:
                    standing[band] += row.outstanding_principal_amount
                after = rows.get((loan, later(as_of, 1)))
                if after is not None and later(start, -6) <= as_of < start:
                    state = band_of(after.days_past_due, (0, 30, 60, 90)) if owing(after) else after.bucket
                    flows[(band, state)] += row.outstanding_principal_amount
            totals: dict[int, float] = defaultdict(float)
            for (band, _), amount in flows.items():
                totals[band] += amount
            balances, lost, expected = dict(standing), 0.0, []
            for _ in range(3):
                moved: dict[Any, float] = defaultdict(float)
                for (band, state), amount in flows.items():
                    moved[state] += balances.get(band, 0.0) * amount / totals[band]
                lost += moved.pop("written_off", 0.0)
                balances = {state: amount for state, amount in moved.items() if isinstance(state, int)}
                expected.append(lost)
            assert forecast is not None
            if set(standing) <= set(totals):
                assert [float(amount or 0) for amount in forecast.expected_amounts] == pytest.approx(expected, abs=0.01)
            else:  # nobody knows where loans of such a band go
                assert set(forecast.expected_amounts) == {None}
            assert float(forecast.balance_amount or 0) == pytest.approx(sum(standing.values()))
        came = [
            sum(
                row.outstanding_principal_amount
                for (loan, as_of), row in rows.items()
                if row.currency == currency and as_of == later(day, -3) and owing(row)
                and (end := rows.get((loan, later(day, -3 + month)))) is not None and end.bucket == "written_off"
            )
            for month in (1, 2, 3)
        ]  # fmt: skip
        assert found.back_test is not None
        assert [float(amount or 0) for amount in found.back_test.actual_amounts] == pytest.approx(came)


def test_filters_part_the_books_and_a_segment_is_a_column_of_loan_or_borrower(loans: list[Loan]) -> None:
    def n_late(**only: Any) -> int:
        return sum(
            cohort.whole.n_late
            for cohorts in measure_cures(only=PortfolioFilter(**only)).values()
            for cohort in cohorts
        )

    whole = n_late()
    products, teams = {loan.product_id for loan in loans}, {loan.borrower.team_id for loan in loans}
    assert whole == n_late(currency="USD") + n_late(currency="NGN")
    assert whole == sum(n_late(product=product) for product in products)
    assert whole == sum(n_late(team=team) for team in teams)
    assert whole > n_late(segment=("branch", "A")) > 0
    assert whole == n_late(segment=("branch", "B")) + n_late(segment=("branch", "C"))
    assert n_late(segment=("branch", "none")) == 0
