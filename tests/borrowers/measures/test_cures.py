"""Cures on random books, against plain Python and pandas, loan by loan."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from itertools import product
from typing import Any

import pandas as pd

from borrowers.measures.services import Bands, measure_cures
from tests.borrowers.measures.books import NEW_TERMS, Tables, band_of, ends_of, later, owing


def expected_cures(tables: Tables, from_day: date, window: int, redefault: int) -> dict[Any, Counter]:
    touch_day, last = later(from_day, window), tables.snapshots.as_of.max()
    borrower_of = dict(zip(tables.loans.id, tables.loans.borrower_id, strict=True))
    found: dict[Any, Counter] = defaultdict(Counter)
    for row in tables.snapshots[tables.snapshots.as_of == from_day].itertuples():
        if not owing(row) or not row.days_past_due:
            continue
        counts = found[(row.currency, band_of(row.days_past_due, (0, 30, 60, 90)))]
        counts["n_late"] += 1
        months = tables.history(row.loan_id)
        if touch_day not in months.index or months.bucket[touch_day] == "sold":
            counts["n_left"] += 1
            continue
        touch = months.loc[touch_day]
        if touch.bucket not in ("current", "paid_off"):
            continue
        arrears_began = from_day - timedelta(days=row.days_past_due)
        is_self = not any(
            (pd.isna(event.loan_id) or event.loan_id == row.loan_id)
            and event.channel != "inbound"
            and arrears_began < event.effective_on <= touch_day
            for event in tables.contacts_of[borrower_of[row.loan_id]]
        )
        if touch.bucket == "paid_off":
            counts["n_paid_in_full"] += 1
            counts["n_self_paid_in_full"] += is_self
            continue
        counts["n_touched"] += 1
        counts["n_self_touched"] += is_self
        after = months[(months.index > touch_day) & (months.index <= last)]
        until = later(touch_day, redefault)
        counts["n_redefaulted"] += any(
            day <= until and (m.bucket == "written_off" or (m.days_past_due > 90 and m.bucket != "sold"))
            for day, m in after.iterrows()
        )
        verdict = judge(tables, row.loan_id, touch_day, after)
        counts[f"n_{verdict}"] += 1
        counts["n_self_sustained"] += is_self and verdict == "sustained"
    return found


def judge(tables: Tables, loan: int, touch_day: date, after: pd.DataFrame) -> str:
    terms = tables.terms[tables.terms.loan_id == loan]
    renewed = terms[terms.reason.isin(NEW_TERMS)]
    distressed = [
        d for d, bad in zip(renewed.effective_on, renewed.is_distressed, strict=True) if bad and d <= touch_day
    ]
    in_force = terms[terms.effective_on <= touch_day].sort_values("version")
    due = sorted(
        day
        for day in tables.instalments[tables.instalments.schedule_id.isin(in_force.id.tail(1))].due_on
        if day > touch_day
    )
    reached_ordinary = False
    for day, month in after.sort_index().iterrows():
        if month.bucket in ("written_off", "sold") or month.days_past_due > 0:
            return "failed"
        if any(touch_day < d <= day for d in renewed.effective_on):
            return "failed"
        if month.bucket == "paid_off":
            return "sustained"
        if (day - touch_day).days >= 90 or (len(due) >= 3 and day > due[2]):
            reached_ordinary = True
            if all(day >= (pd.Timestamp(d) + pd.DateOffset(months=12)).date() for d in distressed):
                return "sustained"
    if any(touch_day < d <= tables.day for d in renewed.effective_on):
        return "failed"
    return "probation" if reached_ordinary else "pending"


def test_cures(each_day: list[Tables]) -> None:
    for tables, (window, redefault) in product(each_day, [(1, 6), (3, 12)]):
        check_cures(tables, window, redefault)


def check_cures(tables: Tables, window: int, redefault: int) -> None:
    measured = measure_cures(as_of=tables.day, window_months=window, redefault_months=redefault)
    total: Counter = Counter()
    for touch_day in ends_of(tables.day, 12):
        from_day = later(touch_day, -window)
        for (currency, band), counts in expected_cures(tables, from_day, window, redefault).items():
            (cohort,) = [c for c in measured[currency] if c.from_day == from_day]
            found = {name: n for name, n in vars(cohort.bands[Bands().names[band]]).items() if n}
            assert found == {name: n for name, n in counts.items() if n}
            assert cohort.redefault_is_complete == (later(touch_day, redefault) <= tables.day)
            total += counts
    assert sum(cohort.whole.n_late for cohorts in measured.values() for cohort in cohorts) == total["n_late"]
