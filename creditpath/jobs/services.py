"""The verbs of the queue: enqueue, progress, note, fence, nudge, cancel, retry.

Models are imported inside the functions, so that `from creditpath.jobs import enqueue` works while Django is still loading.
"""

from __future__ import annotations

import threading
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from creditpath.jobs.errors import JobCancelled, JobCannotBeRetried, JobIsFinished, LeaseLost, UnknownJob
from creditpath.jobs.registry import job_kinds

if TYPE_CHECKING:
    from creditpath.accounts.models import User
    from creditpath.jobs.models import Job

CHANNEL = "creditpath_jobs"
SWEEP_PREFIX = "sweep:"


@dataclass
class Running:
    """The job that this thread is working on, shared with the thread that keeps its lease."""

    job_id: int
    attempt: int
    lost: bool = False
    cancelled: bool = False
    _figures: dict[str, Any] = field(default_factory=dict)
    _message: str = ""
    _notes: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, done: int, total: int, message: str) -> None:
        """Keep how far the job is for the next writing; a new message goes into the log too."""
        if message and message != self._message:
            self.note(message)
        with self._lock:
            self._message = message
            self._figures = {"progress_done": done, "progress_total": total, "message": message[:300]}

    def note(self, line: str) -> None:
        """Keep a line for the log of the job."""
        with self._lock:
            self._notes.append(f"{timezone.localtime():%Y-%m-%d %H:%M:%S} {line}\n".replace("\x00", ""))

    def take(self) -> dict[str, Any]:
        """Return, once, what there is to write: columns of the job, and new lines of the log under "notes"."""
        with self._lock:
            fresh, self._figures = self._figures, {}
            notes, self._notes = self._notes, []
        return {**fresh, "notes": "".join(notes)} if notes else fresh


current: ContextVar[Running | None] = ContextVar("current_job", default=None)


def enqueue(
    name: str,
    /,
    *,
    unique_key: str | None = None,
    run_after: datetime | None = None,
    created_by: User | None = None,
    **arguments: Any,
) -> Job:
    """Ask for a job; it runs after the transaction commits, and never if that rolls back.

    With a unique_key that was used before, at whatever time, the job of that key is returned and nothing is added. Raises
    UnknownJob.
    """
    from creditpath.jobs.models import Job

    if name not in job_kinds:
        raise UnknownJob(f"No job is called {name!r}.")
    job = Job(
        name=name,
        arguments=arguments,
        unique_key=unique_key,
        max_attempts=job_kinds[name].max_attempts,
        created_by=created_by,
    )
    if run_after is not None:
        job.run_after = run_after
    if unique_key is None:
        job.save()
    else:
        Job.objects.bulk_create([job], ignore_conflicts=True)
        job = Job.objects.get(unique_key=unique_key)
    _notify("")
    return job


def nudge(sweep: str) -> None:
    """Let a worker run a sweep as soon as the transaction commits, without waiting for its time."""
    _notify(SWEEP_PREFIX + sweep)


def _notify(payload: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def progress(done: int, total: int, message: str = "") -> None:
    """Tell how far the running job is; outside a job it does nothing, so services may call it always.

    Costs no query: the worker writes it about once a second, and a new message into the log. Raises JobCancelled or LeaseLost
    where the job is to end.
    """
    check()
    running = current.get()
    if running is not None:
        running.tell(done, total, message)


def check() -> None:
    """Raise JobCancelled or LeaseLost where the running job is to end; for loops that have nothing new to tell."""
    running = current.get()
    if running is None:
        return
    if running.lost:
        raise LeaseLost()
    if running.cancelled:
        raise JobCancelled()


def note(line: str) -> None:
    """Write a line into the log of the running job; outside a job it does nothing. Costs no query, as progress()."""
    running = current.get()
    if running is not None:
        running.note(line)


def fence() -> None:
    """Inside the transaction in which a job writes, make sure that the job is still ours; raises LeaseLost.

    The row stays locked until the commit, so that a takeover waits for it: either our write counts or the other worker's.
    """
    from creditpath.jobs.models import Job

    running = current.get()
    if running is None:
        return
    held = Job.objects.select_for_update().filter(pk=running.job_id, attempt=running.attempt, state=Job.State.RUNNING)
    if not held.exists():
        running.lost = True
        raise LeaseLost()


@transaction.atomic
def cancel(*, job: Job) -> Job:
    """Take a waiting job off the queue, or ask a running one to stop at its next step; raises JobIsFinished."""
    from creditpath.jobs.models import Job as Jobs

    held = Jobs.objects.select_for_update().get(pk=job.pk)
    if held.state == Jobs.State.QUEUED:
        held.state = Jobs.State.CANCELLED
        held.finished_at = timezone.now()
    elif held.state != Jobs.State.RUNNING:
        raise JobIsFinished()
    held.is_cancel_requested = True
    held.save(update_fields=["state", "finished_at", "is_cancel_requested"])
    return held


@transaction.atomic
def retry(*, job: Job) -> Job:
    """Put a job that was given up or cancelled back on the queue with all its tries; raises JobCannotBeRetried."""
    from creditpath.jobs.models import Job as Jobs

    held = Jobs.objects.select_for_update().get(pk=job.pk)
    if held.state not in (Jobs.State.DEAD, Jobs.State.CANCELLED):
        raise JobCannotBeRetried()
    held.state = Jobs.State.QUEUED
    # Attempts only grow, so that no number is used twice and a late write of an old one is still refused.
    held.max_attempts = held.attempt + (job_kinds[held.name].max_attempts if held.name in job_kinds else 1)
    held.is_cancel_requested = False
    held.run_after = timezone.now()
    held.finished_at = held.lease_until = None
    held.error = ""
    held.save()
    _notify("")
    return held
