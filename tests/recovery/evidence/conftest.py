"""A borrower with a contact, a hold, a dispute and its answer: evidence with and without personal text."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.models import Borrower
from recovery.contacts.services import set_hold
from recovery.grievances.services import answer_grievance, record_grievance
from tests.factories import make_borrower, make_contact, make_loan


def make_case(*, at: datetime, **fields: Any) -> Borrower:
    """Make a borrower whose last activity of collecting was at an instant."""
    borrower = make_borrower(**{"jurisdiction": "US-NY", "time_zone": "America/New_York"} | fields)
    loan = make_loan(borrower=borrower, instalments=[(date(2026, 5, 1), 100)])
    make_contact(borrower, at.date(), loan=loan, note="She lost her job at the mill.", happened_at=at)
    make_contact(borrower, at.date(), loan=loan, happened_at=at)
    set_hold(borrower=borrower, kind="cease", reason="wrote: leave me alone", set_by=None)
    entered = record_grievance(
        borrower=borrower,
        kind="complaint",
        subject="other",
        channel="letter",
        text="You called my aunt.",
        recorded_by=None,
    )
    answer_grievance(grievance=entered, outcome="not_upheld", text="We did not.", answered_by=None)
    return borrower


@pytest.fixture
def case(frozen_day: date) -> Borrower:
    """Return a borrower who was last contacted three weeks ago."""
    return make_case(at=datetime(2026, 6, 9, 15, tzinfo=UTC))


@pytest.fixture
def old_case(frozen_day: date) -> Borrower:
    """Return a borrower who was last contacted more than three years ago."""
    return make_case(at=datetime(2023, 3, 1, 15, tzinfo=UTC))


def refused_sql(statement: str, *values: object) -> str:
    """Run a statement that must be refused, whoever runs it, and return the sentence that it broke."""
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement, values)
    return str(refusal.value.__cause__.diag.constraint_name)  # type: ignore[union-attr]


def run_unguarded(table: str, statement: str, *values: object) -> None:
    """Run a statement as somebody would who owns the tables and switches their triggers off."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(statement, values)
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
