"""Ask for jobs by the calendar until told to stop."""

import signal
import threading
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from creditpath.jobs.registry import schedules
from creditpath.jobs.scheduler import run_scheduler


@dataclass(frozen=True)
class SchedulerReport:
    """What the scheduler watches over."""

    schedules: dict[str, str]

    def summary(self) -> str:
        return "\n".join(f"{cron:<16} {name}" for name, cron in self.schedules.items()) or "Nothing is scheduled."

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Command(ServiceCommand):
    help = (
        "Ask for jobs by the calendar, in the lender's time zone; several schedulers ask once."
        " Example: manage.py run_scheduler --list"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--list", action="store_true", help="print the schedules and end")

    def run(self, **options: Any) -> SchedulerReport:
        if not options["list"]:
            stopping = threading.Event()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stopping.set())
            run_scheduler(stopping=stopping)
        return SchedulerReport({each.name: each.cron for each in schedules.values()})
