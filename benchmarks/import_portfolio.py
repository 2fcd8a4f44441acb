#!/usr/bin/env python
"""How long an import takes from CSV files to the report, against PostgreSQL's own COPY of the same rows into the same tables.

The files are made first: --rows loans, each of one borrower with a telephone number, with twelve instalments and twelve
payments. Each run imports them into an empty database in a process of its own, copies the rows that this made out to text files,
empties the tables and lets COPY bring the rows back, with the same indexes, constraints and triggers. Two figures:

    import_portfolio         seconds of the import against seconds of COPY, medians of --runs
    import_portfolio_memory  peak resident memory of the importing process, the largest of --runs, against 1 GiB

    .venv/bin/python benchmarks/import_portfolio.py --rows 1000000
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection

MAPPING = """
[defaults]
currency = "USD"
product = "personal"
late_entries = "booked_on_their_day"

[[source]]
files = "borrowers.csv"
[source.borrower]
external_id = "customer"
full_name = "name"
phone = "phone"
[source.borrower.attributes]
segment = "segment"

[[source]]
files = "loans.csv"
[source.loan]
external_id = "loan"
borrower = "customer"
principal_amount = "principal"
annual_interest_ratio = { column = "rate", divide_by = 100 }
approved_on = "approved"

[[source]]
files = "instalments.csv"
[source.instalment]
loan = "loan"
number = "number"
due_on = "due"
principal_amount = "principal"
interest_amount = "interest"

[[source]]
files = "payments.csv"
[source.payment]
external_id = "reference"
loan = "loan"
amount = "amount"
effective_on = "paid"
channel = "channel"
"""
TERMS = 12
LOANS_AT_ONCE = 100_000
TABLES = (
    "borrowers_product", "borrowers_borrower", "borrowers_contactpoint", "borrowers_loan", "borrowers_scheduleversion",
    "borrowers_instalment", "borrowers_payment",
)  # fmt: skip
# Reports the memory of this process alone: what the kernel keeps for a child in its resource usage begins with its parent's peak.
IMPORT = """
import json, sys, time
from pathlib import Path
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from borrowers.services import import_portfolio
began = time.perf_counter()
report = import_portfolio(source=Path(sys.argv[2]), mapping=Path(sys.argv[3]))
seconds = time.perf_counter() - began
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(json.dumps({"seconds": seconds, "peak_bytes": peak * 1024, "read": report.read, "rejected": report.rejected}))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="loans to import (default 20,000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each side (default 5)")
    options = parser.parse_args()
    connection.settings_dict["TEST"]["NAME"] = "benchmark_import"
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        with tempfile.TemporaryDirectory(prefix="import-benchmark-") as folder:
            measure(Path(folder), database=name, rows=options.rows, runs=options.runs)
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def measure(folder: Path, *, database: str, rows: int, runs: int) -> None:
    """Print one JSON line per figure; each run's two times are taken one after the other."""
    export, copies, mapping = folder / "export", folder / "copies", folder / "lender.toml"
    export.mkdir()
    copies.mkdir()
    mapping.write_text(MAPPING)
    write_files(export, rows)
    ours, floor, peaks = [], [], []
    for run in range(1, runs + 1):
        empty_tables()
        done = run_import(database, export, mapping)
        expected = 2 * rows + 2 * TERMS * rows
        if (done["read"], done["rejected"]) != (expected, 0):
            raise SystemExit(f"read {done['read']} and rejected {done['rejected']} rows of {expected}")
        copy_out(copies)
        empty_tables()
        floor.append(seconds_of_copy(copies))
        ours.append(done["seconds"])
        peaks.append(done["peak_bytes"])
        print(
            f"run {run}: import {ours[-1]:.1f} s, COPY {floor[-1]:.1f} s, {peaks[-1] / 2**20:.0f} MiB", file=sys.stderr
        )
    report("import_portfolio", statistics.median(ours), statistics.median(floor), 4, 2.5, "s", runs)
    report("import_portfolio_memory", max(peaks) / 2**20, 1024, 1, None, "MiB", runs)


