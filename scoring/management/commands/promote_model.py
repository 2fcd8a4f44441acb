"""Make a registered model the champion of its purpose."""

from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand
from scoring.registry.services import MoveReport, find_model, promote_model


class Command(ServiceCommand):
    help = (
        "Make a model the champion of its purpose, in place of the one that is. "
        'Example: manage.py promote_model default-xgboost-3 --reason "best AUC by time"'
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="name of the model, such as default-xgboost-3")
        parser.add_argument("--reason", required=True, help="why, for the record")

    def run(self, **options: Any) -> MoveReport:
        return promote_model(model=find_model(options["version"]), reason=options["reason"])
