"""Train, prove and register models."""

import sys
from argparse import ArgumentTypeError
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from creditpath.command import ServiceCommand
from creditpath.kinship import end_with
from scoring.models import Segment
from scoring.registry.people import find_person

EXAMPLES = (
    "Examples: manage.py train_models; manage.py train_models --purpose pays_30 --segment 1-30; "
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


def class_weights(text: str) -> str | float:
    """Read balanced or a number within what can be exported."""
    from scoring.ml.learner import EVENT_WEIGHTS  # loads libraries that --help does without

    low, high = EVENT_WEIGHTS
    if text == "balanced":
        return text
    try:
        value = float(text)
    except ValueError:
        value = 0
    if not low <= value <= high:
        raise ArgumentTypeError(f"{text!r} is neither balanced nor a number from {low:g} to {high:g}")
    return value


def positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    """Return a reader of numbers above zero."""

    def read(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = 0
        if not 0 < value < 1e12:
            raise ArgumentTypeError(f"{text!r} is no {'whole ' if kind is int else ''}number above zero")
        return value

    return read


class Command(ServiceCommand):
    help = f"Train logistic regression, XGBoost and LightGBM on the ledger, prove their ONNX form and register them. {EXAMPLES}"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--purpose", choices=["default", "pays_30"], help="what to predict (default: default)")
        parser.add_argument(
            "--segment", choices=[one for one in Segment.values if one], default="",
            help="learn from loans of this bucket alone, for a model that serves it alone (default: all loans)",
        )  # fmt: skip
        parser.add_argument(
            "--at", type=observation_days, default="monthly", help="monthly, approved_on, or dates with commas between"
        )
        parser.add_argument("--horizon-days", type=int, help="days within which the outcome counts (120; pays_30: 30)")
        parser.add_argument(
            "--target", help="attribute:NAME, an outcome among the lender's own columns; of a table, its column"
        )
        parser.add_argument(
            "--table", type=Path, metavar="FILE", help="train on any labelled table in place of the ledger"
        )
        parser.add_argument("--date", metavar="COLUMN", help="of a table: split by time, by this column")
        parser.add_argument("--group", metavar="COLUMN", help="of a table: rows of one value stay on one side")
        parser.add_argument(
            "--keep", nargs="+", action="extend", default=[], metavar="COLUMN",
            help="of a table: no leak, whatever the guard says",
        )  # fmt: skip
        parser.add_argument(
            "--drop", nargs="+", action="extend", default=[], metavar="COLUMN", help="of a table: left out"
        )
        parser.add_argument(
            "--simulated",
            action="store_true",
            help="of a table: its rows are simulated, and what comes of them says so",
        )
        parser.add_argument("--repeats", type=int, default=1, help="of a table: rounds of the evaluation (1)")
        parser.add_argument("--bad", help="the value of the target that is bad")
        parser.add_argument(
            "--candidates", nargs="+", action="extend", metavar="NAME",
            help="logistic, xgboost, lightgbm (default: all)",
        )  # fmt: skip
        parser.add_argument("--as", dest="person", metavar="USER", help="the log-in of who trains, for the record")
        parser.add_argument(
            "--trials", type=positive(int), metavar="N",
            help="settings that are tried for each algorithm: the shipped ones first, then what Optuna proposes, on inner folds "
            "alone (default: the shipped ones)",
        )  # fmt: skip
        parser.add_argument(
            "--seconds", type=positive(float), default=600.0, metavar="S",
            help="after so long no further settings of an algorithm are tried in one fit (600)",
        )  # fmt: skip
        parser.add_argument(
            "--costs", type=positive(float), nargs=2, metavar=("FALSE_ALARM", "MISSED"),
            help="what a good loan called bad and a missed bad one cost, in one unit: the threshold is where both cost least; "
            "without it, where precision and recall meet",
        )  # fmt: skip
        parser.add_argument(
            "--class-weights", type=class_weights, metavar="balanced|N",
            help="how often a row with the event counts in a fit, or balanced: both classes weigh alike; probabilities stay "
            "calibrated (default: all rows count once, the threshold is moved)",
        )  # fmt: skip
        for side in ("rises", "falls"):
            parser.add_argument(
                f"--{side}", nargs="+", action="extend", default=[], metavar="COLUMN",
                help=f"of a table: number columns; the event may only become likelier as one {side} (the ledger's are shipped)",
            )  # fmt: skip
        parser.add_argument(
            "--progress-lines", action="store_true", help="write progress as lines on standard error, for programs"
        )
        parser.add_argument(
            "--ends-with", type=int, metavar="PID", help="end when this parent process does, for programs"
        )

    def run(self, **options: Any) -> Any:
        if options["ends_with"]:
            end_with(options["ends_with"])
        report = self.run_on_table(**options) if options["table"] is not None else self.run_on_ledger(**options)
        if options["progress_lines"]:
            print(report.summary(), file=sys.stderr, flush=True)
        return report

    def run_on_ledger(self, **options: Any) -> Any:
        from scoring.training.services import train_models  # loads the training libraries, which --help does without

        self.as_lines = options["progress_lines"]
        return train_models(
            purpose=options["purpose"],
            at=options["at"],
            horizon_days=options["horizon_days"],
            target=options["target"],
            bad=options["bad"],
            segment=options["segment"],
            trained_by=find_person(options["person"]),
            progress=self.progress,
            **self.chosen(options),
        )

    def run_on_table(self, **options: Any) -> Any:
        from scoring.training.tables import train_table

        if options["target"] is None:
            raise CommandError("Say which column is to be predicted: --target COLUMN.")
        self.as_lines = options["progress_lines"]
        can_ask = sys.stdin.isatty() and not options["json"] and not self.as_lines
        return train_table(
            path=options["table"],
            target=options["target"],
            bad=options["bad"],
            date=options["date"],
            horizon_days=options["horizon_days"] or 0,
            group=options["group"],
            keep=options["keep"],
            drop=options["drop"],
            decide=self.ask if can_ask else None,
            repeats=options["repeats"],
            is_simulated=options["simulated"],
            trained_by=find_person(options["person"]),
            progress=self.progress,
            **self.chosen(options),
        )

    def chosen(self, options: dict[str, Any]) -> dict[str, Any]:
        """Return what was said about candidates, the budget of tuning and costs; what was not is left to the services."""
        from scoring.ml.tuning import Procedure

        found: dict[str, Any] = {"candidates": options["candidates"]} if options["candidates"] else {}
        given: dict[str, Any] = {side: frozenset(options[side]) for side in ("rises", "falls") if options[side]}
        if given and options["table"] is None:
            raise CommandError("--rises and --falls are of a table; those of the ledger are shipped.")
        if weights := options["class_weights"]:
            given["class_weights"] = weights
        if options["trials"] or options["costs"] or given:
            trials = options["trials"] or (2 if options["table"] is not None else 1)
            false_alarm, missed = options["costs"] or (None, None)
            found["procedure"] = Procedure(trials, options["seconds"], false_alarm, missed, **given)
        return found

    def ask(self, leak: Any) -> bool:
        """Ask at the terminal whether a column stays."""
        answer = input(f"{leak.column}: {leak.kind.replace('_', ' ')}, {leak.evidence}. Keep it? [y/N] ")
        return answer.strip().lower() in ("y", "yes")

    def progress(self, done: int, total: int, message: str = "") -> None:
        if self.as_lines:
            print(f"{done}/{total} {message}", file=sys.stderr, flush=True)
        else:
            super().progress(done, total, message)
