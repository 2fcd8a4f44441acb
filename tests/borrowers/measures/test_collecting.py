"""Collecting, recovery and loss given default on random books, against plain Python and pandas, loan by loan."""

from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd
import pytest

from borrowers.measures.services import measure_collecting, measure_workouts
from tests.borrowers.measures.books import NEW_TERMS, Tables, ends_of, exposure, later, owing


def price(tables: Tables, event: Any, currency: str) -> float | None:
    lines = tables.costs[(tables.costs.channel == event.channel) & (tables.costs.currency == currency)]
    lines = lines[lines.since <= event.effective_on].sort_values("since")
    if lines.empty:
        return None
    line = lines.iloc[-1]
    if line.minute_amount and pd.isna(event.talk_minutes):
        return None
    wrap_up = 0 if pd.isna(event.wrap_up_minutes) else event.wrap_up_minutes
    return float(line.cost_amount + (line.minute_amount * (event.talk_minutes + wrap_up) if line.minute_amount else 0))


def test_collecting(each_day: list[Tables]) -> None:
    for tables in each_day:
        check_collecting(tables)


def check_collecting(tables: Tables) -> None:
    measured = measure_collecting(as_of=tables.day)
    loans = tables.loans.set_index("id")
    n_costed = n_uncosted = 0
    for to_day in ends_of(tables.day, 12):
        from_day = later(to_day, -1)
        late = [
            row
            for row in tables.snapshots[tables.snapshots.as_of == from_day].itertuples()
            if owing(row) and row.days_past_due
        ]
        for currency in {row.currency for row in late}:
            (month,) = [month for month in measured[currency] if month.to_day == to_day]
            own = [row for row in late if row.currency == currency]
            paying = [row for row in own if loans.bookkeeping[row.loan_id] == "ledger"]
            assert (month.n_loans, month.n_without_payments) == (len(own), len(own) - len(paying))
            assert float(month.assigned_amount or 0) == pytest.approx(sum(map(exposure, paying)))
            money = tables.payments[tables.payments.loan_id.isin([row.loan_id for row in paying])]
            money = money[(money.effective_on > from_day) & (money.effective_on <= to_day)]
            assert float(month.collected_amount or 0) == pytest.approx(money.amount.sum())
            prices = [
                price(tables, event, currency)
                for event in tables.contacts.itertuples()
                if from_day < event.effective_on <= to_day and currency == currency_of(event, late, loans)
            ]
            assert month.n_contacts == len(prices)
            if None in prices:
                assert (month.cost_amount, month.cost_per_unit) == (None, None)
                n_uncosted += 1
            else:
                assert float(month.cost_amount) == pytest.approx(sum(prices))  # type: ignore[arg-type]
                n_costed += bool(prices)
    assert n_costed + n_uncosted


def currency_of(event: Any, late: list[Any], loans: pd.DataFrame) -> str | None:
    """Say to which currency a contact belongs: that of its own loan, or of the borrower's loan that is latest."""
    fits = [
        row
        for row in late
        if loans.borrower_id[row.loan_id] == event.borrower_id
        and (pd.isna(event.loan_id) or event.loan_id == row.loan_id)
    ]
    return min(fits, key=lambda row: (-row.days_past_due, row.loan_id)).currency if fits else None


def workouts_of(tables: Tables, max_months: int) -> Iterator[dict[str, Any]]:
    first = tables.snapshots.as_of.min()
    started = []
    for loan in tables.loans.itertuples():
        months = tables.history(loan.id).sort_index()
        bad = months[
            (months.bucket == "written_off") | ((months.days_past_due > 90) & ~months.bucket.isin(["paid_off", "sold"]))
        ]
        if len(bad) and bad.index[0] > first:
            started.append((loan, months, bad.index[0]))
    n_of = Counter(loan.borrower_id for loan, _, _ in started)
    for loan, months, default_on in started:
        after = months[months.index > default_on]
        own = tables.events[(tables.events.loan_id == loan.id) & tables.events.kind.isin(["sold", "closed"])]
        own = own[own.effective_on > default_on].sort_values(["effective_on", "id"])
        ways = ways_out(tables, loan.id, default_on, max_months)
        cured_on, resolved_on = ways.get("cured"), min(ways.values(), default=None)
        order = ["cured", "paid_off", "sold", "closed", "timed_out"]
        outcome = next((way for way in order if ways.get(way) == resolved_on), "open") if resolved_on else "open"
        sale_price = float(own.amount.iloc[0]) if len(own) and not pd.isna(own.amount.iloc[0]) else None
        until = resolved_on or tables.day

        def discounted(
            amount: float, day: date, rate: float = loan.annual_interest_ratio, d: date = default_on
        ) -> float:
            return amount / (1 + rate) ** ((day - d).days / 365)

        money = tables.payments[tables.payments.loan_id == loan.id]
        money = money[(money.effective_on > default_on) & (money.effective_on <= until)]
        value = sum(discounted(m.amount, m.effective_on) for m in money.itertuples())
        recovered = money.amount.sum()
        if outcome == "sold" and sale_price is not None:
            value, recovered = value + discounted(sale_price, until), recovered + sale_price
        if outcome == "cured":
            value += discounted(exposure(after.loc[cured_on]), until)
        n_without_cost, cost = 0, 0.0
        for event in tables.contacts_of[loan.borrower_id]:
            if not default_on < event.effective_on <= until:
                continue
            if pd.isna(event.loan_id) or event.loan_id == loan.id:
                each = price(tables, event, loan.currency)
                share = n_of[loan.borrower_id] if pd.isna(event.loan_id) else 1
                n_without_cost += each is None
                cost += discounted((each or 0) / share, event.effective_on)
        yield {
            "currency": loan.currency,
            "outcome": outcome,
            "is_measured": not pd.isna(loan.annual_interest_ratio)
            and loan.bookkeeping == "ledger"
            and not (outcome == "sold" and sale_price is None),
            "ead": exposure(months.loc[default_on]),
            "recovered": recovered,
            "value": value,
            "cost": cost,
            "n_without_cost": n_without_cost,
        }


