"""Asking for jobs, running them, failing, cancelling, trying again."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from creditpath.accounts.models import Role
from creditpath.jobs import enqueue, fence, progress
from creditpath.jobs.errors import JobCannotBeRetried, JobIsFinished, LeaseLost, UnknownJob
from creditpath.jobs.models import Job
from creditpath.jobs.services import cancel, current, retry
from creditpath.jobs.worker import WorkerLoop, _extend_lease
from tests.factories import make_user
from tests.jobs.conftest import Declare

pytestmark = pytest.mark.django_db


def make_due(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))


def test_job_runs_with_its_arguments_and_keeps_its_result(declare: Declare) -> None:
    declare("double", lambda number: {"doubled": number * 2})
    job = enqueue("double", number=21)
    assert WorkerLoop().work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.result, job.attempt) == (Job.State.SUCCEEDED, {"doubled": 42}, 1)
    assert job.finished_at is not None
    assert job.lease_until is None


def test_unknown_job_is_refused_when_it_is_asked_for() -> None:
    with pytest.raises(UnknownJob):
        enqueue("no such thing")


def test_job_of_a_rolled_back_transaction_never_runs(declare: Declare) -> None:
    declare("noop", lambda: None)
    with pytest.raises(IntegrityError), transaction.atomic():
        enqueue("noop")
        raise IntegrityError
    assert WorkerLoop().work_off() == 0


def test_same_unique_key_gives_the_same_job_even_after_it_ran(declare: Declare) -> None:
    declare("noop", lambda: None)
    first = enqueue("noop", unique_key="night of 30 June")
    assert enqueue("noop", unique_key="night of 30 June") == first
    assert WorkerLoop().work_off() == 1
    assert enqueue("noop", unique_key="night of 30 June") == first
    assert WorkerLoop().work_off() == 0


def test_job_for_later_waits(declare: Declare) -> None:
    declare("noop", lambda: None)
    enqueue("noop", run_after=timezone.now() + timedelta(hours=1))
    assert WorkerLoop().work_off() == 0


def test_job_that_always_fails_is_given_up_after_five_tries_with_growing_pauses(declare: Declare) -> None:
    def fail() -> None:
        raise RuntimeError("the file is gone")

    declare("fail", fail)
    declare("noop", lambda: None)
    job = enqueue("fail")
    waits = []
    for _ in range(5):
        make_due(job)
        other = enqueue("noop")
        assert WorkerLoop().work_off() == 2
        job.refresh_from_db()
        other.refresh_from_db()
        assert other.state == Job.State.SUCCEEDED
        waits.append(round((job.run_after - timezone.now()).total_seconds()))
    assert (job.state, job.attempt) == (Job.State.DEAD, 5)
    assert waits[:4] == [10, 40, 160, 640]
    assert "the file is gone" in job.error
    assert job.log.count("failed: RuntimeError") == 5
    make_due(job)
    assert WorkerLoop().work_off() == 0


def test_job_given_up_runs_again_when_somebody_retries_it(declare: Declare) -> None:
    declare("noop", lambda: "well")
    job = Job.objects.create(name="noop", state=Job.State.DEAD, attempt=5, error="broken")
    retry(job=job)
    assert WorkerLoop().work_off() == 1
    job.refresh_from_db()
    assert (job.state, job.result, job.error, job.attempt) == (Job.State.SUCCEEDED, "well", "", 6)
    with pytest.raises(JobCannotBeRetried):
        retry(job=job)


def test_job_whose_code_is_gone_fails_by_name(declare: Declare) -> None:
    job = Job.objects.create(name="of an older version", max_attempts=1)
    WorkerLoop().work_off()
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert "of an older version" in job.error


def test_progress_and_its_messages_are_kept(declare: Declare) -> None:
    def count() -> None:
        for done in range(1, 4):
            progress(done, 3, "counting")
        progress(3, 3, "counted")

    declare("count", count)
    job = enqueue("count")
    WorkerLoop().work_off()
    job.refresh_from_db()
    assert (job.progress_done, job.progress_total, job.message) == (3, 3, "counted")
    assert [line[20:] for line in job.log.splitlines()] == ["counting", "counted"]


def test_progress_and_fence_do_nothing_outside_a_job() -> None:
    progress(1, 2, "by hand")
    fence()


def test_waiting_job_that_is_cancelled_does_not_run(declare: Declare) -> None:
    declare("noop", lambda: None)
    job = cancel(job=enqueue("noop"))
    assert job.state == Job.State.CANCELLED
    assert WorkerLoop().work_off() == 0
    with pytest.raises(JobIsFinished):
        cancel(job=job)


def test_running_job_that_is_cancelled_stops_at_its_next_step(declare: Declare) -> None:
    steps = []

    def walk() -> None:
        for step in range(10):
            steps.append(step)
            progress(step, 10)
            if step == 2:
                running = current.get()
                assert running is not None
                cancel(job=Job.objects.get(pk=running.job_id))
                running.cancelled = bool(_extend_lease(running, timedelta(seconds=30)))

    declare("walk", walk)
    job = enqueue("walk")
    WorkerLoop().work_off()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert steps == [0, 1, 2, 3]


def test_job_of_a_user_who_was_switched_off_does_not_run(declare: Declare) -> None:
    ran: list[int] = []
    declare("export", lambda: ran.append(1))
    user = make_user(Role.MANAGER)
    job = enqueue("export", created_by=user)
    user.is_active = False
    user.save()
    WorkerLoop().work_off()
    job.refresh_from_db()
    assert job.state == Job.State.CANCELLED
    assert ran == []


def expire_lease(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_late_write_of_a_worker_whose_job_was_taken_over_is_refused(declare: Declare) -> None:
    """The second worker runs inside the first one's attempt, as if that had been frozen there."""
    outcome: dict[str, Any] = {}

    def slow() -> str:
        running = current.get()
        assert running is not None
        if running.attempt == 1:
            expire_lease(Job.objects.get(pk=running.job_id))
            WorkerLoop(name="second").work_off()
            with pytest.raises(LeaseLost), transaction.atomic():
                fence()
            outcome["fenced"] = True
        return f"attempt {running.attempt}"

    declare("slow", slow)
    job = enqueue("slow")
    WorkerLoop(name="first").run_one(keep=False)
    job.refresh_from_db()
    assert (job.state, job.result, job.worker, job.attempt) == (Job.State.SUCCEEDED, "attempt 2", "second", 2)
    assert outcome == {"fenced": True}


def test_job_whose_worker_died_at_every_try_is_given_up(declare: Declare) -> None:
    job = Job.objects.create(
        name="crash", state=Job.State.RUNNING, attempt=5, worker="w", lease_until=timezone.now() - timedelta(seconds=1)
    )
    assert WorkerLoop().work_off() == 0
    job.refresh_from_db()
    assert job.state == Job.State.DEAD
    assert job.error == "The worker w is gone."


def test_running_job_without_a_lease_cannot_be_stored() -> None:
    with pytest.raises(IntegrityError, match="running_job_has_a_lease"), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO jobs_job (name, arguments, state, attempt, max_attempts, worker, is_cancel_requested, progress_done,"
            " progress_total, message, log, error) VALUES ('x', '{}', 'running', 1, 5, 'w', false, 0, 0, '', '', '')"
        )
