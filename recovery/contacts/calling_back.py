"""Call-backs at a time of the borrower's own day, and which of them are due."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from borrowers.models import Borrower, ContactEvent, Loan
from borrowers.services import current_instant
from creditpath.accounts.models import User
from recovery.contacts.permission import contact_permission
from recovery.models import CallBack

SHOWN_BEFORE = timedelta(minutes=15)  # so that the agent is there in time
SPOKEN = (ContactEvent.Channel.CALL, ContactEvent.Channel.INBOUND, ContactEvent.Channel.VISIT)
FORGOTTEN_AFTER = timedelta(days=14)


@dataclass(frozen=True)
class Due:
    """When somebody is to be called back."""

    instant: datetime
    time_zone: str


def find_call_back(
    *, borrower: Borrower, loan: Loan | None, day: date | None, at: time
) -> tuple[Due | None, dict[str, str]]:
    """Return the instant of a time of the borrower's own day, or what is wrong with it by field; two queries.

    In the hour that comes twice in autumn the first one is meant; one that does not come in spring is refused, and so is one
    outside the hours of contact, or one that has passed.
    """
    if day is None:
        return None, {"follow_up_on": "Enter the day on which to call back."}
    zone = _zone_of(borrower)
    if zone is None:
        return None, {
            "call_back_time": "It is not certain in which zone they are: set it first, or enter the day alone."
        }
    place = ZoneInfo(zone)
    wall = datetime.combine(day, at.replace(tzinfo=None))
    instant = wall.replace(tzinfo=place).astimezone(UTC)
    if instant.astimezone(place).replace(tzinfo=None) != wall:
        return None, {
            "call_back_time": f"The clocks are put forward then in {zone}: there is no {at:%H:%M} on that day."
        }
    if instant <= current_instant():
        return None, {"call_back_time": f"It is later than that in {zone} already: choose a time to come."}
    answer = contact_permission(borrower=borrower, channel="call", loan=loan, instant=instant)
    hours = [reason.text for reason in answer.reasons if reason.code in ("outside_hours", "inconvenient_time")]
    if hours:
        return None, {"call_back_time": " ".join(hours)}
    return Due(instant, zone), {}


def _zone_of(borrower: Borrower) -> str | None:
    """Return the borrower's zone, None where it is not certain."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(name) FROM unnest(candidate_zones(%s, NULL, 'call')) AS zone (name)"
            " JOIN recovery_known_time_zone USING (name)",
            [borrower.pk],
        )
        zones: list[str] = cursor.fetchone()[0] or []
    if borrower.time_zone in zones:
        return borrower.time_zone
    return zones[0] if len(zones) == 1 else None


def open_call_backs(*, now: datetime) -> QuerySet[CallBack]:
    """Return the call-backs after which nobody was in touch, the first one first; what is two weeks over is forgotten."""
    later = ContactEvent.objects.filter(
        borrower=OuterRef("borrower"), id__gt=OuterRef("contact_event_id"), channel__in=SPOKEN
    )
    rows: QuerySet[CallBack] = (
        CallBack.objects.filter(due_at__gt=now - FORGOTTEN_AFTER)
        .filter(~Exists(later))
        .select_related("borrower", "agent")
        .order_by("due_at", "id")
    )
    return rows


def due_call_backs(*, user: User, now: datetime) -> QuerySet[CallBack]:
    """Return the call-backs that a person sees which are due by now or in a moment, and after which nobody was in touch."""
    seen = CallBack.objects.visible_to(user).values("pk")
    return open_call_backs(now=now).filter(pk__in=seen, due_at__lte=now + SHOWN_BEFORE)
