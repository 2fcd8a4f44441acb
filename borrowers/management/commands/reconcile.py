"""Reconcile our figures with the core system's."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from borrowers.reconciling.reading import Columns
from borrowers.services import reconcile
from creditpath.command import Report, ServiceCommand, day


class Command(ServiceCommand):
    help = (
        "Compare days past due and balances with the core system's own file and explain every difference; what is not "
        "explained is a finding, and the command then ends with 1. Example: manage.py reconcile core-2026-06-30.csv "
        "--as-of 2026-06-30 --output differences.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="a csv, tsv (gz), xlsx, parquet or sqlite file, one row per loan")
        parser.add_argument("--as-of", type=day, metavar="D", help="the day of the file's figures (the business date)")
        parser.add_argument("--loan-column", metavar="NAME", help="holds the lender's number of the loan")
        parser.add_argument("--dpd-column", metavar="NAME", help="holds the days past due")
        parser.add_argument("--balance-column", metavar="NAME", help="holds what is owed in all")
        parser.add_argument("--balance-is-principal", action="store_true", help="the balance is principal alone")
        parser.add_argument("--decimal", choices=[".", ","], default=".", help="the decimal mark of amounts")
        parser.add_argument("--output", type=Path, metavar="F.csv", help="write one row per difference here")

    def run(self, **options: Any) -> Report:
        return reconcile(
            source=options["source"],
            as_of=options["as_of"],
            columns=Columns(options["loan_column"], options["dpd_column"], options["balance_column"]),
            balance_is_principal=options["balance_is_principal"],
            decimal=options["decimal"],
            output=options["output"],
            progress=self.progress,
        )
