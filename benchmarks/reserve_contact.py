#!/usr/bin/env python
"""How many attempts the gate reserves in a second, against bare INSERTs of the same rows into a table with the same indexes.

Books of --rows borrowers are made in a database of their own, which is dropped at the end; each has six calls of the last
week, so that every answer counts them. Each reservation and each INSERT is a transaction of its own on one connection. Two
figures, medians of --runs:

    reserve   an attempt is reserved: rules, zones, hours, holds, consent and six calls are looked at
    refuse    the eighth call is refused and the refusal logged

    .venv/bin/python benchmarks/reserve_contact.py --rows 500
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

from django.db import connection

from borrowers.models import Borrower, ContactEvent
from borrowers.services import set_business_date

DAY = date(2026, 6, 30)
NOON = datetime(2026, 6, 30, 16, tzinfo=UTC)
RESERVE = "SELECT reservation_id FROM reserve_contact(%s, NULL, 'call', NULL, NULL, %s)"
BARE = (
    "INSERT INTO bare_reservation (id, borrower_id, number, channel, reserved_at, lease_until, answer, flags, booked_at, purpose,"
    " state) SELECT nextval('bare_id'), %s, 1, 'call', %s, %s, (SELECT answer FROM kept_answer), '{}', now(), 'collection',"
    " 'reserved'"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=500, metavar="N", help="borrowers (default 500)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each figure (default 5)")
    options = parser.parse_args()
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        measure(rows=options.rows, runs=options.runs)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(*, rows: int, runs: int) -> None:
    """Print one JSON line per figure."""
    set_business_date(day=DAY, is_frozen=True)
    people = [make_borrowers(rows, run) for run in range(runs)]
    make_floor(people[0][0])
    reserved, refused, bare = [], [], []
    for ids in people:
        bare.append(seconds_of(lambda ids=ids: each(ids, BARE, [NOON, NOON])))
        reserved.append(seconds_of(lambda ids=ids: each(ids, RESERVE, [NOON])))
        refused.append(seconds_of(lambda ids=ids: each(ids, RESERVE, [NOON])))
    report("reserve", reserved, bare, rows=rows, runs=runs)
    report("refuse", refused, bare, rows=rows, runs=runs)


def make_borrowers(rows: int, run: int) -> list[int]:
    people = Borrower.objects.bulk_create(
        Borrower(external_id=f"B{run}-{n}", time_zone="America/New_York", jurisdiction="US-NY") for n in range(rows)
    )
    ContactEvent.objects.bulk_create(
        (
            ContactEvent(
                borrower=person, channel="call", outcome="no_answer", reached_borrower=False,
                effective_on=DAY - timedelta(days=days), happened_at=NOON - timedelta(days=days),
            )
            for person in people
            for days in range(6)
        ),
        batch_size=5_000,
    )  # fmt: skip
    return [person.pk for person in people]


def make_floor(borrower: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare_reservation (LIKE recovery_contactreservation INCLUDING INDEXES)")
        cursor.execute("CREATE SEQUENCE bare_id")
        cursor.execute(
            "CREATE TABLE kept_answer AS SELECT contact_answer(%s, NULL, 'call', NULL, %s) AS answer", [borrower, NOON]
        )
        cursor.execute("ANALYZE")


def each(ids: list[int], statement: str, values: list[object]) -> None:
    with connection.cursor() as cursor:
        for borrower in ids:
            cursor.execute(statement, [borrower, *values])


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def report(figure: str, ours: list[float], floor: list[float], *, rows: int, runs: int) -> None:
    ours_median, floor_median = statistics.median(ours), statistics.median(floor)
    print(
        json.dumps(
            {
                "figure": figure,
                "ours": round(rows / ours_median),
                "reference": round(rows / floor_median),
                "ratio": round(ours_median / floor_median, 2),
                "unit": "1/s",
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    main()