def ways_out(tables: Tables, loan: int, default_on: date, max_months: int) -> dict[str, date]:
    """Return the day of each way in which a workout has ended."""
    months = tables.history(loan).sort_index()
    after, ways = months[months.index > default_on], {}
    if cured_on := cure_of(tables, loan, after):
        ways["cured"] = cured_on
    if (after.bucket == "paid_off").any():
        ways["paid_off"] = after[after.bucket == "paid_off"].index[0]
    own = tables.events[(tables.events.loan_id == loan) & tables.events.kind.isin(["sold", "closed"])]
    own = own[own.effective_on > default_on].sort_values(["effective_on", "id"])
    if len(own):
        ways[own.kind.iloc[0]] = own.effective_on.iloc[0]
    out_on = (pd.Timestamp(default_on) + pd.DateOffset(months=max_months)).date()
    if out_on <= tables.day:
        ways["timed_out"] = out_on
    return ways


def cure_of(tables: Tables, loan: int, after: pd.DataFrame) -> date | None:
    terms = tables.terms[(tables.terms.loan_id == loan) & tables.terms.reason.isin(NEW_TERMS)]
    runs: list[list[date]] = [[]]
    for day, month in after.iterrows():
        if month.bucket == "current":
            runs[-1].append(day)
        elif runs[-1]:
            runs.append([])
    for run in runs:
        if not run or run[-1] < later(run[0], 3):
            continue
        if any(run[0] < d <= later(run[0], 3) for d in terms.effective_on):
            continue
        if any(
            bad and d <= run[-1] < (pd.Timestamp(d) + pd.DateOffset(months=12)).date()
            for d, bad in zip(terms.effective_on, terms.is_distressed, strict=True)
        ):
            continue
        return run[0]
    return None


def test_recovery_and_loss_given_default(each_day: list[Tables]) -> None:
    for tables, max_months in zip(each_day, (36, 6), strict=True):
        check_workouts(tables, max_months)


def check_workouts(tables: Tables, max_months: int) -> None:
    measured = measure_workouts(as_of=tables.day, workout_months=max_months)
    expected = pd.DataFrame(workouts_of(tables, max_months))
    outcomes: set[str] = set()
    for currency, part in expected.groupby("currency"):
        cohorts = measured[currency]
        assert sum(cohort.n_loans for cohort in cohorts) == len(part)
        for outcome in ("cured", "paid_off", "sold", "closed", "timed_out", "open"):
            assert sum(getattr(cohort, f"n_{outcome}") for cohort in cohorts) == (part.outcome == outcome).sum(), (
                outcome
            )
        known = part[part.is_measured]
        resolved = known[known.outcome != "open"]
        assert sum(cohort.n_not_measured for cohort in cohorts) == len(part) - len(known)
        assert sum(cohort.n_without_cost for cohort in cohorts) == known.n_without_cost.sum()
        for name, rows, column in [
            ("ead_amount", known, "ead"), ("recovered_amount", known, "recovered"), ("value_amount", known, "value"),
            ("cost_amount", known, "cost"), ("resolved_ead_amount", resolved, "ead"),
            ("resolved_value_amount", resolved, "value"), ("resolved_cost_amount", resolved, "cost"),
        ]:  # fmt: skip
            total = sum(float(getattr(cohort, name) or 0) for cohort in cohorts)
            assert total == pytest.approx(rows[column].sum(), abs=0.02 * len(cohorts)), name
        outcomes |= set(part.outcome)
    assert outcomes - {"open"}
