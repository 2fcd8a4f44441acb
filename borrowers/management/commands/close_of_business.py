from getpass import getuser
from typing import Any

from django.core.management.base import CommandError, CommandParser

from borrowers.closing.reports import ClosingReport
from borrowers.closing.services import Skip, close_of_business
from creditpath.command import ServiceCommand, day


class Command(ServiceCommand):
    help = (
        "Close every day after the business date up to a day: figures, scores, promises, recommendations, worklists, "
        "verify. Goes on where it was stopped. Example: manage.py close_of_business --date 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--date", type=day, help="last day to close, yesterday by default")
        parser.add_argument("--skip", action="append", metavar="STEP", help="leave a step out; needs --reason")
        parser.add_argument("--reason", help="why the step is left out, kept with it")
        parser.add_argument("--force", action="store_true", help="close a day of a demonstration, which stays frozen")

    def run(self, **options: Any) -> ClosingReport:
        if bool(options["skip"]) != bool(options["reason"]):
            raise CommandError("--skip and --reason go together.", returncode=2)
        skip = Skip(options["skip"], options["reason"], by=getuser()) if options["skip"] else None
        return close_of_business(day=options["date"], is_forced=options["force"], skip=skip, progress=self.progress)
