"""Workers as they are: several, killed, frozen, told to stop."""

import itertools
import os
import signal
import threading
import time
from datetime import timedelta

import pytest

from creditpath.jobs import enqueue, nudge
from creditpath.jobs.models import Job
from creditpath.jobs.queries import is_a_worker_alive
from creditpath.jobs.registry import Sweep, sweeps
from creditpath.jobs.worker import WorkerLoop, run_sweep
from tests.jobs.conftest import Declare, eventually, worker_process, worker_thread

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def test_workers_at_once_run_each_job_once(declare: Declare) -> None:
    ran: list[int] = []

    def record(number: int) -> None:
        ran.append(number)

    declare("record", record)
    jobs = [enqueue("record", number=number) for number in range(60)]
    with worker_thread(name="a"), worker_thread(name="b"), worker_thread(name="c"):
        eventually(lambda: Job.objects.filter(state=Job.State.SUCCEEDED).count() == len(jobs))
    assert sorted(ran) == list(range(60))
    assert set(Job.objects.values_list("attempt", flat=True)) == {1}


def test_notification_wakes_a_worker_before_its_next_look(declare: Declare) -> None:
    declare("noop", lambda: None)
    with worker_thread():
        eventually(is_a_worker_alive)
        time.sleep(0.3)
        started = time.monotonic()
        job = enqueue("noop")
        eventually(lambda: state_of(job) == Job.State.SUCCEEDED)
        assert time.monotonic() - started < 2


def test_long_job_keeps_its_lease_and_shows_its_progress(declare: Declare) -> None:
    from creditpath.jobs import progress

    release = threading.Event()

    def long() -> None:
        progress(1, 2, "half-way")
        assert release.wait(20)

    declare("long", long)
    job = enqueue("long")
    with worker_thread(name="one", lease=timedelta(seconds=2)), worker_thread(name="two", lease=timedelta(seconds=2)):
        eventually(lambda: Job.objects.get(pk=job.pk).message == "half-way")
        time.sleep(3)
        release.set()
        eventually(lambda: state_of(job) == Job.State.SUCCEEDED)
    assert Job.objects.get(pk=job.pk).attempt == 1


def test_job_of_a_killed_worker_is_taken_over(declare: Declare) -> None:
    parent = os.getpid()

    def stuck_in_the_first_worker() -> str:
        if os.getpid() != parent:
            time.sleep(60)
        return "done by the second"

    declare("stuck", stuck_in_the_first_worker)
    job = enqueue("stuck")
    with worker_process() as pid:
        eventually(lambda: state_of(job) == Job.State.RUNNING)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        with worker_thread():
            eventually(lambda: state_of(job) == Job.State.SUCCEEDED)
    job.refresh_from_db()
    assert (job.result, job.attempt) == ("done by the second", 2)


def test_default_lease_lets_a_job_be_taken_over_within_a_minute() -> None:
    from creditpath.jobs import worker

    assert worker.LEASE.total_seconds() + worker.POLL_EVERY <= 60


def test_frozen_worker_cannot_overwrite_who_took_its_job_over(declare: Declare) -> None:
    parent = os.getpid()
    read_end, write_end = os.pipe()

    def slow() -> str:
        if os.getpid() != parent:
            os.read(read_end, 1)
        return "parent" if os.getpid() == parent else "child"

    declare("slow", slow)
    job = enqueue("slow")
    with worker_process() as pid:
        eventually(lambda: state_of(job) == Job.State.RUNNING)
        os.kill(pid, signal.SIGSTOP)
        with worker_thread():
            eventually(lambda: state_of(job) == Job.State.SUCCEEDED)
        os.write(write_end, b"x")
        os.kill(pid, signal.SIGCONT)
        os.kill(pid, signal.SIGTERM)
        assert os.waitpid(pid, 0)[1] == 0
    job.refresh_from_db()
    assert (job.state, job.result, job.attempt) == (Job.State.SUCCEEDED, "parent", 2)


def test_worker_told_to_stop_ends_its_job_first(declare: Declare) -> None:
    read_end, write_end = os.pipe()

    def slow() -> str:
        os.read(read_end, 1)
        return "to the end"

    declare("slow", slow)
    first, second = enqueue("slow"), enqueue("slow")
    with worker_process() as pid:
        eventually(lambda: state_of(first) == Job.State.RUNNING)
        os.kill(pid, signal.SIGTERM)
        time.sleep(0.3)
        assert state_of(first) == Job.State.RUNNING
        os.write(write_end, b"x")
        assert os.waitpid(pid, 0)[1] == 0
    assert (state_of(first), state_of(second)) == (Job.State.SUCCEEDED, Job.State.QUEUED)
    assert not is_a_worker_alive()


def test_sweep_runs_in_its_time_and_not_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[float] = []
    monkeypatch.setitem(sweeps, "often", Sweep("often", lambda: ran.append(time.monotonic()), timedelta(seconds=1)))
    with worker_thread(name="a"), worker_thread(name="b"):
        eventually(lambda: len(ran) >= 3)
    assert all(later - earlier > 0.9 for earlier, later in itertools.pairwise(ran))


def test_nudged_sweep_runs_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[int] = []
    monkeypatch.setitem(sweeps, "rarely", Sweep("rarely", lambda: ran.append(1), timedelta(hours=1)))
    with worker_thread():
        eventually(lambda: len(ran) == 1)
        nudge("rarely")
        eventually(lambda: len(ran) == 2, within=3)


def test_failing_sweep_hinders_no_job(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("no champion")

    monkeypatch.setitem(sweeps, "fails", Sweep("fails", fail, timedelta(seconds=0.2)))
    declare("noop", lambda: None)
    job = enqueue("noop")
    with worker_thread():
        eventually(lambda: state_of(job) == Job.State.SUCCEEDED)


def test_sweep_that_another_worker_is_at_is_left_to_it() -> None:
    inside, release = threading.Event(), threading.Event()

    def slow() -> None:
        inside.set()
        assert release.wait(20)

    each = Sweep("slow", slow, timedelta(0))

    def first() -> None:
        from django.db import connection

        try:
            run_sweep(each, now=True)
        finally:
            connection.close()

    thread = threading.Thread(target=first)
    thread.start()
    assert inside.wait(20)
    assert run_sweep(each, now=True) is False
    release.set()
    thread.join()
    assert run_sweep(each, now=True) is True


def test_work_off_leaves_no_trace_of_a_worker(declare: Declare) -> None:
    declare("noop", lambda: None)
    enqueue("noop")
    WorkerLoop().work_off()
    assert not is_a_worker_alive()
