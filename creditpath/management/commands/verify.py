from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from creditpath.invariants import VerifyReport, verify


class Command(ServiceCommand):
    help = "Check every invariant of the data; exit 1 names what broke. Example: manage.py verify --json"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="compute every month-end snapshot anew, not a sample")

    def run(self, **options: Any) -> VerifyReport:
        return verify(full=options["full"], progress=self.progress)
