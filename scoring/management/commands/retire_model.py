"""Take a champion off duty."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from scoring.registry.people import get_person
from scoring.registry.services import MoveReport, find_model, retire_model


class Command(ServiceCommand):
    help = (
        "Take a champion off duty without another in its place. "
        'Example: manage.py retire_model default-xgboost-3 --reason "drift in the payment data" --as hana'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")
        parser.add_argument("--reason", required=True, help="why, for the record")
        parser.add_argument("--as", dest="person", metavar="USER", required=True, help="the log-in of who acts")

    def run(self, **options: Any) -> MoveReport:
        return retire_model(
            model=find_model(options["version"]),
            reason=options["reason"],
            by=get_person(options["person"], route="scoring:retire-model"),
        )
