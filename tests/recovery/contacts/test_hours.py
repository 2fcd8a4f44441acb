"""Local hours: edges of the day and of daylight saving, one zone and several, and zones that do not exist."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from borrowers.models import Borrower, ContactPoint
from recovery.models import Jurisdiction
from tests.recovery.contacts.conftest import NEW_YORK, Ask, codes, local

pytestmark = pytest.mark.django_db
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]


@pytest.mark.parametrize(
    ("clock", "is_allowed", "opens"),
    [
        ((7, 59, 59), False, (30, 8)),
        ((8, 0, 0), True, None),
        ((20, 59, 59), True, None),
        ((21, 0, 0), False, (1, 8)),
        ((23, 59, 59), False, (1, 8)),
    ],
)
@pytest.mark.parametrize("channel", ["call", "sms", "email", "visit"])
def test_contacts_are_allowed_from_eight_until_nine_in_the_evening(
    clock: tuple[int, int, int], is_allowed: bool, opens: tuple[int, int] | None, channel: str, ask: Ask
) -> None:
    answer = ask(local(NEW_YORK, 2026, 6, 30, *clock), channel=channel)
    assert (answer.is_allowed, codes(answer)) == (is_allowed, [] if is_allowed else ["outside_hours"])
    if opens:
        day, hour = opens
        assert answer.next_allowed_at == local(NEW_YORK, 2026, 6 if day == 30 else 7, day, hour)
        assert answer.next_allowed_local == f"{day} {'Jun' if day == 30 else 'Jul'} 2026 08:00 (America/New_York)"
        assert "allowed from 08:00 to 21:00" in answer.sentence


def test_a_letter_has_no_hours(ask: Ask) -> None:
    assert ask(local(NEW_YORK, 2026, 6, 30, 3), channel="letter").is_allowed


@pytest.mark.parametrize(
    ("zone", "jurisdiction"),
    [("America/Phoenix", "US-AZ"), ("Asia/Kathmandu", "NP"), ("Pacific/Kiritimati", "KI"), ("Asia/Kolkata", "IN")],
)
def test_hours_are_those_of_the_place(zone: str, jurisdiction: str, ask: Ask, borrower: Borrower) -> None:
    """Arizona keeps its clock in summer, Nepal is at +05:45, Kiritimati at +14."""
    Jurisdiction.objects.get_or_create(code=jurisdiction, defaults={"name": jurisdiction, "parent_id": "US"})
    Borrower.objects.filter(pk=borrower.pk).update(time_zone=zone, jurisdiction=jurisdiction)
    closes = 19 if jurisdiction == "IN" else 21
    for hour, minute, is_allowed in ((7, 59, False), (8, 0, True), (closes - 1, 59, True), (closes, 0, False)):
        answer = ask(local(zone, 2026, 6, 30, hour, minute))
        assert answer.is_allowed is is_allowed, (hour, minute)
        if not is_allowed:
            expected = local(zone, 2026, 6, 30, 8) + timedelta(days=1 if hour > 8 else 0)
            assert answer.next_allowed_at == expected


def test_sunday_is_no_day_of_contact_where_the_rules_say_so(ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(time_zone="Africa/Lagos", jurisdiction="NG")
    answer = ask(local("Africa/Lagos", 2026, 6, 28, 12))
    assert codes(answer) == ["outside_hours"]
    assert answer.next_allowed_at == local("Africa/Lagos", 2026, 6, 29, 8)


# --- where somebody is ------------------------------------------------------------------------------------------------
def test_two_zones_allow_only_what_both_do(ask: Ask, borrower: Borrower) -> None:
    """The number leads to California while the person's zone is New York's."""
    phone = ContactPoint.objects.create(
        borrower=borrower, kind="phone", value="+1 213 555 0100", time_zone="America/Los_Angeles"
    )
    early = ask(local(NEW_YORK, 2026, 6, 30, 9), contact_point=phone)
    assert codes(early) == ["outside_hours"]
    assert early.next_allowed_at == local("America/Los_Angeles", 2026, 6, 30, 8)
    assert ask(local(NEW_YORK, 2026, 6, 30, 11), contact_point=phone).is_allowed
    late = ask(local(NEW_YORK, 2026, 6, 30, 21), contact_point=phone)
    assert late.next_allowed_at == local("America/Los_Angeles", 2026, 7, 1, 8)


def test_an_address_elsewhere_is_a_candidate_too(ask: Ask, borrower: Borrower) -> None:
    ContactPoint.objects.create(borrower=borrower, kind="address", value="Honolulu", time_zone="Pacific/Honolulu")
    answer = ask(local(NEW_YORK, 2026, 6, 30, 13))
    assert set(answer.local_times or {}) == {NEW_YORK, "Pacific/Honolulu"}
    assert answer.next_allowed_at == local("Pacific/Honolulu", 2026, 6, 30, 8)


def test_without_a_zone_only_hours_of_the_whole_jurisdiction_count(ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(time_zone="", jurisdiction="US")
    assert ask(local(NEW_YORK, 2026, 6, 30, 10)).next_allowed_at == local("Pacific/Honolulu", 2026, 6, 30, 8)
    assert ask(local("Pacific/Honolulu", 2026, 6, 30, 8)).is_allowed
    evening = ask(local(NEW_YORK, 2026, 6, 30, 21))  # late in New York, and Puerto Rico keeps the same clock in summer
    assert evening.next_allowed_at == local("Pacific/Honolulu", 2026, 7, 1, 8)


def test_without_a_jurisdiction_nobody_is_contacted(ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction="")
    answer = ask(local(NEW_YORK, 2026, 6, 30, 12))
    assert (codes(answer), answer.next_allowed_at) == (["no_jurisdiction"], None)


def test_a_jurisdiction_without_rules_or_zones_is_closed(ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction="XX", time_zone="")
    assert codes(ask(local(NEW_YORK, 2026, 6, 30, 12))) == ["no_rules", "no_zone"]


@pytest.mark.parametrize("zone", ["Mars/City", "Mars/City5", "EST5EDT4", "+05:00", "'; DROP TABLE x; --"])
def test_a_zone_that_does_not_exist_is_refused(zone: str, ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(time_zone=zone)
    answer = ask(local(NEW_YORK, 2026, 6, 30, 12))
    assert codes(answer) == ["unknown_zone"]
    assert zone in answer.sentence


def test_jurisdictions_name_zones_that_exist() -> None:
    with pytest.raises(IntegrityError, match="Mars/City is no time zone"), transaction.atomic():
        Jurisdiction.objects.create(code="MM", name="Mars", time_zones=["Mars/City"])


# --- daylight saving --------------------------------------------------------------------------------------------------
def _next(
    earliest: datetime, opens: str, closes: str, *, zones: tuple[str, ...] = (NEW_YORK,), spells: str = "[]"
) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT next_contact_hour(%s, %s, %s::time, %s::time, %s::smallint[], %s::jsonb)",
            [list(zones), earliest, opens, closes, EVERY_DAY, spells],
        )
        return cursor.fetchone()[0]


def test_an_opening_that_the_clock_jumps_over_is_the_jump(db: None) -> None:
    """On 8 March 2026 New York goes from 2:00 to 3:00: 2:30 never comes, and 3:00 is the first time after it."""
    assert _next(local(NEW_YORK, 2026, 3, 8, 1), "02:30", "12:00") == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_an_opening_that_comes_twice_opens_twice(db: None) -> None:
    """On 1 November 2026 New York has 1:00 to 2:00 twice; between 1:59 and the second 1:30 it is too early again."""
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert _next(datetime(2026, 11, 1, 4, tzinfo=UTC), "01:30", "12:00") == first
    assert _next(first + timedelta(minutes=10), "01:30", "12:00") == first + timedelta(minutes=10)
    again = datetime(2026, 11, 1, 6, 10, tzinfo=UTC)  # 1:10 for the second time
    assert _next(again, "01:30", "12:00") == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)


def test_eight_in_the_morning_is_eight_on_both_days_of_change(ask: Ask) -> None:
    for day in ((2026, 3, 7), (2026, 10, 31)):
        evening = local(NEW_YORK, *day, 22)
        tomorrow = (evening + timedelta(days=1)).date()
        assert ask(evening).next_allowed_at == local(NEW_YORK, tomorrow.year, tomorrow.month, tomorrow.day, 8)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    earliest=st.integers(0, 270 * 86_400).map(lambda seconds: datetime(2026, 2, 20, tzinfo=UTC) + timedelta(seconds=seconds)),
    zones=st.lists(
        st.sampled_from(
            [NEW_YORK, "America/Los_Angeles", "Asia/Kathmandu", "Europe/London", "Australia/Lord_Howe", "Asia/Beirut"]
        ),
        min_size=1, max_size=2, unique=True,
    ),
    opens=st.integers(0, 22), minute=st.sampled_from([0, 30]), hours=st.integers(1, 20),
)  # fmt: skip
@example(
    earliest=datetime(2026, 2, 27, 5, tzinfo=UTC), zones=["Asia/Kathmandu", NEW_YORK], opens=0, minute=0, hours=9
)  # no minute of the next days, until New York changes its clocks
def test_the_next_hour_is_the_first_one_that_a_walk_by_the_minute_finds(
    db: None, earliest: datetime, zones: list[str], opens: int, minute: int, hours: int
) -> None:
    from zoneinfo import ZoneInfo

    start, end = time(opens, minute), time(min(opens + hours, 23), 59)
    places = [ZoneInfo(zone) for zone in zones]

    def is_open(at: datetime) -> bool:
        return all(start <= at.astimezone(place).time() < end for place in places)

    found = _next(earliest, start.isoformat(), end.isoformat(), zones=tuple(zones))
    # For the ten days that the product looks ahead: clocks that change on the way may open what no day before did.
    walked, limit = earliest, earliest + timedelta(days=9)
    while walked < limit and not is_open(walked):
        walked = (walked + timedelta(minutes=1)).replace(second=0)
    assert found == walked if walked < limit else found is None or found >= limit
