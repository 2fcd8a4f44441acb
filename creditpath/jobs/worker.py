"""The worker: claims jobs, keeps its lease on the one it runs, ends it; runs sweeps in between."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import math
import os
import random
import select
import signal
import socket
import threading
import time
import traceback
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import InterfaceError, OperationalError, close_old_connections, connection, transaction
from django.db.models import Value
from django.db.models.functions import Concat, Now

from creditpath import sql
from creditpath.jobs.errors import JobCancelled, LeaseLost
from creditpath.jobs.models import Job, SweepMark, Worker
from creditpath.jobs.registry import GENERAL, Sweep, job_kinds, sweeps
from creditpath.jobs.services import CHANNEL, SWEEP_PREFIX, Running, current

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)  # a job of a dead worker is taken over at most this, and one poll, after its last sign
KEEP_EVERY = 1.0  # seconds between signs of life, which also carry progress and fetch the wish to cancel
POLL_EVERY = 5.0  # seconds between looks at the queue where no notification came
SEEN_EVERY = 10.0
RETRY_AFTER = timedelta(seconds=10)  # and four times longer with each further try: 40 s, 160 s, 640 s


class Keeper(threading.Thread):
    """Extend the lease of a running job, write its progress, and learn whether it is to stop; on a connection of its own."""

    def __init__(self, running: Running, *, lease: timedelta) -> None:
        super().__init__(name=f"keeper of job {running.job_id}", daemon=True)
        self.running = running
        self.lease = lease
        self.stopping = threading.Event()

    def run(self) -> None:
        try:
            while not self.stopping.wait(KEEP_EVERY):
                self.keep()
        finally:
            connection.close()

    def keep(self) -> None:
        """Give one sign of life; a database that is away for a moment is tried again with the next one."""
        try:
            held = _extend_lease(self.running, self.lease)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the lease of job %s could not be extended: %s", self.running.job_id, error)
            connection.close()
            return
        if held is None:
            self.running.lost = True
            self.stopping.set()
        elif held:
            self.running.cancelled = True

    def __enter__(self) -> Keeper:
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stopping.set()
        self.join()


def _extend_lease(running: Running, lease: timedelta) -> bool | None:
    """Write progress and a later end of the lease; return whether the job is to be cancelled, None if it is ours no more."""
    fresh = running.take()
    values: dict[str, Any] = {"lease_until": Now() + lease, **fresh}
    if notes := values.pop("notes", ""):
        values["log"] = Concat("log", Value(notes))
    held = Job.objects.filter(pk=running.job_id, attempt=running.attempt, state=Job.State.RUNNING)
    if not held.update(**values):
        return None
    return held.values_list("is_cancel_requested", flat=True).first()


class WorkerLoop:
    """One worker process: `run()` works until a signal says stop, `work_off()` until the queue is empty.

    It takes the jobs of one queue, or of all without one. Sweeps are run by workers of the general queue and of all.
    """

    def __init__(self, *, name: str | None = None, queue: str | None = None, lease: timedelta = LEASE) -> None:
        self.name = name or f"{socket.gethostname()}:{os.getpid()}"
        self.queue = queue
        self.lease = lease
        self.stopping = False
        self._wake_read: int | None = None
        self._wake_write: int | None = None
        self._listening_on: Any = None
        self._seen_at = -math.inf
        self._swept_at: dict[str, float] = {}
        self._nudged: set[str] = set()

    # --- the loop -----------------------------------------------------------------------------------------------------
    def run(self) -> None:
        """Work until stop(); a database that is away is waited for."""
        self._wake_read, self._wake_write = os.pipe()
        try:
            self._loop()
        finally:
            read, write, self._wake_read, self._wake_write = self._wake_read, self._wake_write, None, None
            os.close(read)
            os.close(write)
        with contextlib.suppress(OperationalError, InterfaceError):
            Worker.objects.filter(name=self.name).delete()

    def _loop(self) -> None:
        while not self.stopping:
            try:
                close_old_connections()
                self._listen()
                self._show_life()
                self.run_due_sweeps()
                if not self.run_one():
                    self._wait()
            except (OperationalError, InterfaceError) as error:
                logger.warning("the database does not answer, trying again: %s", error)
                connection.close()
                self._sleep(1 + random.random() * 2)  # noqa: S311  # spreads workers, guards nothing

    def stop(self, *_: Any) -> None:
        """Let the current job end and then leave run(); fit to be a signal handler."""
        self.stopping = True
        if self._wake_write is not None:
            os.write(self._wake_write, b"x")

    def work_off(self, *, at_most: int = 10_000) -> int:
        """Run the jobs that are due, without signs of life, and return how many; for tests and `run_worker --once`."""
        n_jobs = 0
        while n_jobs < at_most and self.run_one(keep=False):
            n_jobs += 1
        return n_jobs

    @contextlib.contextmanager
    def stopped_by_signals(self) -> Iterator[None]:
        """Turn SIGTERM and SIGINT into stop() while inside."""
        before = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    # --- jobs ---------------------------------------------------------------------------------------------------------
    def run_one(self, *, keep: bool = True) -> bool:
        """Claim a job and run it to an end of this attempt; return whether there was one."""
        job = self._claim()
        if job is None:
            return False
        running = Running(job_id=job.pk, attempt=job.attempt)
        keeper: contextlib.AbstractContextManager[Any] = (
            Keeper(running, lease=self.lease) if keep else contextlib.nullcontext()
        )
        token = current.set(running)
        started = time.monotonic()
        try:
            with keeper:
                result = self._call(job)
        except JobCancelled:
            self._end(job, running, state=Job.State.CANCELLED)
        except LeaseLost:
            logger.warning("job %s was taken over while %s was at it", job, self.name)
        except (OperationalError, InterfaceError) as error:
            # Our own connection may be the trouble: the failure is written on a fresh one.
            connection.close()
            self._fail(job, running, error)
        except Exception as error:
            self._fail(job, running, error)
        else:
            if self._end(job, running, state=Job.State.SUCCEEDED, result=result, error=""):
                logger.info("job %s done in %.1f s", job, time.monotonic() - started)
        finally:
            current.reset(token)
        return True

    def _claim(self) -> Job | None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql.load("jobs", "end_hopeless_jobs.sql"))
            cursor.execute(
                sql.load("jobs", "claim_job.sql"),
                {"worker": self.name, "lease_seconds": self.lease.total_seconds(), **self._choose_names()},
            )
            row = cursor.fetchone()
        return Job.objects.select_related("created_by").get(pk=row[0]) if row else None

    def _choose_names(self) -> dict[str, Any]:
        """Return which jobs to take; those that no queue knows any more are the general one's, which says so."""
        if self.queue in (None, GENERAL):
            others = [kind.name for kind in job_kinds.values() if self.queue is not None and kind.queue != GENERAL]
            return {"names": others, "are_wanted": False}
        return {"names": [kind.name for kind in job_kinds.values() if kind.queue == self.queue], "are_wanted": True}

    def _call(self, job: Job) -> Any:
        kind = job_kinds.get(job.name)
        if kind is None:
            raise LookupError(f"No job is called {job.name!r} in this version.")
        if job.is_cancel_requested:
            raise JobCancelled()
        if job.created_by is not None and not job.created_by.is_active:
            logger.warning("job %s is cancelled: %s, who asked for it, is switched off", job, job.created_by)
            raise JobCancelled()
        return kind.function(**job.arguments)

    def _end(self, job: Job, running: Running, **values: Any) -> bool:
        """Write how the attempt ended; return False where the job was no longer ours and nothing is written."""
        fresh = running.take()
        if notes := fresh.pop("notes", ""):
            fresh["log"] = Concat("log", Value(notes))
        held = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=Job.State.RUNNING)
        written = held.update(lease_until=None, **{"finished_at": Now(), **fresh, **values})
        if not written:
            logger.warning(
                "job %s was taken over: the end of attempt %s by %s is not written", job, job.attempt, self.name
            )
        return bool(written)

    def _fail(self, job: Job, running: Running, error: Exception) -> None:
        running.note(f"attempt {job.attempt} failed: {type(error).__name__}: {error}")
        text = "".join(traceback.format_exception(error))[-20_000:].replace("\x00", "")
        if job.attempt >= job.max_attempts:
            logger.error("job %s is given up after %s tries", job, job.attempt, exc_info=error)
            self._end(job, running, state=Job.State.DEAD, error=text)
        else:
            wait = RETRY_AFTER * 4 ** (job.attempt - 1)
            logger.warning("job %s failed, next try in %s: %s", job, wait, error)
            self._end(job, running, state=Job.State.QUEUED, error=text, run_after=Now() + wait, finished_at=None)

    # --- sweeps -------------------------------------------------------------------------------------------------------
    def _sweeps(self) -> list[Sweep]:
        return list(sweeps.values()) if self.queue in (None, GENERAL) else []

    def run_due_sweeps(self) -> None:
        """Run each sweep that is due or nudged; its failure is logged and does not hinder jobs."""
        for each in self._sweeps():
            nudged = each.name in self._nudged
            if nudged or time.monotonic() - self._swept_at.get(each.name, -math.inf) >= each.every.total_seconds():
                self._nudged.discard(each.name)
                self._swept_at[each.name] = time.monotonic()
                try:
                    run_sweep(each, now=nudged)
                except (OperationalError, InterfaceError):
                    raise
                except Exception:
                    logger.exception("the sweep %s failed", each.name)

    # --- waiting ------------------------------------------------------------------------------------------------------
    def _listen(self) -> None:
        connection.ensure_connection()
        if connection.connection is not self._listening_on:
            with connection.cursor() as cursor:
                cursor.execute(f"LISTEN {CHANNEL}")
            self._listening_on = connection.connection

    def _show_life(self) -> None:
        if time.monotonic() - self._seen_at < SEEN_EVERY:
            return
        Worker.objects.update_or_create(name=self.name, defaults={"seen_at": Now(), "queue": self.queue or ""})
        Worker.objects.filter(seen_at__lt=Now() - timedelta(hours=1)).delete()
        self._seen_at = time.monotonic()

    def _wait(self) -> None:
        """Sleep until a notification, a signal, or the next look at the queue or a sweep."""
        now = time.monotonic()
        due = [self._swept_at.get(each.name, now) + each.every.total_seconds() - now for each in self._sweeps()]
        timeout = max(0.05, min([POLL_EVERY, *due]))
        if not connection.connection.notifies:
            select.select([connection.connection, self._wake_read], [], [], timeout)
            connection.connection.poll()
        while connection.connection.notifies:
            payload = connection.connection.notifies.pop().payload
            if payload.startswith(SWEEP_PREFIX):
                self._nudged.add(payload.removeprefix(SWEEP_PREFIX))

    def _sleep(self, seconds: float) -> None:
        assert self._wake_read is not None
        select.select([self._wake_read], [], [], seconds)


def run_sweep(each: Sweep, *, now: bool = False) -> bool:
    """Run a sweep unless another worker is at it or it ran within its time; return whether it ran."""
    number = int.from_bytes(hashlib.sha256(f"sweep {each.name}".encode()).digest()[:8], signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        if not cursor.fetchone()[0]:
            return False
    try:
        if not now and SweepMark.objects.filter(name=each.name, began_at__gt=Now() - each.every).exists():
            return False
        SweepMark.objects.update_or_create(name=each.name, defaults={"began_at": Now()})
        each.function()
    finally:
        with contextlib.suppress(InterfaceError, OperationalError), connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
    return True
