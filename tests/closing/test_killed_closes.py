"""Closes in processes of their own: killed anywhere, two at once."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection

from borrowers.closing.errors import CloseUnderWay
from borrowers.closing.reports import ClosingReport
from borrowers.models import ClosingStep, DayClose
from borrowers.services import close_of_business, record_payment
from creditpath.accounts.models import Team
from creditpath.invariants import verify
from recovery.models import Recommendation, WorklistItem
from scoring.models import ScoringRun
from tests.closing.conftest import DAY, figures, make_books
from tests.models import promote_logistic

NEXT = DAY + timedelta(days=1)

pytestmark = pytest.mark.django_db(transaction=True)

# A step does all its work, says so, and waits: in the transaction it shares with the note that it is done, or, where it commits
# itself, right before that note.
CHILD = """
import dataclasses, sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from borrowers.closing.registry import registry
step = registry[sys.argv[2]]
def perform(closing):
    figures = step.perform(closing)
    print("stopped", flush=True)
    time.sleep(600)
    return figures
registry[step.name] = dataclasses.replace(step, perform=perform)
from creditpath.command import day
from borrowers.services import close_of_business
close_of_business(day=day(sys.argv[3]))
"""


def close_up_to(step: str) -> subprocess.Popen[str]:
    """Start a close in a process of its own and return it when the step has done its work and is not noted yet."""
    arguments = [sys.executable, "-c", CHILD, str(connection.settings_dict["NAME"]), step, NEXT.isoformat()]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings"}
    child = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, cwd=settings.BASE_DIR, env=environment)
    assert child.stdout is not None
    assert child.stdout.readline() == "stopped\n"
    return child


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def close_when_the_lock_is_free() -> ClosingReport:
    for _ in range(100):
        try:
            return close_of_business(day=NEXT)
        except CloseUnderWay:
            time.sleep(0.1)
    raise AssertionError("the lock of a dead close was never given up")


@pytest.mark.parametrize(
    "step",
    [
        "advance_business_date", "refresh_delinquency", "score_loans", "check_promises", "check_plans", "recommend_actions",
        "plan_worklists", "explain_scores", "alerts", "verify",
    ],
)  # fmt: skip
def test_a_close_killed_in_any_step_ends_like_an_undisturbed_one(team: Team, step: str) -> None:
    loans = make_books(team)
    promote_logistic()
    kill(close_up_to(step))
    assert ClosingStep.objects.get(name=step).state == "running"
    record_payment(loan=loans[0], amount=loans[0].principal_amount, effective_on=DAY)  # somebody works on meanwhile

    close_when_the_lock_is_free()

    assert list(ClosingStep.objects.exclude(state="done").values_list("name", flat=True)) == []
    assert ClosingStep.objects.get(name=step).attempt == 2
    assert ClosingStep.objects.exclude(name=step).filter(attempt=1).count() == ClosingStep.objects.count() - 1
    assert DayClose.objects.get().state == "done"
    assert ScoringRun.objects.filter(kind="batch", published_at__isnull=False).count() == 1
    assert verify().broken == ()
    assert figures()["now"][0][10] == loans[0].principal_amount + 20
    recommended = Recommendation.objects.filter(as_of=NEXT)
    assert recommended.count() == recommended.values("borrower_id").distinct().count()
    assert WorklistItem.objects.filter(as_of=NEXT).count() <= recommended.count()


def test_of_two_closes_at_once_the_second_is_refused_and_names_the_first(team: Team) -> None:
    make_books(team)
    first = close_up_to("refresh_delinquency")
    try:
        with pytest.raises(
            CloseUnderWay, match=r"The close of 2025-06-29 is under way at refresh_delinquency, begun at "
        ):
            close_of_business(day=NEXT)
    finally:
        kill(first)
    close_when_the_lock_is_free()
    assert DayClose.objects.get().state == "done"
