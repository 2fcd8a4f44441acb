"""Score a file with a model trained on a table."""

from pathlib import Path
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand


class Command(ServiceCommand):
    help = (
        "Score the rows of a file with a model from train_models --table. "
        "Example: manage.py score_table table:hmeq-xgboost-1 new.csv --out scores.csv"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", help="the registered name, such as table:hmeq-xgboost-1")
        parser.add_argument(
            "source", type=Path, help="csv, tsv (gz), xlsx, parquet or sqlite with the columns of the training"
        )
        parser.add_argument(
            "--out", type=Path, required=True, metavar="F.csv", help="where row, pd and tier are written"
        )

    def run(self, **options: Any) -> Any:
        from scoring.tables.services import score_table  # loads pandas, which --help does without

        return score_table(model=options["model"], source=options["source"], output=options["out"])
