#!/usr/bin/env python
"""How long the full delinquency refresh takes, against two plain aggregates by loan over the same instalments and payments.

A simulated lender is made in a database of its own, which is dropped at the end. Three figures, medians of --runs:

    refresh          every loan computed anew and every row written, as on a new business day
    refresh_same     every loan computed anew, nothing to write
    refresh_changed  one loan in a hundred got a payment the same day, and only these are refreshed, against the full refresh

    .venv/bin/python benchmarks/refresh_delinquency.py --rows 20000
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import connection

from borrowers.models import Delinquency, Loan
from borrowers.services import get_business_date, record_payment, refresh_delinquency, set_business_date

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


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="loans to simulate (default 20,000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each figure (default 5)")
    options = parser.parse_args()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(rows=options.rows, runs=options.runs)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(*, rows: int, runs: int) -> None:
    """Print one JSON line per figure; every pair of times is taken side by side."""
    call_command("simulate_portfolio", loans=rows, seed=1, stdout=sys.stderr)
    day = get_business_date()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    refresh_delinquency(as_of=day)
    full, same, floor, changed = [], [], [], []
    for _ in range(runs):
        floor.append(seconds_of(read_aggregates))
        same.append(seconds_of(lambda: refresh_delinquency(as_of=get_business_date())))
        day += timedelta(days=1)
        set_business_date(day=day, is_frozen=True)
        full.append(seconds_of(lambda: refresh_delinquency(as_of=get_business_date())))
        loans = pay_one_in_a_hundred()
        changed.append(seconds_of(lambda ids=loans: refresh_delinquency(as_of=get_business_date(), loans=ids)))
    report("refresh", full, floor, at_most=2.5, aim=1.8, runs=runs)
    report("refresh_same", same, floor, at_most=2.5, aim=1.8, runs=runs)
    report("refresh_changed", changed, full, at_most=0.04, aim=0.02, runs=runs)


def read_aggregates() -> None:
    with connection.cursor() as cursor:
        for statement in FLOOR:
            cursor.execute(statement)
            cursor.fetchall()


def pay_one_in_a_hundred() -> list[int]:
    """Enter a payment for every hundredth loan that owes and return their ids."""
    owing = Delinquency.objects.filter(outstanding_amount__gt=0).order_by("loan_id").values_list("loan_id", flat=True)
    loans = Loan.objects.filter(pk__in=list(owing[::100]))
    for loan in loans:
        record_payment(loan=loan, amount=(loan.principal_amount / 100).quantize(Decimal("0.01")))
    return [loan.pk for loan in loans]


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(figure: str, ours: list[float], reference: list[float], *, at_most: float, aim: float, runs: int) -> None:
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
                "unit": "s",
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    main()
