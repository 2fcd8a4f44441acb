#!/usr/bin/env python
"""How long the full delinquency refresh takes, against two plain aggregates by loan over the same instalments and payments.

Loans with twelve instalments and twelve payments each are made by INSERT … SELECT in a database of its own, which is dropped at
the end; payments lie in the order of their days, as they come in. One loan in five is one to four instalments behind. Foreign
keys are left out; indexes are made once the rows are there. Four figures, medians of --runs; each reference is taken beside its
figure:

    refresh_new_day  every loan computed anew on a new business day: each row written, those that only move within their page
    refresh_same_day every loan computed anew, nothing to write
    refresh_changed  one loan in a hundred got a payment the same day, and only these are refreshed, against refresh_new_day
    cost_per_loan    with --curve: microseconds of refresh_new_day per loan at each size, against the first one

    .venv/bin/python benchmarks/refresh_delinquency.py --rows 20000
    .venv/bin/python benchmarks/refresh_delinquency.py --curve 100000 1000000 5000000
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

from django.db import connection
from django.db.backends.utils import CursorWrapper

from borrowers.models import MonthEndSnapshot
from borrowers.services import end_of_day, refresh_delinquency, set_business_date

FLOOR = (
    """
    SELECT count(*), sum(due)
    FROM (
        SELECT loan_id, sum(principal_amount + interest_amount + fee_amount) AS due, min(due_on)
        FROM borrowers_instalment GROUP BY loan_id
    ) AS of_loan
    """,
    """
    SELECT count(*), sum(paid)
    FROM (SELECT loan_id, sum(amount) AS paid, max(effective_on) FROM borrowers_payment GROUP BY loan_id) AS of_loan
    """,
)


DAY = date(2026, 6, 15)
LOANS_A_STATEMENT = 250_000
FILL = (
    """
    INSERT INTO borrowers_borrower (
        external_id, full_name, language, time_zone, jurisdiction, household, attributes, is_simulated, created_at
    ) VALUES ('B', '', '', '', '', '', '{}', true, now())
    """,
    "INSERT INTO borrowers_product (code, name, tolerance_amount) VALUES ('personal', 'Personal', 0)",
    """
    INSERT INTO borrowers_loan (
        external_id, borrower_id, product_id, currency, principal_amount, approved_on, attributes, booked_at
    )
    SELECT 'L' || i, borrower.id, product.id, 'USD', 1200, approved_on, '{}', approved_on
    FROM borrowers_borrower AS borrower, borrowers_product AS product, generate_series(1, %(loans)s) AS i,
        LATERAL (SELECT DATE '2025-06-01' + (i::bigint * 7919 %% 210)::integer AS approved_on) AS began
    """,
    """
    INSERT INTO borrowers_scheduleversion (loan_id, version, reason, effective_on, booked_at)
    SELECT id, 1, 'original', approved_on, booked_at FROM borrowers_loan ORDER BY id
    """,
)
FILL_INSTALMENTS = """
    INSERT INTO borrowers_instalment (
        loan_id, schedule_id, number, due_on, principal_amount, interest_amount, fee_amount
    )
    SELECT loan_id, id, k, (effective_on + make_interval(months => k))::date, 100, 10, 2
    FROM borrowers_scheduleversion, generate_series(1, 12) AS k
    WHERE id > %(after)s AND id <= %(upto)s
    ORDER BY id, k
"""
FILL_PAYMENTS = """
    INSERT INTO borrowers_payment (loan_id, amount, status, effective_on, booked_at, channel)
    SELECT loan_id, amount, 'cleared', paid_on, paid_on + TIME '12:00', 'transfer'
    FROM (
        SELECT
            loan.id AS loan_id, (loan.approved_on + ((%(day)s::date - loan.approved_on) * k / 12))::date AS paid_on,
            greatest(
                round(112.0 * (due.n - CASE WHEN loan.id %% 5 = 0 THEN 1 + loan.id / 5 %% 4 ELSE 0 END) / 12, 2), 1
            ) AS amount
        FROM borrowers_loan AS loan
        CROSS JOIN LATERAL (
            SELECT count(*) AS n FROM generate_series(1, 12) AS k
            WHERE loan.approved_on + make_interval(months => k) <= %(day)s::date
        ) AS due
        CROSS JOIN generate_series(1, 12) AS k
    ) AS paid
    ORDER BY paid_on, loan_id
