"""Jobs that only tests know, and workers in threads and processes of their own."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections

from creditpath.jobs.registry import GENERAL, JobKind, job_kinds, schedules, sweeps
from creditpath.jobs.worker import WorkerLoop

Declare = Callable[..., None]


@pytest.fixture(autouse=True)
def no_jobs_of_the_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the sweeps and schedules of the apps out of the tests of the queue itself."""
    for registry in (sweeps, schedules):
        for name in list(registry):
            monkeypatch.delitem(registry, name)


@pytest.fixture
def declare(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """Declare a job for the time of a test."""

    def add(name: str, function: Callable[..., Any], max_attempts: int = 5, queue: str = GENERAL) -> None:
        monkeypatch.setitem(job_kinds, name, JobKind(name, function, max_attempts, queue))

    return add


@contextmanager
def worker_thread(**options: Any) -> Iterator[WorkerLoop]:
    """Run a worker in a thread with a connection of its own."""
    worker = WorkerLoop(**options)

    def work() -> None:
        try:
            worker.run()
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield worker
    finally:
        worker.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


@contextmanager
def worker_process(*, lease: timedelta = timedelta(seconds=2)) -> Iterator[int]:
    """Run a worker in a forked process, which knows the jobs that the test declared; yields its process id."""
    connection.close()
    pid = os.fork()
    if pid == 0:  # no fixture, handler or buffer of the parent may run in here
        try:
            worker = WorkerLoop(lease=lease)
            with worker.stopped_by_signals():
                worker.run()
            os._exit(0)
        finally:
            os._exit(1)
    try:
        yield pid
    finally:
        try:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass  # the test has ended and awaited it


def eventually(fact: Callable[[], Any], *, within: float = 20.0) -> Any:
    """Wait until something becomes true, and return it."""
    deadline = time.monotonic() + within
    while not (value := fact()):
        assert time.monotonic() < deadline, "it did not become true in time"
        time.sleep(0.05)
    return value
