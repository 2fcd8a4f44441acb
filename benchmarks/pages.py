#!/usr/bin/env python
"""What the pages of borrowers and loans cost at two sizes of the books: the 95th percentile of each, and its queries.

Each size is made in a database of its own by one INSERT … SELECT FROM generate_series per table: a borrower has one loan or two,
a loan 12 instalments, some 8 payments, a score, three contacts. Pages are asked for in process through the whole stack, log-in,
matrix and templates included, each for other rows every time. One JSON line per page: ours is the 95th percentile at --rows,
reference the one at --small; queries must be equal.

    .venv/bin/python benchmarks/pages.py --rows 5000000 --small 100000
"""

import argparse
import json
import math
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, setup_test_environment
from django.utils import timezone

from borrowers.models import Product
from borrowers.services import set_business_date
from creditpath.accounts.models import Role, Team, User
from creditpath.command import day
from scoring.models import ModelVersion, ScoringRun

DAY = day("2026-06-30")
TEAMS = 20
BULK = (
    "borrowers_borrower", "borrowers_contactpoint", "borrowers_loan", "borrowers_scheduleversion", "borrowers_instalment",
    "borrowers_payment", "borrowers_delinquency", "borrowers_monthendsnapshot", "borrowers_contactevent",
    "scoring_featurevector", "scoring_score", "recovery_recommendation",
)  # fmt: skip
# Loan n belongs to borrower ceil(n * 4 / 5); names, days past due and amounts follow from n by a multiplicative hash.
BOOKS = """
INSERT INTO borrowers_borrower (id, external_id, full_name, birth_date, language, time_zone, jurisdiction, household, team_id,
        attributes, is_simulated, created_at)
    SELECT n, 'B' || n, initcap(substr(md5(n::text), 1, 6)) || ' ' || initcap(substr(md5((n / 40)::text), 1, 8)),
        DATE '1960-01-01' + n % 15000, 'en', 'America/New_York', 'US-NY', '', 1 + n % {teams}, '{"employer": "Acme"}', true, now()
    FROM generate_series(1, ceil({rows} * 0.8)::int) AS n;
INSERT INTO borrowers_contactpoint (borrower_id, kind, value, is_preferred, time_zone)
    SELECT n, 'phone', '+1212' || lpad(n::text, 7, '0'), true, '' FROM generate_series(1, ceil({rows} * 0.8)::int) AS n;
INSERT INTO borrowers_loan (id, external_id, borrower_id, product_id, bookkeeping, currency, principal_amount,
        annual_interest_ratio, term_days, approved_on, attributes, booked_at)
    SELECT n, 'L' || n, ceil(n * 0.8), (SELECT min(id) FROM borrowers_product) + n % 2, 'ledger', 'USD', 1200, 0.1, 360,
        DATE '2025-11-01' + n % 30, '{}', '2025-12-01'
    FROM generate_series(1, {rows}) AS n;
INSERT INTO borrowers_scheduleversion (id, loan_id, version, reason, is_distressed, effective_on, booked_at)
    SELECT n, n, 1, 'original', false, DATE '2025-11-01' + n % 30, '2025-12-01' FROM generate_series(1, {rows}) AS n;
INSERT INTO borrowers_instalment (loan_id, schedule_id, number, due_on, principal_amount, interest_amount, fee_amount)
    SELECT n, n, k, DATE '2025-12-01' + n % 30 + k * 30, 100, 10, 0
    FROM generate_series(1, {rows}) AS n, generate_series(1, 12) AS k;
INSERT INTO borrowers_payment (loan_id, amount, status, effective_on, booked_at, channel, reference, reversal_reason)
    SELECT n, 110, 'cleared', DATE '2025-12-01' + n % 30 + k * 30, DATE '2025-12-01' + n % 30 + k * 30, 'transfer', '', ''
    FROM generate_series(1, {rows}) AS n, generate_series(1, 9) AS k
    WHERE k <= 3 + (n * 2654435761) % 7 AND DATE '2025-12-01' + n % 30 + k * 30 <= DATE '2026-06-30';
INSERT INTO borrowers_delinquency (loan_id, as_of, days_past_due, bucket, instalments_past_due, oldest_unpaid_due_on,
        overdue_amount, overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount,
        last_paid_on, last_paid_amount, next_due_on, next_due_amount, refreshed_at)
    SELECT n, '2026-06-30', late, bucket_of(late), late / 30, CASE WHEN late > 0 THEN DATE '2026-06-30' - late END,
        late * 4, late * 3, 600, 700, 500, '2026-05-01', 110, '2026-07-10', 110, now()
    FROM (SELECT n, greatest(0, ((n * 2654435761) % 400)::int - 280) AS late FROM generate_series(1, {rows}) AS n) AS loan;
INSERT INTO borrowers_monthendsnapshot (loan_id, as_of, known_at, days_past_due, bucket, instalments_past_due, overdue_amount,
        overdue_principal_amount, outstanding_principal_amount, outstanding_amount, paid_amount)
    SELECT n, '2026-05-31', '2026-06-01', 0, 'current', 0, 0, 0, 700, 800, 400 FROM generate_series(1, {rows}) AS n;
INSERT INTO borrowers_contactevent (borrower_id, loan_id, channel, outcome, reached_borrower, happened_at, effective_on,
        booked_at, note)
    SELECT ceil(n * 0.8), n, 'call', 'no_answer', false, TIMESTAMPTZ '2026-06-01' + k * interval '5 days',
        DATE '2026-06-01' + k * 5, TIMESTAMPTZ '2026-06-01' + k * interval '5 days', 'Nobody there.'
    FROM generate_series(1, {rows}) AS n, generate_series(1, 3) AS k WHERE n % 4 = 0;
INSERT INTO scoring_featurevector (id, loan_id, as_of, known_at, feature_set, values, built_at)
    SELECT n, n, '2026-06-30', now(), 'f', '{1}', now() FROM generate_series(1, {rows}) AS n;
INSERT INTO scoring_score (run_id, loan_id, vector_id, pd, tier, scored_at)
    SELECT 1, n, n, (n % 100) / 100.0, (ARRAY['low', 'medium', 'high', 'very_high'])[1 + n % 4], now()
    FROM generate_series(1, {rows}) AS n;
"""


