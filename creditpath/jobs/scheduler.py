"""The scheduler: asks for jobs by the calendar. Any number may run: the slot's time is in the job's unique key."""

import logging
import threading
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import croniter
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, connection

from creditpath.jobs.models import Job
from creditpath.jobs.registry import Schedule, schedules
from creditpath.jobs.services import enqueue

logger = logging.getLogger(__name__)

LOOK_EVERY = 15.0


def latest_slot(each: Schedule, *, now: datetime) -> datetime:
    """Return the last time at or before `now` at which the schedule was due, in the lender's time zone."""
    local = now.astimezone(ZoneInfo(settings.TIME_ZONE))
    return croniter(each.cron, local + timedelta(microseconds=1)).get_prev(datetime)


def enqueue_due_jobs(*, now: datetime, since: datetime) -> list[Job]:
    """Ask for the job of every schedule whose slot has come, once per slot whoever asks.

    A slot that passed while no scheduler ran is made up for once, if the schedule has run before; on a fresh database nothing
    before `since`, the start of this scheduler, counts.
    """
    asked = []
    for each in schedules.values():
        slot = latest_slot(each, now=now)
        prefix = f"{each.name}@"
        key = f"{prefix}{slot.isoformat()}"
        known = Job.objects.filter(unique_key__startswith=prefix)
        if known.filter(unique_key=key).exists() or (slot < since and not known.exists()):
            continue
        logger.info("it is time for %s (%s)", each.name, slot.isoformat())
        asked.append(enqueue(each.job, unique_key=key, **each.arguments))
    return asked


def run_scheduler(*, stopping: threading.Event) -> None:
    """Look at the calendar until told to stop; a database that is away is waited for."""
    since = datetime.now(ZoneInfo(settings.TIME_ZONE))
    while not stopping.is_set():
        try:
            close_old_connections()
            enqueue_due_jobs(now=datetime.now(ZoneInfo(settings.TIME_ZONE)), since=since)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the database does not answer, trying again: %s", error)
            connection.close()
        stopping.wait(LOOK_EVERY)
