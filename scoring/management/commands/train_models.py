"""Train, prove and register models."""

import sys
from argparse import ArgumentTypeError
from datetime import date
from typing import Any

from django.core.management.base import CommandParser

from creditpath.command import ServiceCommand

EXAMPLES = (
    "Examples: manage.py train_models; manage.py train_models --purpose pays_30; "
    "manage.py train_models --at approved_on --target attribute:good_bad_flag --bad Bad --json"
)


def observation_days(text: str) -> str | list[date]:
    """Read monthly, approved_on, or dates with commas between."""
    if text in ("monthly", "approved_on"):
        return text
    try:
        return [date.fromisoformat(part.strip()) for part in text.split(",")]
    except ValueError:
        raise ArgumentTypeError(
            f"{text!r} is neither monthly nor approved_on nor dates such as 2026-01-31,2026-02-28"
        ) from None


class Command(ServiceCommand):
    help = f"Train logistic regression, XGBoost and LightGBM on the ledger, prove their ONNX form and register them. {EXAMPLES}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--purpose", choices=["default", "pays_30"], help="what to predict (default: default)")
        parser.add_argument(
            "--at", type=observation_days, default="monthly", help="monthly, approved_on, or dates with commas between"
        )
        parser.add_argument("--horizon-days", type=int, help="days within which the outcome counts (120; pays_30: 30)")
        parser.add_argument("--target", help="attribute:NAME, an outcome among the lender's own columns")
        parser.add_argument("--bad", help="the value of the target that is bad")
        parser.add_argument(
            "--candidates", nargs="+", metavar="NAME", help="logistic, xgboost, lightgbm (default: all)"
        )
        parser.add_argument("--promote", action="store_true", help="make the best one the champion of its purpose")
        parser.add_argument("--reason", default="", help="why it is promoted, for the record")
        parser.add_argument(
            "--progress-lines", action="store_true", help="write progress as lines on standard error, for programs"
        )

    def run(self, **options: Any) -> Any:
        from scoring.training.services import train_models  # loads the training libraries, which --help does without

        self.as_lines = options["progress_lines"]
        chosen = {"candidates": options["candidates"]} if options["candidates"] else {}
        return train_models(
            purpose=options["purpose"],
            at=options["at"],
            horizon_days=options["horizon_days"],
            target=options["target"],
            bad=options["bad"],
            promote=options["promote"],
            reason=options["reason"],
            progress=self.progress,
            **chosen,
        )

    def progress(self, done: int, total: int, message: str = "") -> None:
        if self.as_lines:
            print(f"{done}/{total} {message}", file=sys.stderr, flush=True)
        else:
            super().progress(done, total, message)
