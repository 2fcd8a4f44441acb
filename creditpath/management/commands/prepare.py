import hashlib
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = (
        "Bring the database, the cache table, the static files and, on an empty database, the demo up to date. "
        "Changes nothing where all is done. Example: manage.py prepare"
    )
    requires_migrations_checks = False

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: Any, **options: Any) -> None:
        self.say("Database: migrating …")
        call_command("migrate", interactive=False, verbosity=0, skip_checks=True)
        call_command("createcachetable", verbosity=0)
        self.collect_static()
        if not options["no_demo"]:
            call_command("prepare_demo", stdout=self.stdout, stderr=self.stderr)

    def say(self, line: str) -> None:
        """Write a line at once, also where the output is a file that another process writes to as well."""
        self.stdout.write(line)
        self.stdout.flush()

    def collect_static(self) -> None:
        """Collect static files if any file has come, gone or changed since the last time."""
        state = static_state()
        record = Path(settings.STATIC_ROOT).with_suffix(".state")
        if record.exists() and record.read_text() == state and Path(settings.STATIC_ROOT).exists():
            return
        self.say("Static files: collecting …")
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        record.write_text(state)


def static_state() -> str:
    """Return a digest of name, size and time of every static file; costs one stat each, far less than collecting them."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