@dataclass(frozen=True)
class Page:
    """One page: its address for row n of `rows` loans."""

    figure: str
    address: Callable[[int, int], str]


PAGES = (
    Page("borrower_page", lambda n, rows: f"/borrowers/{math.ceil(n * 0.8)}/"),
    Page("loan_page", lambda n, rows: f"/loans/{n}/"),
    Page("loan_in_admin", lambda n, rows: f"/admin/borrowers/loan/{n}/change/"),
    Page("worklist", lambda n, rows: "/worklist/"),
    Page("borrower_list", lambda n, rows: "/admin/borrowers/borrower/"),
    Page("borrower_list_second_pages", lambda n, rows: f"/admin/borrowers/borrower/?p={2 + n % 20}"),
    Page("borrower_search_by_name", lambda n, rows: f"/admin/borrowers/borrower/?q={_letters(n)}"),
    Page("borrower_search_by_number", lambda n, rows: f"/admin/borrowers/borrower/?q=B{math.ceil(n * 0.8)}"),
    Page("borrower_list_of_a_team", lambda n, rows: f"/admin/borrowers/borrower/?team={1 + n % TEAMS}"),
    Page("loan_list", lambda n, rows: "/admin/borrowers/loan/"),
    Page("loan_list_of_a_bucket", lambda n, rows: "/admin/borrowers/loan/?bucket=61-90"),
    Page("loan_list_of_a_product", lambda n, rows: "/admin/borrowers/loan/?product=1"),
    Page("loan_list_of_a_tier", lambda n, rows: "/admin/borrowers/loan/?tier=high"),
    Page("loan_list_by_days_late", lambda n, rows: "/admin/borrowers/loan/?o=-4"),
    Page("loan_search_by_number", lambda n, rows: f"/admin/borrowers/loan/?q=L{n}"),
    Page("loan_search_by_name", lambda n, rows: f"/admin/borrowers/loan/?q={_letters(n)}"),
    Page("payment_list", lambda n, rows: "/admin/borrowers/payment/"),
    Page("payment_search_by_loan", lambda n, rows: f"/admin/borrowers/payment/?q=L{n}"),
    Page("instalment_list", lambda n, rows: "/admin/borrowers/instalment/"),
    Page("snapshot_list_of_a_bucket", lambda n, rows: "/admin/borrowers/monthendsnapshot/?bucket=current"),
    Page("api_loan", lambda n, rows: f"/api/v1/loans/{n}/"),
    Page("api_loan_list", lambda n, rows: "/api/v1/loans/"),
    Page("api_loan_list_by_days_late", lambda n, rows: "/api/v1/loans/?ordering=-days_past_due"),
    Page("api_borrower_list", lambda n, rows: "/api/v1/borrowers/"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--rows", type=int, default=50_000, metavar="N", help="loans of the larger books (default 50,000)"
    )
    parser.add_argument(
        "--small", type=int, default=5_000, metavar="N", help="loans of the smaller books (default 5,000)"
    )
    parser.add_argument("--runs", type=int, default=60, metavar="N", help="requests of each page (default 60)")
    parser.add_argument("--only", metavar="WORD", help="pages whose figure contains the word")
    parser.add_argument("--keep", action="store_true", help="leave the larger database, test_…, behind")
    options = parser.parse_args()
    pages = [page for page in PAGES if not options.only or options.only in page.figure]
    setup_test_environment()
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }
    measured = [
        measure_books(rows, pages=pages, runs=options.runs, keep=options.keep and rows == options.rows)
        for rows in (options.small, options.rows)
    ]
    for page in pages:
        (small, few), (large, many) = (each[page.figure] for each in measured)
        print(
            json.dumps(
                {
                    "figure": page.figure, "ours": round(large, 2), "reference": round(small, 2),
                    "ratio": round(large / small, 2), "at_most": 2, "aim": 1.3, "unit": "ms", "runs": options.runs,
                    "queries": many, "queries_of_reference": few,
                }
            )
        )  # fmt: skip


