from typing import Any

from django.core.management.base import CommandParser

from borrowers.services import get_business_date
from creditpath.command import ServiceCommand, day
from recovery.reports import RecommendationReport
from recovery.services import recommend_actions


class Command(ServiceCommand):
    help = (
        "Decide for every borrower what to do today and keep the decision. A second run adds only who had none. "
        "Example: manage.py recommend_actions --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")

    def run(self, **options: Any) -> RecommendationReport:
        return recommend_actions(as_of=options["as_of"] or get_business_date())
