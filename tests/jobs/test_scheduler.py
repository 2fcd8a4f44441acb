"""Jobs by the calendar."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from creditpath.jobs.models import Job
from creditpath.jobs.registry import Schedule, schedule, schedules
from creditpath.jobs.scheduler import enqueue_due_jobs, latest_slot
from tests.jobs.conftest import Declare

NIGHT = Schedule("nightly", "0 2 * * *", "close", {"force": True})
START = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)


@pytest.fixture
def nightly(declare: Declare, monkeypatch: pytest.MonkeyPatch) -> None:
    declare("close", lambda force: None)
    monkeypatch.setitem(schedules, "nightly", NIGHT)


@override_settings(TIME_ZONE="UTC")
def test_slot_is_the_last_time_the_schedule_was_due() -> None:
    assert latest_slot(NIGHT, now=START) == datetime(2026, 6, 30, 2, 0, tzinfo=UTC)
    assert latest_slot(NIGHT, now=datetime(2026, 6, 30, 2, 0, tzinfo=UTC)) == datetime(2026, 6, 30, 2, 0, tzinfo=UTC)


@override_settings(TIME_ZONE="Africa/Lagos")
def test_slot_is_in_the_lenders_time_zone() -> None:
    assert latest_slot(NIGHT, now=START) == datetime(2026, 6, 30, 1, 0, tzinfo=UTC)


@pytest.mark.django_db
def test_job_is_asked_for_once_per_slot(nightly: None) -> None:
    assert enqueue_due_jobs(now=START, since=START) == []
    night = START + timedelta(days=1)
    (job,) = enqueue_due_jobs(now=night, since=START)
    assert (job.name, job.arguments) == ("close", {"force": True})
    assert enqueue_due_jobs(now=night + timedelta(minutes=5), since=START) == []
    assert len(enqueue_due_jobs(now=night + timedelta(days=1), since=START)) == 1


@pytest.mark.django_db
def test_slot_missed_while_no_scheduler_ran_is_made_up_for_once(nightly: None) -> None:
    enqueue_due_jobs(now=START + timedelta(days=1), since=START)
    back = START + timedelta(days=4)
    assert len(enqueue_due_jobs(now=back, since=back)) == 1
    assert enqueue_due_jobs(now=back, since=back) == []


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_do_not_double(nightly: None) -> None:
    barrier = threading.Barrier(8)

    def ask() -> None:
        try:
            barrier.wait()
            enqueue_due_jobs(now=START + timedelta(days=1), since=START)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Job.objects.count() == 1


def test_bad_cron_is_refused_where_it_is_declared() -> None:
    with pytest.raises(ValueError, match="not a cron expression"):
        schedule("bad", cron="at two", job="close")
