"""Measure how a model treats the groups of what is monitored."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from scoring.registry.services import find_model
from scoring.training.fairness import FairnessReport, measure_fairness


class Command(ServiceCommand):
    help = (
        "Compare the groups of each monitored attribute by a model's scores and by the contacts that followed, on labelled rows "
        "that it has not learned from, and keep it for the card. Example: manage.py measure_fairness default-xgboost-3"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")

    def run(self, **options: Any) -> FairnessReport:
        return FairnessReport(measure_fairness(model=find_model(options["version"]), progress=self.progress))
