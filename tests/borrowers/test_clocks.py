"""The business date, and what was known when."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from borrowers.errors import NoBusinessDate
from borrowers.services import (
    current_instant,
    describe_books,
    get_business_date,
    known_at,
    set_business_date,
)
from tests.factories import make_borrower

pytestmark = pytest.mark.django_db


def test_empty_books_have_no_day() -> None:
    with pytest.raises(NoBusinessDate):
        get_business_date()
    with pytest.raises(NoBusinessDate):
        current_instant()


def test_frozen_books_stay_in_the_morning_of_their_day(frozen_day: date) -> None:
    assert current_instant() == datetime(2026, 6, 30, 10, 40, tzinfo=timezone.get_default_timezone())


def test_books_that_are_not_frozen_follow_the_clock() -> None:
    set_business_date(day=date(2026, 6, 30))

    with time_machine.travel(datetime(2026, 7, 1, 9, tzinfo=UTC), tick=False):
        assert current_instant() == datetime(2026, 7, 1, 9, tzinfo=UTC)


def test_of_a_past_day_is_known_what_was_known_at_its_end(frozen_day: date) -> None:
    end = datetime(2026, 6, 29, 23, 59, 59, 999999, tzinfo=timezone.get_default_timezone())
    assert known_at(as_of=date(2026, 6, 29)) == end


@pytest.mark.parametrize("clock", [datetime(2026, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC)])
def test_of_the_business_date_is_known_what_was_entered_a_moment_ago(frozen_day: date, clock: datetime) -> None:
    with time_machine.travel(clock, tick=False):
        known = known_at(as_of=frozen_day)

        assert known >= timezone.now()
        assert known >= datetime(2026, 6, 30, 23, 59, 59, 999999, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "end"),
    [
        ("America/New_York", datetime(2026, 3, 9, 3, 59, 59, 999999, tzinfo=UTC)),  # the day that has 23 hours
        ("Africa/Lagos", datetime(2026, 3, 8, 22, 59, 59, 999999, tzinfo=UTC)),
    ],
)
def test_a_day_ends_at_midnight_of_the_lender(settings, frozen_day: date, zone: str, end: datetime) -> None:
    settings.TIME_ZONE = zone
    with timezone.override(zone):
        assert known_at(as_of=date(2026, 3, 8)) == end


def test_books_say_that_they_are_simulated(frozen_day: date) -> None:
    assert not describe_books().is_simulated
    make_borrower(is_simulated=True)
    books = describe_books()

    assert (books.is_simulated, books.is_frozen, books.business_date) == (True, True, frozen_day)
    assert frozen_day - books.business_date == timedelta()
