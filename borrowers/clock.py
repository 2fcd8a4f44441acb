"""The business date and the two clocks: what day it is in the books, and what was known on a day."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time, timedelta

from django.db import connection, transaction
from django.utils import timezone

from borrowers.errors import NoBusinessDate
from borrowers.models import BusinessDate

DEMONSTRATION_TIME = time(10, 40)
_days_are_over: ContextVar[bool] = ContextVar("days_are_over", default=False)


def get_business_date() -> date:
    """Return the last closed day; raises NoBusinessDate on empty books."""
    return _get_row().day


def find_business_date() -> date | None:
    """Return the last closed day, None on empty books."""
    row = BusinessDate.objects.first()
    return row.day if row else None


@transaction.atomic
def set_business_date(*, day: date, is_frozen: bool = False) -> BusinessDate:
    """Move the books to a day; books that are frozen stay there whatever the clock says."""
    row, _ = BusinessDate.objects.update_or_create(id=1, defaults={"day": day, "is_frozen": is_frozen})
    return row


def end_of_day(day: date) -> datetime:
    """Return the last microsecond of a day in the lender's zone."""
    return timezone.make_aware(datetime.combine(day + timedelta(days=1), time.min)) - timedelta(microseconds=1)


def known_at(*, as_of: date) -> datetime:
    """Return the instant up to which entries count as known in a question about a day.

    For a past day that is its last microsecond, whatever was learned later. For the business date (and on empty books, and for
    days to come) it is now, so that what was entered a moment ago counts; "now" is the later of this machine's and the
    database's clock, because either of them may have stamped the entry. Two short queries.
    """
    row = BusinessDate.objects.first()
    closed = end_of_day(as_of)
    if row is not None and (as_of < row.day or (as_of == row.day and _days_are_over.get())):
        return closed
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        database_now = cursor.fetchone()[0]
    return max(closed, timezone.now(), database_now)


@contextmanager
def knowing_days_as_they_ended() -> Iterator[None]:
    """Let known_at answer for the business date as for any past day: a day that is closed late is closed as in time."""
    token = _days_are_over.set(True)
    try:
        yield
    finally:
        _days_are_over.reset(token)


def current_instant() -> datetime:
    """Return now, or 10:40 of the business date, lender's time, where the books are frozen; raises NoBusinessDate."""
    row = _get_row()
    return timezone.make_aware(datetime.combine(row.day, DEMONSTRATION_TIME)) if row.is_frozen else timezone.now()


def _get_row() -> BusinessDate:
    row = BusinessDate.objects.first()
    if row is None:
        raise NoBusinessDate()
    return row
