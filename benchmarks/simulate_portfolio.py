#!/usr/bin/env python
"""How long the simulated lender takes, against PostgreSQL's own COPY of the very same rows into the same tables.

A lender is simulated in a database of its own; its rows are written to files and copied into an empty database with the same
tables, indexes, constraints and triggers, both in one run. Both databases and the files are gone at the end. Three figures:

    simulate_portfolio   all of it, with the month ends and today's figures, against COPY of all these rows
    simulate_ledger      the ledger alone: drawing, living, encoding, writing, against COPY of its rows
    simulate_memory      the peak memory of the simulating process in MiB, against its limit of 1.5 GiB

    .venv/bin/python benchmarks/simulate_portfolio.py --rows 20000
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditpath.settings")

import django

django.setup()

import psycopg2
from django.db import connection

from borrowers.models import Delinquency, MonthEndSnapshot, Product
from borrowers.services import simulate_portfolio
from borrowers.simulation.rows import TABLES
from creditpath.accounts.models import Team

MEMORY_LIMIT_MB = 1536


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=20_000, metavar="N", help="loans to simulate (default 20,000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each figure (default 5)")
    options = parser.parse_args()
    portfolio, ledger = [], []
    for _ in range(options.runs):
        whole, of_ledger = measure(options.rows)
        portfolio.append(whole)
        ledger.append(of_ledger)
    report("simulate_portfolio", portfolio, at_most=4.0, aim=2.5)
    report("simulate_ledger", ledger, at_most=2.0, aim=1.3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    report("simulate_memory", [(peak, MEMORY_LIMIT_MB)] * options.runs, at_most=1.0, aim=0.5, unit="MiB")


def measure(loans: int) -> tuple[tuple[float, float], tuple[float, float]]:
    """Simulate and copy once; return ours and PostgreSQL's seconds, for everything and for the ledger."""
    name = connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    floor = f"{name}_floor"
    on_server(f'DROP DATABASE IF EXISTS "{floor}"')
    try:
        connection.close()
        on_server(f'CREATE DATABASE "{floor}" TEMPLATE "{name}"')
        ours = simulate_portfolio(loans=loans, seed=1)
        with tempfile.TemporaryDirectory() as folder:
            copied = copy_again(floor, Path(folder))
        ledger = sum(seconds for model, seconds in copied.items() if model not in (Delinquency, MonthEndSnapshot))
        return (ours.seconds, sum(copied.values())), (ours.writing_seconds, ledger)
    finally:
        connection.close()
        on_server(f'DROP DATABASE IF EXISTS "{floor}"')
        connection.creation.destroy_test_db(name, verbosity=0)


def copy_again(floor: str, folder: Path) -> dict[type, float]:
    """Copy the simulated rows through files into the empty database, table by table; return the seconds of each COPY in."""
    models = (Team, Product, *TABLES, MonthEndSnapshot, Delinquency)
    with connection.cursor() as cursor:
        for number, model in enumerate(models):
            with (folder / str(number)).open("wb") as file:
                cursor.copy_expert(f"COPY {model._meta.db_table} TO STDOUT (FORMAT binary)", file)
    seconds = {}
    target = psycopg2.connect(**connection.get_connection_params() | {"dbname": floor})
    with target, target.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for number, model in enumerate(models):
            with (folder / str(number)).open("rb") as file:
                began = time.perf_counter()
                cursor.copy_expert(f"COPY {model._meta.db_table} FROM STDIN (FORMAT binary)", file, 1 << 20)
                seconds[model] = time.perf_counter() - began
    target.close()
    return seconds


def on_server(statement: str) -> None:
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def report(figure: str, pairs: list[tuple[float, float]], *, at_most: float, aim: float, unit: str = "s") -> None:
    ours, reference = (statistics.median(side) for side in zip(*pairs, strict=True))
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
                "runs": len(pairs),
            }
        )
    )


if __name__ == "__main__":
    main()
