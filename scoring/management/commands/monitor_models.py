"""Watch the live models and their challengers."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from scoring.monitoring.services import MONTHS, MonitoringReport, monitor_models


class Command(ServiceCommand):
    help = (
        "Read the live models and challengers: have scores and features moved since training, do outcomes bear the scores out, "
        "what passes a threshold. Example: manage.py monitor_models --months 6"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--months", type=int, default=MONTHS, help=f"month ends looked at ({MONTHS})")
        parser.add_argument(
            "--no-looking-back",
            action="store_true",
            help="only days on which a model gave scores, as at the close of a day",
        )

    def run(self, **options: Any) -> MonitoringReport:
        return monitor_models(
            months=max(0, options["months"]), looks_back=not options["no_looking_back"], progress=self.progress
        )
