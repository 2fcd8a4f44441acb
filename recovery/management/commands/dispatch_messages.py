from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from recovery.outreach.services import DispatchReport, dispatch_messages


class Command(ServiceCommand):
    help = (
        "Send what is due in the outbox, each message at most once; a worker does so every 20 seconds. "
        "Example: manage.py dispatch_messages --limit 100"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--limit", type=int, default=1_000, help="how many messages at most, 1000 by default")

    def run(self, **options: Any) -> DispatchReport:
        return dispatch_messages(limit=options["limit"])
