"""Compute days past due, buckets and balances."""

from typing import Any

from django.core.management.base import CommandParser

from borrowers.services import DelinquencyReport, refresh_delinquency
from creditpath.command import ServiceCommand, day


class Command(ServiceCommand):
    help = (
        "Compute days past due, bucket and balances of every loan, and keep missing month ends. "
        "Example: manage.py refresh_delinquency --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")

    def run(self, **options: Any) -> DelinquencyReport:
        return refresh_delinquency(as_of=options["as_of"], progress=self.progress)
