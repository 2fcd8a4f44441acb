from typing import Any

from django.core.management.base import CommandParser

from borrowers.services import get_business_date
from creditpath.command import ServiceCommand, day
from recovery.reports import WorklistReport
from recovery.services import plan_worklists


class Command(ServiceCommand):
    help = (
        "Put the day's recommended work on the lists of the teams' agents, as far as their shifts reach. "
        "Example: manage.py plan_worklists --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")

    def run(self, **options: Any) -> WorklistReport:
        return plan_worklists(as_of=options["as_of"] or get_business_date())
