"""A case: one loan as it was known at one instant of one day. Features are always asked of cases."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice

from django.utils import timezone

from borrowers.models import Loan


@dataclass(frozen=True, slots=True)
class Case:
    """A loan, the day that is asked about, and the instant up to which entries count as known."""

    loan_id: int
    as_of: date
    known_at: datetime


def cases_at_approval(loan_ids: Iterable[int] | None = None) -> list[Case]:
    """Return the case of each loan (all, or those given) as it stood when it was approved, in the order of loan ids.

    Known is what was booked up to the instant of approval (where only the day is known: up to its beginning), or up to the
    booking of the loan itself if that came later; so an earlier loan repaid that morning counts, one repaid that evening does
    not. One query.
    """
    loans = Loan.objects.order_by("id")
    if loan_ids is not None:
        loans = loans.filter(id__in=list(loan_ids))
    return [
        Case(loan_id, approved_on, max(approved_at or _begin(approved_on), booked_at))
        for loan_id, approved_on, approved_at, booked_at in loans.values_list(
            "id", "approved_on", "approved_at", "booked_at"
        )
    ]


def _begin(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def in_chunks(cases: Iterable[Case], size: int) -> Iterator[Sequence[Case]]:
    """Cut cases into lists of at most `size`."""
    iterator = iter(cases)
    while chunk := list(islice(iterator, size)):
        yield chunk
