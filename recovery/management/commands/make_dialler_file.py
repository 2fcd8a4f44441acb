from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.accounts.models import User
from creditpath.command import ServiceCommand
from recovery.errors import DiallerRefused
from recovery.models import DiallerFile
from recovery.outreach.services import make_dialler_file, write_dialler_csv


@dataclass(frozen=True)
class FileReport:
    """What file was made and where it is."""

    file: DiallerFile
    path: str

    def summary(self) -> str:
        return f"{self.file.n_rows:,} of {self.file.n_asked:,} recommended calls are reserved: {self.path}."

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file.pk, "rows": self.file.n_rows, "asked": self.file.n_asked, "path": self.path}


class Command(ServiceCommand):
    help = (
        "Reserve the calls that the gate permits now, and write them for a dialler. "
        "Example: manage.py make_dialler_file calls.csv --by ines --limit 500"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="the CSV to write, readable by its owner alone")
        parser.add_argument("--by", required=True, help="the log-in of who answers for the calls")
        parser.add_argument("--limit", type=int, default=500, help="how many calls at most, 500 by default")
        parser.add_argument("--minutes", type=int, default=120, help="how long they are reserved, 120 by default")

    def run(self, **options: Any) -> FileReport:
        path: Path = options["path"]
        if path.exists():
            raise DiallerRefused(f"{path} is there already: name another file.")
        user = User.objects.filter(username=options["by"], is_active=True).first()
        if user is None:
            raise DiallerRefused(f"Nobody with the log-in {options['by']} works here.")
        file = make_dialler_file(made_by=user, limit=options["limit"], lease=timedelta(minutes=options["minutes"]))
        path.touch(mode=0o600)
        path.write_text(write_dialler_csv(file=file, taken_by=user), encoding="utf-8-sig", newline="")
        return FileReport(file, str(path))
