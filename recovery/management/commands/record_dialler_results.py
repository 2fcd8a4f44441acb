from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.accounts.models import User
from creditpath.command import ServiceCommand
from recovery.errors import DiallerRefused
from recovery.outreach.services import ResultsReport, read_results, record_results


class Command(ServiceCommand):
    help = (
        "Record what a dialler gives back, each call once; rows that cannot be are named with what to do. "
        "Example: manage.py record_dialler_results results.csv --by ines"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the CSV of results")
        parser.add_argument("--by", required=True, help="the log-in of who answers for calls without an agent")

    def run(self, **options: Any) -> ResultsReport:
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise DiallerRefused(f"Nobody with the log-in {options['by']} works here.")
        try:
            data = options["path"].read_bytes()
        except OSError as error:
            raise DiallerRefused(f"{options['path']} cannot be read: {error.strerror}.") from error
        return record_results(rows=read_results(data), by=user)