def write_files(folder: Path, rows: int) -> None:
    """Write the lender's four files, with memory for LOANS_AT_ONCE loans."""
    random = np.random.default_rng(1)
    writers: dict[str, pa_csv.CSVWriter] = {}
    for first in range(1, rows + 1, LOANS_AT_ONCE):
        number = np.arange(first, min(first + LOANS_AT_ONCE, rows + 1))
        for name, table in tables_of(number, random).items():
            if name not in writers:
                writers[name] = pa_csv.CSVWriter(
                    folder / name, table.schema, write_options=pa_csv.WriteOptions(quoting_style="needed")
                )
            writers[name].write_table(table)
    for writer in writers.values():
        writer.close()


def tables_of(number: np.ndarray, random: np.random.Generator) -> dict[str, pa.Table]:
    n = len(number)
    customer, loan = named("C", number), named("L", number)
    approved = np.datetime64("2024-01-01") + random.integers(0, 365, n)
    principal = random.integers(500, 20_000, n) * 12
    of_loan, term = np.repeat(np.arange(n), TERMS), np.tile(np.arange(1, TERMS + 1), n)
    due = approved[of_loan] + 30 * term
    interest_cents = random.integers(100, 9_999, n)[of_loan]
    paid_cents = (principal[of_loan] // TERMS) * 100 + interest_cents
    segments = np.array(["retail", "farm", "small firm", "staff"])
    channels = np.array(["transfer", "card", "cash", "direct_debit"])
    return {
        "borrowers.csv": pa.table(
            {
                "customer": customer,
                "name": pa.array([f"Person {value}" for value in number.tolist()]),
                "phone": pa.array([f"+1212{value:07d}" for value in number.tolist()]),
                "segment": segments[random.integers(0, 4, n)],
            }
        ),
        "loans.csv": pa.table(
            {
                "loan": loan,
                "customer": customer,
                "principal": principal,
                "rate": np.round(random.uniform(5, 40, n), 2),
                "approved": approved,
            }
        ),
        "instalments.csv": pa.table(
            {
                "loan": loan.take(pa.array(of_loan)),
                "number": term,
                "due": due,
                "principal": principal[of_loan] // TERMS,
                "interest": in_units(interest_cents),
            }
        ),
        "payments.csv": pa.table(
            {
                "reference": named("P", number[of_loan] * 100 + term),
                "loan": loan.take(pa.array(of_loan)),
                "amount": in_units(paid_cents),
                "paid": due + random.integers(-3, 40, len(due)),
                "channel": channels[random.integers(0, 4, len(due))],
            }
        ),
    }


def named(letter: str, number: np.ndarray) -> pa.Array:
    return pa.array([f"{letter}{value:09d}" for value in number.tolist()])


def in_units(cents: np.ndarray) -> pa.Array:
    """Return whole cents as text with two decimals."""
    return pa.array([f"{value // 100}.{value % 100:02d}" for value in cents.tolist()])


def run_import(database: str, export: Path, mapping: Path) -> dict[str, Any]:
    child = subprocess.run(
        [sys.executable, "-c", IMPORT, database, str(export), str(mapping)],
        stdout=subprocess.PIPE,
        check=True,
        cwd=Path(__file__).resolve().parent.parent,
        text=True,
    )
    return json.loads(child.stdout)


def empty_tables() -> None:
    """Empty the books; their triggers refuse that, so the owner of the tables sets them aside."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%%_is_append_only'")
        guarded = [table for (table,) in cursor.fetchall()]
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}, borrowers_importrun, borrowers_businessdate CASCADE")
        for table in guarded:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def copy_out(folder: Path) -> None:
    with connection.cursor() as cursor:
        for table in TABLES:
            with (folder / table).open("wb") as stream:
                cursor.copy_expert(f"COPY {table} TO STDOUT", stream)


def seconds_of_copy(folder: Path) -> float:
    began = time.perf_counter()
    with connection.cursor() as cursor:
        for table in TABLES:
            with (folder / table).open("rb") as stream:
                cursor.copy_expert(f"COPY {table} FROM STDIN", stream, 1 << 20)
    return time.perf_counter() - began


def report(figure: str, ours: float, reference: float, at_most: float, aim: float | None, unit: str, runs: int) -> None:
    print(
        json.dumps(
            {
                "figure": figure,
                "ours": round(ours, 3),
                "reference": round(reference, 3),
                "ratio": round(ours / reference, 3),
                "at_most": at_most,
                "aim": aim,
                "unit": unit,
                "runs": runs,
            }
        )
    )


if __name__ == "__main__":
    main()
