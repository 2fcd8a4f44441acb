"""Set and lift what stops contacts, and keep the notice from which the time to dispute runs."""

from datetime import date, time, timedelta
from typing import Any

from django.db import connection, transaction

from borrowers.models import Borrower, ContactPoint, Loan
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from recovery.errors import HoldRefused
from recovery.grievances.services import record_grievance
from recovery.models import Grievance, Hold, ValidationNotice
from recovery.reach import check_reach

Kind = Hold.Kind
LATEST_END = date(2199, 12, 31)
DEFAULT_DAYS = {Kind.HARDSHIP: 30, Kind.BREATHING_SPACE: 60}
# What each of them needs to be told.
NEEDS = {
    Kind.DO_NOT_CONTACT: ("channel", "Choose the channel that is not to be used."),
    Kind.INCONVENIENT_TIME: ("from_time", "Enter from which local time on it is inconvenient."),
    Kind.INCONVENIENT_PLACE: ("contact_point", "Choose the contact point that is inconvenient."),
}


def set_hold(
    *,
    borrower: Borrower,
    kind: str,
    reason: str,
    set_by: User | None,
    loan: Loan | None = None,
    channel: str = "",
    contact_point: ContactPoint | None = None,
    from_time: time | None = None,
    until_time: time | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
    is_until_lifted: bool = False,
) -> Hold:
    """Stop contacts with a person, or some of them, from a day on (today) until a day or until it is lifted.

    Hardship stands for 30 days and breathing space for as long as the rules say unless an end is given or it
    `is_until_lifted`. A dispute is entered in the register, and its hold stands until it is answered. A hold counts at once, also
    for attempts that are reserved and asked about again at dispatch. Raises HoldRefused with a remedy for each field,
    GrievanceRefused, BorrowerOutOfReach.
    """
    check_reach(borrower.pk, set_by)
    today = get_business_date()
    starts_on = starts_on or today
    if fields := find_faults(
        kind=kind, reason=reason, channel=channel, contact_point=contact_point, from_time=from_time, until_time=until_time,
        starts_on=starts_on, ends_on=ends_on,
    ):  # fmt: skip
        raise HoldRefused(" ".join(fields.values()), fields=fields)
    if kind == Kind.DISPUTE:
        entered = record_grievance(
            borrower=borrower, loan=loan, kind=Grievance.Kind.DISPUTE, subject=Grievance.Subject.OTHER,
            channel=Grievance.Channel.CALL, text=reason, received_on=starts_on, recorded_by=set_by,
        )  # fmt: skip
        return entered.holds.get(lifts__isnull=True)
    if ends_on is None and kind in DEFAULT_DAYS and not is_until_lifted:
        ends_on = starts_on + timedelta(days=_default_days(kind, borrower, today) - 1)
    return _write(
        borrower=borrower, loan=loan, kind=kind, channel=channel, contact_point=contact_point, from_time=from_time,
        until_time=until_time, starts_on=starts_on, ends_on=ends_on, reason=reason.strip(), set_by=set_by,
    )  # fmt: skip


def find_faults(
    *,
    kind: str | None,
    reason: str | None,
    channel: str | None = "",
    contact_point: ContactPoint | None = None,
    from_time: time | None = None,
    until_time: time | None = None,
    starts_on: date | None = None,
    ends_on: date | None = None,
) -> dict[str, str]:
    """Return what is wrong with a hold as it was entered, by field; a pure function."""
    fields: dict[str, str] = {}
    if kind not in Kind.values:
        fields["kind"] = "Choose what is to be held."
    if not (reason or "").strip():
        fields["reason"] = "Say what was said or came in, and how."
    given: dict[str, Any] = {"channel": channel, "contact_point": contact_point, "from_time": from_time}
    if kind in NEEDS and not given[NEEDS[Kind(kind)][0]]:
        fields[NEEDS[Kind(kind)][0]] = NEEDS[Kind(kind)][1]
    if from_time and until_time and until_time <= from_time:
        fields["until_time"] = "Enter a time after the first one; what passes midnight is two holds."
    if ends_on is not None and kind == Kind.DISPUTE:
        fields["ends_on"] = "A dispute stands until it is answered: leave this empty."
    elif ends_on is not None and ends_on > LATEST_END:
        fields["ends_on"] = "That is too far away: leave it empty for a hold until it is lifted."
    if ends_on is not None and starts_on is not None and ends_on < starts_on:
        fields["ends_on"] = "The last day is before the first: choose that day or a later one."
    return fields


def lift_hold(*, hold: Hold, reason: str, lifted_by: User | None) -> Hold:
    """End a hold with a new entry that says why; it ends at once. Raises HoldRefused, BorrowerOutOfReach."""
    check_reach(hold.borrower_id, lifted_by)
    if not reason.strip():
        raise HoldRefused(fields={"reason": "Say why it is lifted."})
    if hold.lifts_id is not None or hasattr(hold, "lifted_by"):
        raise HoldRefused("This hold is lifted already.")
    if hold.grievance_id is not None:
        raise HoldRefused("Answer the dispute: its answer lifts the hold.")
    return _write(
        borrower=hold.borrower, loan=hold.loan, kind=hold.kind, channel=hold.channel, lifts=hold,
        starts_on=max(hold.starts_on, get_business_date()), reason=reason.strip(), set_by=lifted_by,
    )  # fmt: skip


def record_validation_notice(
    *, borrower: Borrower, loan: Loan, channel: str, text: str, recorded_by: User | None, sent_on: date | None = None
) -> ValidationNotice:
    """Keep that the notice was sent, with its exact text; the time to dispute runs from it."""
    today = get_business_date()
    if not text.strip():
        raise HoldRefused(fields={"text": "Enter the exact text that was sent."})
    if sent_on is not None and sent_on > today:
        raise HoldRefused(fields={"sent_on": "This day is still to come."})
    return ValidationNotice.objects.create(
        borrower=borrower, loan=loan, channel=channel, text=text, sent_on=sent_on or today, recorded_by=recorded_by
    )


def _default_days(kind: str, borrower: Borrower, today: date) -> int:
    if kind == Kind.BREATHING_SPACE:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT (rule).breathing_space_days"
                " FROM (SELECT contact_rule_of(%s, contact_profile(), %s) AS rule) AS found",
                [borrower.jurisdiction, today],
            )
            found = cursor.fetchone()
        if found and found[0]:
            return int(found[0])
    return DEFAULT_DAYS[Kind(kind)]


def _write(**values: Any) -> Hold:
    with told_in_words(HoldRefused, {}), transaction.atomic():
        return Hold.objects.create(**values)