def measure_books(rows: int, *, pages: list[Page], runs: int, keep: bool) -> dict[str, tuple[float, int]]:
    """Return the 95th percentile in ms and the number of queries of each page on books of so many loans."""
    own = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        build(rows)
        client = Client(SERVER_NAME="localhost")
        client.force_login(
            User.objects.create_user(username="bench", password="x", role=Role.ADMIN),
            backend="creditpath.accounts.backends.RoleBackend",
        )
        return {page.figure: measure(client, page, rows=rows, runs=runs) for page in pages}
    finally:
        if not keep:
            connection.creation.destroy_test_db(own, verbosity=0)


def build(rows: int) -> None:
    """Fill empty books. Without foreign keys, whose checks are most of the time and no part of reading."""
    for number in range(TEAMS):
        Team.objects.create(id=1 + number, name=f"Team {number}")
    for code in ("personal", "car"):
        Product.objects.create(code=code, name=code)
    model = ModelVersion.objects.create(
        name="default-logistic-1", purpose="default", algorithm="logistic", onnx=b"onnx", sha256="0" * 64, feature_set="f",
        feature_names=["days_past_due"], target={}, data_window={}, metrics={}, parity={"max_abs_diff": 0.0, "n_rows": 100_000},
        threshold=0.5,
        tier_edges=[0.1, 0.2, 0.3], is_simulated=True,
    )  # fmt: skip
    now = timezone.now()
    ScoringRun.objects.create(
        id=1, model=model, kind="batch", engine="onnxruntime", as_of=DAY, known_at=now, published_at=now, n_scored=rows
    )
    with connection.cursor() as cursor:
        for table in BULK:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute("SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'", [table])
            for (constraint,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"')
        for statement in BOOKS.replace("{rows}", str(rows)).replace("{teams}", str(TEAMS)).split(";\n"):
            if statement.strip():
                began = time.perf_counter()
                cursor.execute(statement)
                print(f"{time.perf_counter() - began:7.1f} s {statement.split('(')[0].strip()}", file=sys.stderr)
    set_business_date(day=DAY, is_frozen=True)
    connection.ensure_connection()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def measure(client: Client, page: Page, *, rows: int, runs: int) -> tuple[float, int]:
    numbers = list(_drawn(rows, runs + 5))
    for number in numbers[:5]:
        ask(client, page.address(number, rows))
    times = []
    for number in numbers[5:]:
        began = time.perf_counter()
        ask(client, page.address(number, rows))
        times.append(1000 * (time.perf_counter() - began))
    with CaptureQueriesContext(connection) as queries:
        ask(client, page.address(numbers[0], rows))
    p95 = sorted(times)[math.ceil(0.95 * len(times)) - 1]
    print(f"{rows:>10,} loans {page.figure:<30} {p95:9.1f} ms {len(queries):3} queries", file=sys.stderr)
    return p95, len(queries)


def ask(client: Client, address: str) -> None:
    answer = client.get(address)
    if answer.status_code != 200:
        raise SystemExit(f"{address} answers {answer.status_code}")


def _drawn(rows: int, n: int) -> Iterator[int]:
    numbers = random.Random(1)  # the same every time
    for _ in range(n):
        yield numbers.randint(1, rows)


def _letters(number: int) -> str:
    """Return the first five letters of a borrower's name, as the books make them."""
    import hashlib

    return hashlib.md5(str(math.ceil(number * 0.8)).encode(), usedforsecurity=False).hexdigest()[:5]


if __name__ == "__main__":
    main()
