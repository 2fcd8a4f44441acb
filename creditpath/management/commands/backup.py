from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.backups.reports import BackupReport
from creditpath.backups.services import back_up
from creditpath.command import ServiceCommand


class Command(ServiceCommand):
    help = (
        "Write the whole database, as it is at one instant, into a new file that only you may read. "
        "Example: manage.py backup /srv/backups/2026-06-30.backup"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="a file that is not there yet")

    def run(self, **options: Any) -> BackupReport:
        return back_up(path=options["file"], progress=self.progress)
