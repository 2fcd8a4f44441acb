from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.backups.reports import RestoreReport
from creditpath.backups.services import check_backup, restore
from creditpath.command import ServiceCommand


class Command(ServiceCommand):
    help = (
        "Bring a backup into an empty database, and compare it with what was backed up; exit 1 names what differs. "
        "Example: manage.py restore /srv/backups/2026-06-30.backup --check"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="what `manage.py backup` wrote")
        parser.add_argument("--check", action="store_true", help="only try it, in a database that is dropped again")

    def run(self, **options: Any) -> RestoreReport:
        verb = check_backup if options["check"] else restore
        return verb(path=options["file"], progress=self.progress)
