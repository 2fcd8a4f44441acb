"""Simulate a lender."""

from typing import Any

from django.core.management.base import CommandParser

from borrowers.simulation.services import DEMONSTRATION_DAY, SimulationReport, simulate_portfolio
from creditpath.command import ServiceCommand, day


class Command(ServiceCommand):
    help = (
        "Fill empty books with a simulated lender; the same seed gives the same rows (docs/simulation.md). "
        "Example: manage.py simulate_portfolio --loans 5000 --seed 7"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--loans", type=int, required=True, help="how many loans, 1 to 5,000,000")
        parser.add_argument("--seed", type=int, required=True, help="where chance begins, zero or more")
        parser.add_argument("--months", type=int, default=12, help="months of history, 3 to 60 (default %(default)s)")
        parser.add_argument(
            "--as-of", type=day, default=DEMONSTRATION_DAY, help="the business date at the end (default %(default)s)"
        )

    def run(self, **options: Any) -> SimulationReport:
        return simulate_portfolio(
            loans=options["loans"],
            seed=options["seed"],
            months=options["months"],
            as_of=options["as_of"],
            progress=self.progress,
        )
