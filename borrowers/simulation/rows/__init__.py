"""A simulated block as columns of the tables of the books; pure, but for the ids it is told."""

from collections.abc import Iterator

from django.db.models import Model

from borrowers.models import (
    Borrower,
    Charge,
    Collateral,
    Consent,
    ContactEvent,
    ContactPoint,
    Instalment,
    Loan,
    LoanEvent,
    LoanParty,
    Payment,
    Promise,
    ScheduleVersion,
)
from borrowers.simulation.rows.contacts import rows_of_contacts
from borrowers.simulation.rows.frame import Frame, Rows, Staff
from borrowers.simulation.rows.loans import rows_of_loans
from borrowers.simulation.rows.payments import rows_of_payments
from borrowers.simulation.rows.people import rows_of_people

__all__ = ["TABLES", "Frame", "Rows", "Staff", "rows_of_block"]

TABLES: tuple[type[Model], ...] = (
    Borrower, ContactPoint, Consent, Loan, LoanParty, Collateral, ScheduleVersion, Instalment, LoanEvent, Payment, Charge,
    ContactEvent, Promise,
)  # fmt: skip


def rows_of_block(frame: Frame) -> Iterator[Rows]:
    """Return the rows of all tables, in the order of TABLES: every row refers to earlier ones only."""
    yield from rows_of_people(frame)
    yield from rows_of_loans(frame)
    yield from rows_of_payments(frame)
    yield from rows_of_contacts(frame)
