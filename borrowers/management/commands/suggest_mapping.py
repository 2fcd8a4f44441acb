"""Draft a mapping for unknown files."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from borrowers.services import suggest_mapping
from creditpath.command import Report, ServiceCommand, day


class Command(ServiceCommand):
    help = (
        "Draft a mapping from the headers and values of unknown files, for a person to correct. "
        "Example: manage.py suggest_mapping exports/june -o lender.toml --currency KES"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "source", type=Path, help="a csv, tsv (gz), xlsx, parquet or sqlite file, or a folder of them"
        )
        parser.add_argument(
            "-o", "--output", type=Path, metavar="M.toml", help="write the draft here instead of printing it"
        )
        parser.add_argument(
            "--currency", default="", metavar="CODE", help="of the amounts, where no column has it: KES"
        )
        parser.add_argument("--product", default="", metavar="CODE", help="of the loans, where no column has it")
        parser.add_argument(
            "--as-of", type=day, metavar="D", help="of balances without a date; of the last of counted periods"
        )

    def run(self, **options: Any) -> Report:
        return suggest_mapping(
            source=options["source"],
            output=options["output"],
            currency=options["currency"],
            product=options["product"],
            as_of=options["as_of"],
        )
