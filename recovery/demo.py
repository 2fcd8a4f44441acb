"""The demo: on an empty database, people to log in as and a small simulated lender, taken once through the whole loop.

Each step is recorded in the transaction that does it, so a run that is interrupted is taken up where it stopped, and a database
that holds anything else is never touched.
"""

import io
import json
import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction

from borrowers.models import Borrower
from creditpath.accounts.models import Role, Team, User
from recovery.contacts.services import choose_contact_profile
from recovery.demo_policies import answer_as_an_agent, make_policies, try_draft
from recovery.models import Profile

DEFAULT_LOANS = 5000
SEED = 42
LOCK = 0x43504149  # an advisory lock's number: two first runs on one database take turns
LOGINS = "demo-logins.txt"
# Two teams, so that what one agent sees and another does not can be seen.
PEOPLE = [
    ("agent", Role.AGENT, "North", "Asha", "Verma"),
    ("agent2", Role.AGENT, "North", "Daniel", "Osei"),
    ("agent3", Role.AGENT, "South", "Lucía", "Ferrer"),
    ("agent4", Role.AGENT, "South", "Tomasz", "Zieliński"),
    ("manager", Role.MANAGER, "North", "Ines", "Almeida"),
    ("analyst", Role.ANALYST, None, "Ravi", "Menon"),
    ("data_scientist", Role.DATA_SCIENTIST, None, "Hana", "Kovács"),
    ("compliance", Role.COMPLIANCE, None, "Grace", "Njoroge"),
    ("admin", Role.ADMIN, None, "Marit", "Solheim"),
    ("integration", Role.INTEGRATION, None, "Core banking", "system"),
]

Answers = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One verb of the loop: what it is called, and how to do it with the answers of the steps before."""

    name: str
    perform: Callable[[Answers], Any]


@dataclass(frozen=True)
class DemoReport:
    """What was done to make the demo complete."""

    done: tuple[str, ...]
    is_demo: bool
    seconds: float

    def summary(self) -> str:
        if not self.is_demo:
            return "The database has data of its own: no demo is added."
        if not self.done:
            return "The demo is complete."
        return f"The demo is complete: {len(self.done)} steps in {self.seconds:.0f} s. Log-ins: {logins_file()}"

    def as_json(self) -> dict[str, Any]:
        return {"done": list(self.done), "is_demo": self.is_demo, "seconds": round(self.seconds, 1)}


def prepare_demo(*, loans: int, say: Callable[[str], None]) -> DemoReport:
    """Do the steps of the demo that are not done yet, each in a transaction of its own.

    Takes minutes on an empty database and three queries on a finished one. Raises what a step raises; the steps before it stay.
    """
    began = time.monotonic()
    done: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
    try:
        answers = find_answers()
        if not answers and has_data():
            return DemoReport(done=(), is_demo=False, seconds=0)
        steps = steps_for(loans)
        for number, step in enumerate(steps, start=1):
            if step.name in answers:
                continue
            say(f"Demo {number}/{len(steps)}: {step.name} …")
            step_began = time.monotonic()
            with transaction.atomic():
                answers[step.name] = step.perform(answers)
                record_step(step.name, answers[step.name])
            done.append(step.name)
            say(f"Demo {number}/{len(steps)}: {step.name} done in {time.monotonic() - step_began:.1f} s")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
    return DemoReport(done=tuple(done), is_demo=True, seconds=time.monotonic() - began)


def steps_for(loans: int) -> list[Step]:
    """Return the loop, in order."""
    return [
        Step("people", lambda answers: create_people()),
        Step("simulate_portfolio", lambda answers: ask("simulate_portfolio", loans=loans, seed=SEED)),
        Step("refresh_delinquency", lambda answers: ask("refresh_delinquency")),
        Step("build_features", lambda answers: ask("build_features")),
        # The longest step: a bar on a terminal, lines in a log.
        Step(
            "train_models",
            lambda answers: ask("train_models", person="data_scientist", progress_lines=not sys.stderr.isatty()),
        ),
        Step("promote_model", lambda answers: promote_champion(answers["train_models"])),
        Step("score_loans", lambda answers: ask("score_loans")),
        Step("policies", lambda answers: make_policies()),
        Step("recommend_actions", lambda answers: ask("recommend_actions")),
        Step("plan_worklists", lambda answers: ask("plan_worklists")),
        Step("try a draft", lambda answers: try_draft()),
        Step("answers", lambda answers: answer_as_an_agent()),
        # Half a year of month ends, so that the page of watched models has something to show from the start.
        Step("monitor_models", lambda answers: ask("monitor_models", months=6)),
        Step("measure_fairness", lambda answers: ask("measure_fairness", answers["promote_model"]["model"])),
        Step("seal_evidence", lambda answers: ask("seal_evidence")),
    ]


def ask(command: str, *arguments: str, **options: Any) -> Any:
    """Run a command with --json and return its answer."""
    output = io.StringIO()
    call_command(command, *arguments, json=True, stdout=output, **options)
    return json.loads(output.getvalue())


def promote_champion(training: Answers) -> Any:
    """Take the model that training found best live, as any other: one examines, one proposes, another approves."""
    versions = {candidate["name"]: candidate["version"] for candidate in training["candidates"]}
    champion = str(versions.get(training["champion"], training["champion"]))
    ask(
        "validate_model", champion, person="analyst", outcome="fit",
        summary="Figures on unseen rows, leaks, calibration and the proof of the ONNX form were read for the demonstration.",
    )  # fmt: skip
    proposed = ask(
        "promote_model", champion, person="data_scientist", reason="Best of the first training of the demo",
        in_spite_of="The demonstration shows the whole way, whatever the figures are.",
    )  # fmt: skip
    return proposed | ask("promote_model", champion, person="manager", approve=True)


def create_people() -> Any:
    """Create one person per role, and a few agents more; their passwords go to a file that only its owner may read."""
    teams = {name: Team.objects.create(name=name) for name in ("North", "South")}
    lines = []
    for username, role, team, first_name, last_name in PEOPLE:
        password = secrets.token_urlsafe(12)
        User.objects.create_user(
            username,
            password=password,
            role=role,
            team=teams[team] if team else None,
            first_name=first_name,
            last_name=last_name,
        )
        lines.append(f"{username:<15} {password}  {role.label}{f', team {team}' if team else ''}\n")
    choose_contact_profile(
        profile=Profile.FIRST_PARTY,
        reason="The lender of the demonstration collects its own debts.",
        chosen_by=User.objects.get(username="admin"),
    )
    write_logins("".join(lines))
    return {"people": len(PEOPLE), "teams": len(teams)}


def write_logins(text: str) -> None:
    """Write var/demo-logins.txt, closed to others from its first byte."""
    fresh = logins_file().with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with open(fresh, "x", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as stream:
        stream.write(text)
    fresh.replace(logins_file())


def logins_file() -> Path:
    return Path(settings.VAR_DIR) / LOGINS


def has_data() -> bool:
    """Tell whether the database holds people or borrowers."""
    return User.objects.exists() or Borrower.objects.exists()


def find_answers() -> Answers:
    """Return what the finished steps answered, by step."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, answer::text FROM creditpath_demo_step")
        return {name: json.loads(answer) for name, answer in cursor.fetchall()}


def record_step(name: str, answer: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO creditpath_demo_step (name, answer) VALUES (%s, %s::jsonb)", [name, json.dumps(answer)]
        )
