"""Compare a model with the champion on the same rows."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from scoring.models import Segment
from scoring.registry.people import find_person
from scoring.registry.services import find_model
from scoring.training.comparing import ComparisonReport, compare_models


class Command(ServiceCommand):
    help = (
        "Compare a model with the champion on the same rows, which neither has learned from, and keep the result. "
        "Example: manage.py compare_models default-xgboost-3"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")
        parser.add_argument("--with", dest="champion", metavar="MODEL", help="another model than the champion of today")
        parser.add_argument("--segment", choices=[one for one in Segment.values if one], default="")
        parser.add_argument("--as", dest="person", metavar="USER", help="the log-in of who compares, for the record")

    def run(self, **options: Any) -> ComparisonReport:
        return ComparisonReport(
            compare_models(
                model=find_model(options["version"]),
                champion=find_model(options["champion"]) if options["champion"] else None,
                segment=options["segment"],
                compared_by=find_person(options["person"]),
                progress=self.progress,
            )
        )
