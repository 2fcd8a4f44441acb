"""The verbs of the books."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction

from borrowers.errors import NoBusinessDate
from borrowers.models import Borrower, BusinessDate


@dataclass(frozen=True)
class Books:
    """Where the books stand, for the head of every page."""

    business_date: date | None
    is_simulated: bool
    is_frozen: bool


def describe_books() -> Books:
    """Say on which day the books stand and whether simulated borrowers are in them; two short queries, made once a page."""
    row = BusinessDate.objects.first()
    return Books(
        business_date=row.day if row else None,
        is_simulated=Borrower.objects.filter(is_simulated=True).exists(),
        is_frozen=bool(row and row.is_frozen),
    )


def get_business_date() -> date:
    """Return the last closed day; raises NoBusinessDate on empty books."""
    row = BusinessDate.objects.first()
    if row is None:
        raise NoBusinessDate()
    return row.day


@transaction.atomic
def set_business_date(*, day: date, is_frozen: bool = False) -> BusinessDate:
    """Move the books to a day."""
    row, _ = BusinessDate.objects.update_or_create(id=1, defaults={"day": day, "is_frozen": is_frozen})
    return row
