"""Queues of their own: what takes hours stands in nobody's way."""

import threading
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from creditpath.jobs import enqueue
from creditpath.jobs.models import Job
from creditpath.jobs.queries import is_a_worker_alive
from creditpath.jobs.registry import GENERAL, TRAINING, Sweep, job_kinds, sweeps
from creditpath.jobs.worker import WorkerLoop
from tests.jobs.conftest import Declare, eventually, worker_thread

pytestmark = pytest.mark.django_db(transaction=True)


def state_of(job: Job) -> str:
    return Job.objects.values_list("state", flat=True).get(pk=job.pk)


def test_everyday_jobs_do_not_wait_behind_a_training(declare: Declare) -> None:
    release = threading.Event()
    declare("long", lambda: release.wait(20) and None, queue=TRAINING)
    declare("short", lambda: None)
    training = enqueue("long")

    with worker_thread(name="trainer", queue=TRAINING), worker_thread(name="everyday", queue=GENERAL):
        eventually(lambda: state_of(training) == Job.State.RUNNING)
        short = [enqueue("short") for _ in range(3)]
        eventually(lambda: all(state_of(job) == Job.State.SUCCEEDED for job in short))
        assert state_of(training) == Job.State.RUNNING
        release.set()
        eventually(lambda: state_of(training) == Job.State.SUCCEEDED)

    assert Job.objects.get(pk=training.pk).worker == "trainer"


def test_a_worker_leaves_the_jobs_of_other_queues(declare: Declare) -> None:
    declare("long", lambda: None, queue=TRAINING)
    declare("short", lambda: None)
    training, short = enqueue("long"), enqueue("short")

    assert WorkerLoop(queue=TRAINING).work_off() == 1
    assert (state_of(training), state_of(short)) == (Job.State.SUCCEEDED, Job.State.QUEUED)
    assert WorkerLoop(queue=GENERAL).work_off() == 1


def test_a_job_of_a_dead_trainer_is_taken_over_by_a_trainer_alone(declare: Declare) -> None:
    declare("long", lambda: None, queue=TRAINING)
    job = enqueue("long")
    Job.objects.filter(pk=job.pk).update(
        state=Job.State.RUNNING, attempt=1, worker="gone", lease_until=Now() - timedelta(minutes=1)
    )

    assert WorkerLoop(queue=GENERAL).work_off() == 0
    assert WorkerLoop(queue=TRAINING).work_off() == 1


def test_a_worker_without_a_queue_takes_all(declare: Declare) -> None:
    declare("long", lambda: None, queue=TRAINING)
    declare("short", lambda: None)
    enqueue("long")
    enqueue("short")

    assert WorkerLoop().work_off() == 2


def test_a_job_that_no_version_knows_any_more_is_told_by_the_general_queue(
    declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare("dropped", lambda: None, max_attempts=1)
    job = enqueue("dropped")
    monkeypatch.delitem(job_kinds, "dropped")

    assert WorkerLoop(queue=TRAINING).work_off() == 0
    WorkerLoop(queue=GENERAL).work_off()

    assert state_of(job) == Job.State.DEAD


def test_a_trainer_runs_no_sweeps_and_does_not_make_the_site_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[int] = []
    monkeypatch.setitem(sweeps, "look", Sweep("look", lambda: swept.append(1), timedelta(milliseconds=50)))

    with worker_thread(queue=TRAINING) as trainer:
        trainer.run_due_sweeps()
        assert (swept, is_a_worker_alive()) == ([], False)
    with worker_thread(queue=GENERAL):
        eventually(lambda: swept and is_a_worker_alive())
