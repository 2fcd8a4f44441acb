"""Score the portfolio, or the loans whose books changed."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand, day
from scoring.engine.services import ScoringReport, StaleReport, score_loans


class Command(ServiceCommand):
    help = (
        "Score every loan that owes with the live model and publish the scores at once. "
        "Example: manage.py score_loans --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")
        parser.add_argument(
            "--purpose", help="default, pays_30 or attribute:NAME; by default the first of these with a champion"
        )
        parser.add_argument(
            "--stale-only", action="store_true", help="only loans whose books changed since their last score"
        )
        parser.add_argument(
            "--engine", default="auto", choices=["auto", "onnxruntime"], help="auto takes the fastest that fits"
        )

    def run(self, **options: Any) -> ScoringReport | StaleReport:
        return score_loans(
            as_of=options["as_of"],
            purpose=options["purpose"],
            stale_only=options["stale_only"],
            engine=options["engine"],
            progress=self.progress,
        )
