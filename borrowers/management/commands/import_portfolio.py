"""Import a lender's files."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser
from django.utils import timezone

from borrowers.services import import_portfolio
from creditpath.command import Report, ServiceCommand


class Command(ServiceCommand):
    help = (
        "Import a file or a folder as a mapping says; the same file again changes nothing. "
        "Example: manage.py import_portfolio exports/june --mapping lender.toml --rejects bad.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", type=Path, help="a csv, tsv (gz), xlsx, parquet or sqlite file, or a folder of them"
        )
        parser.add_argument(
            "--mapping", type=Path, required=True, metavar="M.toml", help="what is what; see docs/importing.md"
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would happen and change nothing")
        parser.add_argument(
            "--rejects", type=Path, metavar="F.csv", help="import the good rows, write the bad ones here"
        )
        parser.add_argument(
            "--cleaned",
            type=Path,
            metavar="DIR",
            help="write the accepted rows there, typed, one Parquet file per table",
        )
        parser.add_argument("--team", metavar="NAME", help="the team that new borrowers go to")

    def run(self, **options: Any) -> Report:
        report = import_portfolio(
            source=options["source"],
            mapping=options["mapping"],
            dry_run=options["dry_run"],
            rejects=options["rejects"],
            cleaned=options["cleaned"],
            team=options["team"],
            now=timezone.now(),
            progress=self.progress,
        )
        if options["json"]:
            for line in (*report.notes, *report.faults):
                self.stderr.write(line)
        return report
