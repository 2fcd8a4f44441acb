"""Open records of care, read them, and decide about them."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from borrowers.models import Borrower
from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.contacts.services import lift_hold, set_hold
from recovery.errors import CareRefused
from recovery.models import CareDecision, CareReading, CareRecord, Hold
from recovery.once import find_made, key_of
from recovery.reach import check_reach

REVIEW_DAYS = 30  # until a person looks at it again, where nobody says
LATEST_REVIEW_DAYS = 366
OPEN_TO_ALL = "Handle with care: ask a manager."  # all that the hold says, which everybody reads


def open_care_record(
    *,
    borrower: Borrower,
    category: str,
    details: str,
    opened_by: User | None,
    review_on: date | None = None,
    form_key: str = "",
) -> CareRecord:
    """Write down why a borrower is not to be pressed, and hold all contacts until a person ends it.

    The hold says nothing of why. `opened_by` is None where the borrower wrote it; `form_key` makes it safe to send a form twice.
    Raises CareRefused, BorrowerOutOfReach, FormAlreadyUsed.
    """
    check_reach(borrower.pk, opened_by)
    key = key_of(opened_by, form_key)
    if (made := find_made(CareRecord.objects, key, borrower)) is not None:
        return made
    today = get_business_date()
    fields = {}
    if category not in CareRecord.Category.values:
        fields["category"] = "Choose what it is about."
    if not details.strip():
        fields["details"] = "Say what was said."
    review_on = review_on or today + timedelta(days=REVIEW_DAYS)
    _check_review(review_on, today, fields)
    if fields:
        raise CareRefused(" ".join(fields.values()), fields=fields)
    try:
        with transaction.atomic():
            hold = set_hold(
                borrower=borrower, kind=Hold.Kind.HARDSHIP, reason=OPEN_TO_ALL, set_by=opened_by, is_until_lifted=True
            )
            return CareRecord.objects.create(
                borrower=borrower, category=category, details=details.strip(), review_on=review_on, hold=hold,
                opened_by=opened_by, form_key=key,
            )  # fmt: skip
    except IntegrityError:
        if (made := find_made(CareRecord.objects, key, borrower)) is not None:  # by a second press at once
            return made
        raise


def due_reviews(*, until: date | None = None) -> QuerySet[CareRecord]:
    """Return the records that no decision has ended, by the day on which a person has to look at them (`next_review_on`)."""
    last = CareDecision.objects.filter(record=OuterRef("pk")).order_by("-id").values("review_on")[:1]
    rows: Any = (
        CareRecord.objects.open()
        .annotate(next_review_on=Coalesce(Subquery(last), F("review_on")))
        .select_related("borrower")
        .order_by("next_review_on", "id")
    )
    return rows if until is None else rows.filter(next_review_on__lte=until)


def note_reading(*, borrower: Borrower, read_by: User) -> CareReading:
    """Write down that somebody reads a borrower's records; to be called before they are read."""
    return CareReading.objects.create(borrower=borrower, read_by=read_by)


def read_care_records(*, borrower: Borrower, read_by: User) -> Sequence[CareRecord]:
    """Return a borrower's records, the newest first, and write down who read them, before they are read."""
    note_reading(borrower=borrower, read_by=read_by)
    ended = CareDecision.objects.filter(record=OuterRef("pk"), outcome=CareDecision.Outcome.ENDED)
    records = (
        CareRecord.objects.filter(borrower=borrower)
        .annotate(has_ended=Exists(ended))
        .select_related("opened_by", "hold")
    )
    return list(records.prefetch_related("decisions__decided_by"))


def decide_care(
    *, record: CareRecord, outcome: str, reason: str, decided_by: User, review_on: date | None = None
) -> CareDecision:
    """Let a record go on until a day, or end it, which lifts its hold. Two ends at once make one. Raises CareRefused."""
    today = get_business_date()
    fields = {}
    if outcome not in CareDecision.Outcome.values:
        fields["outcome"] = "Choose whether it goes on."
    if not reason.strip():
        fields["reason"] = "Say why."
    goes_on = outcome == CareDecision.Outcome.GOES_ON
    if goes_on:
        review_on = review_on or today + timedelta(days=REVIEW_DAYS)
        _check_review(review_on, today, fields)
    if fields:
        raise CareRefused(" ".join(fields.values()), fields=fields)
    try:
        with transaction.atomic():
            CareRecord.objects.select_for_update().get(pk=record.pk)
            if not CareRecord.objects.open().filter(pk=record.pk).exists():
                raise CareRefused("This record has ended already.")
            made = CareDecision.objects.create(
                record=record, outcome=outcome, reason=reason.strip(), review_on=review_on if goes_on else None,
                decided_by=decided_by,
            )  # fmt: skip
            if not goes_on and not hasattr(record.hold, "lifted_by"):
                lift_hold(hold=record.hold, reason="A person decided.", lifted_by=decided_by)
    except IntegrityError as error:
        raise CareRefused("This record has moved on: look at it again.") from error
    return made


def _check_review(review_on: date, today: date, fields: dict[str, str]) -> None:
    if not today < review_on <= today + timedelta(days=LATEST_REVIEW_DAYS):
        fields["review_on"] = "Choose a day within a year, after today."
