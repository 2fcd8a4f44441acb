"""Say what is in files, and what is wrong with them."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from borrowers.services import profile_source
from creditpath.command import Report, ServiceCommand


class Command(ServiceCommand):
    help = (
        "Write one HTML page about files: every column with a chart, faults with severity and remedy. "
        "Example: manage.py profile_source exports/june --mapping lender.toml -o report.html"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", type=Path, help="a csv, tsv (gz), xlsx, parquet or sqlite file, or a folder of them"
        )
        parser.add_argument(
            "--mapping", type=Path, metavar="M.toml", help="look at the files that it names, by our fields"
        )
        parser.add_argument(
            "-o", "--output", type=Path, metavar="R.html", default=Path("report.html"), help="default: report.html"
        )

    def run(self, **options: Any) -> Report:
        return profile_source(
            source=options["source"], mapping=options["mapping"], output=options["output"], progress=self.progress
        )
