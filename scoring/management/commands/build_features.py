"""Compute and keep feature vectors."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand, day
from scoring.features.services import FeatureReport, build_features


class Command(ServiceCommand):
    help = (
        "Compute the features of every loan that owes, as far as was known on the day, and keep them where they changed. "
        "Example: manage.py build_features --as-of 2026-06-30"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--as-of", type=day, help="day, the business date by default")

    def run(self, **options: Any) -> FeatureReport:
        return build_features(as_of=options["as_of"], progress=self.progress)
