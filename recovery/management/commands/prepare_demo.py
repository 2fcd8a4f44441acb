"""Make the demo complete."""

import os
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from recovery.demo import DEFAULT_LOANS, DemoReport, prepare_demo


class Command(ServiceCommand):
    help = (
        "On an empty database: create people and teams, simulate a lender, and take it once through the whole loop. An "
        "interrupted run is taken up where it stopped; a database with data of its own is left alone. "
        "Example: manage.py prepare_demo --loans 2000"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        default = os.environ.get("CREDITPATH_DEMO_LOANS") or DEFAULT_LOANS
        parser.add_argument(
            "--loans", type=int, default=default, help="loans to simulate; default: CREDITPATH_DEMO_LOANS"
        )

    def run(self, **options: Any) -> DemoReport:
        return prepare_demo(loans=options["loans"], say=lambda line: self.stderr.write(line, lambda text: text))