"""
TABLES = (
    "borrowers_loan",
    "borrowers_scheduleversion",
    "borrowers_scheduleplan",
    "borrowers_instalment",
    "borrowers_payment",
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="loans (default 20,000)")
    parser.add_argument("--curve", type=int, nargs="+", metavar="N", help="loans of each size, in place of --rows")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each figure (default 5)")
    options = parser.parse_args()
    connection.settings_dict["TEST"]["NAME"] = "benchmark_refresh_delinquency"  # tests may run meanwhile
    first = None
    for loans in options.curve or [options.rows]:
        name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            fill(loans)
            seconds = measure(loans=loans, runs=options.runs)
        finally:
            connection.creation.destroy_test_db(name, verbosity=0)
        cost = seconds / loans * 1e6
        first = first or cost
        if options.curve:
            report(f"cost_per_loan_{loans}", [cost], [first], at_most=1.3, aim=1.1, runs=options.runs, unit="us")


def fill(loans: int) -> None:
    """Make the loans; what the tables keep up by themselves, plans of schedules among it, is kept up."""
    print(f"making {loans:,} loans", file=sys.stderr)
    began = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET maintenance_work_mem = '1GB'; SET work_mem = '512MB'")
        indexes = drop_what_slows_filling(cursor)
        for statement in FILL:
            cursor.execute(statement, {"loans": loans})
        for after in range(0, loans, LOANS_A_STATEMENT):
            cursor.execute(FILL_INSTALMENTS, {"after": after, "upto": after + LOANS_A_STATEMENT})
        cursor.execute(FILL_PAYMENTS, {"day": DAY})
        for statement in indexes:
            cursor.execute(statement)
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute(f"VACUUM ANALYZE {table}")
        cursor.execute("RESET synchronous_commit; RESET maintenance_work_mem; RESET work_mem")
    print(f"made in {time.perf_counter() - began:,.0f} s", file=sys.stderr)
    # month ends are kept once, not every time: they are no part of the figures here
    MonthEndSnapshot.objects.bulk_create(
        MonthEndSnapshot(loan_id=1, as_of=day, known_at=end_of_day(day), bucket="current") for day in month_ends()
    )


def drop_what_slows_filling(cursor: CursorWrapper) -> list[str]:
    """Drop foreign keys, checks by trigger and all indexes but primary keys; return what makes the indexes again."""
    cursor.execute(
        """
        SELECT conrelid::regclass::text, conname, contype = 'u', pg_get_constraintdef(oid)
        FROM pg_constraint WHERE contype IN ('f', 'u') AND conrelid = ANY (%s::regclass[])
        ORDER BY contype  -- a foreign key hangs on the unique constraint that it refers to
        """,
        [list(TABLES)],
    )
    again = []
    for table, name, is_unique, definition in cursor.fetchall():
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        if is_unique:
            again.append(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index "
        "WHERE NOT indisprimary AND indrelid = ANY (%s::regclass[])",
        [list(TABLES)],
    )
    for name, definition in cursor.fetchall():
        cursor.execute(f"DROP INDEX {name}")
        again.append(definition)
    for table in TABLES:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    cursor.execute("ALTER TABLE borrowers_instalment ENABLE TRIGGER schedule_plans_are_kept")
    return again


def month_ends() -> list[date]:
    return [date(year, month, 1) - timedelta(days=1) for year in (2025, 2026) for month in range(1, 13)]


def measure(*, loans: int, runs: int) -> float:
    """Print one JSON line per figure and return the median seconds of a new day."""
    day = DAY
    set_business_date(day=day, is_frozen=True)
    refresh_delinquency()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE borrowers_delinquency")
    new_day, same_day, floor, changed = [], [], [], []
    for _ in range(runs):
        floor.append(seconds_of(read_aggregates))
        same_day.append(seconds_of(refresh_delinquency))
        day += timedelta(days=1)
        set_business_date(day=day, is_frozen=True)
        new_day.append(seconds_of(refresh_delinquency))
        ids = pay_one_in_a_hundred(day)
        changed.append(seconds_of(lambda ids=ids: refresh_delinquency(loans=ids)))
    report("refresh_new_day", new_day, floor, at_most=2.5, aim=1.8, runs=runs)
    report("refresh_same_day", same_day, floor, at_most=2.5, aim=1.8, runs=runs)
    report("refresh_changed", changed, new_day, at_most=0.04, aim=0.02, runs=runs)
    return statistics.median(new_day)


def read_aggregates() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET work_mem = '256MB'")  # as the refresh has it
        for statement in FLOOR:
            cursor.execute(statement)
            cursor.fetchall()
        cursor.execute("RESET work_mem")


def pay_one_in_a_hundred(day: date) -> list[int]:
    """Enter a payment for one loan in a hundred, spread over the books, and return their ids."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO borrowers_payment (loan_id, amount, status, effective_on, booked_at, channel)
            SELECT id, 5, 'cleared', %s, clock_timestamp(), 'transfer' FROM borrowers_loan WHERE id %% 100 = %s
            RETURNING loan_id
            """,
            [day, day.toordinal() % 100],
        )
        return [loan_id for (loan_id,) in cursor.fetchall()]


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(
    figure: str, ours: list[float], reference: list[float], *, at_most: float, aim: float, runs: int, unit: str = "s"
) -> None:
    ours_median, reference_median = statistics.median(ours), statistics.median(reference)
    print(
        json.dumps(
            {
                "figure": figure,
                "ours": round(ours_median, 4),
                "reference": round(reference_median, 4),
                "ratio": round(ours_median / reference_median, 3),
                "at_most": at_most,
                "aim": aim,
                "unit": unit,
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    main()
