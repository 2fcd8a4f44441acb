"""The shape of every command: arguments in, one verb called, its summary or JSON out."""

import argparse
import json
import sys
from datetime import date
from typing import Any, Protocol

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from creditpath.errors import DomainError

INTERRUPTED = 130  # what shells expect of a command that Ctrl-C has ended


class Report(Protocol):
    """What a verb returns: something a person can read and something a script can."""

    def summary(self) -> str: ...

    def as_json(self) -> dict[str, Any]: ...


class ServiceCommand(BaseCommand):
    """Run one verb and print its report; `--json` prints one JSON object instead.

    A subclass implements `run(**options) -> Report`, and `add_options(parser)` where it takes arguments. Exit codes: 0 done,
    1 a domain error (one line on standard error) or a report whose `failed` is true, 2 wrong usage.
    """

    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Offer --json on every command, whether or not it has arguments of its own."""
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.add_argument("--json", action="store_true", help="print one JSON object instead of the summary")
        return parser

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self.run(**options)
        except DomainError as error:
            self._end(str(error), code=1, cause=error, options=options)
        except KeyboardInterrupt as error:
            self._end("Stopped before the end.", code=INTERRUPTED, cause=error, options=options)
        else:
            self._clear_progress()
            if options.get("json"):
                self.stdout.write(json.dumps(report.as_json(), cls=DjangoJSONEncoder, allow_nan=False))
            else:
                self.stdout.write(report.summary())
            if getattr(report, "failed", False):
                raise SystemExit(1)

    def run(self, **options: Any) -> Report:
        """Call the verb with what the command line says and return its report."""
        raise NotImplementedError(f"{type(self).__module__} has no run()")

    def progress(self, done: int, total: int, message: str = "") -> None:
        """Draw a bar on standard error if that is a terminal; services take it as their `progress` argument."""
        if not sys.stderr.isatty():
            return
        filled = 30 * done // total if total else 0
        print(f"\r\033[K[{'#' * filled:<30}] {done:,}/{total:,} {message}", end="", file=sys.stderr, flush=True)

    def _clear_progress(self) -> None:
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr, flush=True)

    def _end(self, message: str, *, code: int, cause: BaseException, options: dict[str, Any]) -> None:
        """Print one line and leave, or raise where the command was called by other code or --traceback asks for it."""
        self._clear_progress()
        line = " ".join(message.split())
        if not getattr(self, "_called_from_command_line", False) or options.get("traceback"):
            raise CommandError(line, returncode=code) from cause
        self.stderr.write(line)
        raise SystemExit(code)


def day(text: str) -> date:
    """Read a day of the command line: `parser.add_argument("--as-of", type=day)`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day, write it as 2026-06-30") from None
