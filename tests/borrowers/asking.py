"""Ask the database's own function for the figures of a loan."""

from datetime import date, datetime
from typing import Any

from django.db import connection

from borrowers.clock import end_of_day
from borrowers.models import Loan


def ask(*cases: tuple[Loan, date, datetime]) -> list[dict[str, Any]]:
    """Return the rows of delinquency_of for cases (loan, day, known)."""
    loans, days, knowns = zip(*cases, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT * FROM delinquency_of(%s::bigint[], %s::date[], %s::timestamptz[])",
            [[loan.pk for loan in loans], list(days), list(knowns)],
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def figures(loan: Loan, day: date, known: datetime | None = None) -> dict[str, Any]:
    """Return the figures of one loan on a day, as known at the end of that day unless said otherwise."""
    (row,) = ask((loan, day, known or end_of_day(day)))
    return row
