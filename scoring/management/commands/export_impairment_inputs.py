"""Export the inputs of an impairment calculation."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand, day
from scoring.impairment import ExportReport, export_impairment_inputs


class Command(ServiceCommand):
    help = (
        "Write one line per loan that owes, with days past due, stage, PDs, exposure and rate, to a CSV or Parquet file. "
        "It claims no ECL. Example: manage.py export_impairment_inputs inputs.parquet --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="a file that ends with .csv or .parquet")
        parser.add_argument("--as-of", type=day, help="day, the business date by default")

    def run(self, **options: Any) -> ExportReport:
        return export_impairment_inputs(path=options["path"], as_of=options["as_of"])
