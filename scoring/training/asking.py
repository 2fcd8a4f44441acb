"""Ask for trainings and look after them from pages: at most one of a kind at a time, each in a worker of its own queue."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, transaction

from creditpath.accounts.models import User
from creditpath.jobs import enqueue
from creditpath.jobs.models import Job
from creditpath.jobs.services import cancel, retry
from scoring.training.cases import AT_APPROVAL
from scoring.training.errors import TrainingUnderWay

JOB = "train_models"
LOCK = 7302026  # two that ask at once
ATTRIBUTE = "attribute"


@transaction.atomic
def start_training(
    *,
    by: User,
    purpose: str,
    candidates: Sequence[str],
    horizon_days: int | None = None,
    segment: str = "",
    attribute: str = "",
    bad: str = "",
    trials: int | None = None,
    seconds: float | None = None,
    false_alarm: float | None = None,
    missed: float | None = None,
) -> Job:
    """Ask for a training in a person's name; it runs once a training worker is free. Raises TrainingUnderWay for a second one.

    `trials` settings of each candidate are tried within `seconds`; false_alarm and missed are what wrong calls cost, in one unit.
    """
    costs = [false_alarm, missed] if false_alarm is not None and missed is not None else None
    options: dict[str, Any] = {
        "candidates": list(candidates), "as": by.username, "trials": trials, "seconds": seconds, "costs": costs,
    }  # fmt: skip
    if purpose == ATTRIBUTE:
        options |= {"target": f"attribute:{attribute}", "bad": bad, "at": AT_APPROVAL}
    else:
        options |= {"purpose": purpose, "horizon_days": horizon_days, "segment": segment}
    _wait_for_others()
    if under_way := find_under_way(options):
        raise TrainingUnderWay(
            f"Training {under_way.pk} for the same outcome waits or runs: wait for it, or cancel it."
        )
    return enqueue(JOB, created_by=by, **options)


def cancel_training(*, job: Job) -> Job:
    """Take a training off the queue, or end it: it stops within seconds and registers nothing. Raises JobIsFinished."""
    return cancel(job=job)


@transaction.atomic
def retry_training(*, job: Job) -> Job:
    """Start a training again that failed, was cut off or was cancelled. Raises JobCannotBeRetried and TrainingUnderWay."""
    _wait_for_others()
    if under_way := find_under_way(job.arguments):
        raise TrainingUnderWay(f"Training {under_way.pk} for the same outcome waits or runs.")
    return retry(job=job)


def find_under_way(options: dict[str, Any]) -> Job | None:
    """Return a training that waits or runs and would learn the same outcome."""
    of = _subject(options)
    return next((job for job in trainings().open() if _subject(job.arguments) == of), None)


def _subject(options: dict[str, Any]) -> list[Any]:
    """Return what a training is about; one asked for before there were segments is about all loans."""
    return [options.get(key) or None for key in ("purpose", "segment", "target")]


def trainings() -> Any:
    """Return all trainings that were ever asked for, the newest first."""
    return Job.objects.filter(name=JOB).select_related("created_by").order_by("-pk")


def _wait_for_others() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
