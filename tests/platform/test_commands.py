"""What every command has in common, on commands made for it."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command, get_commands
from django.core.management.base import BaseCommand

from creditpath import invariants
from creditpath.command import ServiceCommand
from creditpath.errors import DomainError
from creditpath.invariants import VerifyReport, invariant


@dataclass(frozen=True)
class Counted:
    n: int

    def summary(self) -> str:
        return f"Counted {self.n}."

    def as_json(self) -> dict[str, Any]:
        return {"n": self.n, "day": date(2026, 6, 30), "amount": Decimal("1.50")}


class TooMany(DomainError):
    """There are more
    than anybody can count.

    Only the first paragraph is for people.
    """

    code = "too_many"


class Count(ServiceCommand):
    help = "Count. Example: manage.py count --to 3"

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--to", type=int, default=3)

    def run(self, **options: Any) -> Counted:
        if options["to"] > 10:
            raise TooMany(fields={"to": "at most 10"})
        if options["to"] < 0:
            raise KeyboardInterrupt
        return Counted(options["to"])


def from_shell(command: BaseCommand, *arguments: str) -> int:
    """Run a command as manage.py would and return its exit code."""
    try:
        command.run_from_argv(["manage.py", "count", *arguments])
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.fixture
def no_invariants(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(invariants, "registry", {})
    yield


def test_summary_goes_to_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    assert from_shell(Count()) == 0
    assert capsys.readouterr() == ("Counted 3.\n", "")


def test_json_is_one_object_and_nothing_else(capsys: pytest.CaptureFixture[str]) -> None:
    assert from_shell(Count(), "--json", "--to", "7") == 0
    output = capsys.readouterr()
    assert json.loads(output.out) == {"n": 7, "day": "2026-06-30", "amount": "1.50"}
    assert output.err == ""


def test_domain_error_is_one_line_on_standard_error_and_exit_1(capsys: pytest.CaptureFixture[str]) -> None:
    assert from_shell(Count(), "--to", "11") == 1
    assert capsys.readouterr() == ("", "There are more than anybody can count.\n")


def test_wrong_usage_exits_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert from_shell(Count(), "--to", "many") == 2
    assert from_shell(Count(), "--unknown") == 2
    assert capsys.readouterr().out == ""


def test_interrupted_command_says_so_and_exits_130(capsys: pytest.CaptureFixture[str]) -> None:
    assert from_shell(Count(), "--to", "-1") == 130
    assert capsys.readouterr().err == "Stopped before the end.\n"


def test_calling_code_gets_an_exception_with_the_cause() -> None:
    with pytest.raises(CommandError) as caught:
        call_command(Count(), to=11)
    assert caught.value.returncode == 1
    assert isinstance(caught.value.__cause__, TooMany)
    assert caught.value.__cause__.as_json() == {
        "code": "too_many",
        "detail": "There are more than anybody can count.",
        "fields": {"to": "at most 10"},
    }


def test_every_command_of_ours_shows_an_example() -> None:
    from django.core.management import load_command_class

    ours = {
        name: app
        for name, app in get_commands().items()
        if app.split(".")[0] in {"creditpath", "borrowers", "scoring", "recovery"}
    }
    assert {"verify", "prepare", "prepare_demo"} <= set(ours)
    without = [name for name, app in ours.items() if f"manage.py {name}" not in load_command_class(app, name).help]
    assert without == []


def test_verify_names_what_broke_and_exits_1(no_invariants: None, capsys: pytest.CaptureFixture[str]) -> None:
    from creditpath.management.commands.verify import Command

    invariant("all is well")(tuple)
    assert from_shell(Command(), "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"checked": 1, "broken": []}

    invariant("sums agree")(lambda: ["loan 7 is off by 1.00"])
    assert from_shell(Command(), "--json") == 1
    assert json.loads(capsys.readouterr().out) == {
        "checked": 2,
        "broken": [{"name": "sums agree", "detail": "loan 7 is off by 1.00"}],
    }
    assert from_shell(Command()) == 1
    assert "sums agree: loan 7 is off by 1.00" in capsys.readouterr().out


def test_verify_shows_the_first_breaches_and_counts_the_rest(no_invariants: None) -> None:
    invariant("sums agree")(lambda: (f"loan {n}" for n in range(1000)))
    report: VerifyReport = invariants.verify()
    assert len(report.broken) == invariants.DETAILS_SHOWN + 1
    assert report.broken[-1].detail == "and 990 more"


def test_two_invariants_of_one_name_are_refused(no_invariants: None) -> None:
    invariant("sums agree")(tuple)
    with pytest.raises(ValueError, match="sums agree"):
        invariant("sums agree")(list)


def test_progress_is_drawn_only_on_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    Count().progress(1, 2, "half")
    assert not sys.stderr.isatty()
    assert capsys.readouterr().err == ""
