"""The verbs of the books."""

from dataclasses import dataclass
from datetime import date

from borrowers.clock import current_instant, end_of_day, get_business_date, known_at, set_business_date
from borrowers.closing.reports import ClosingReport
from borrowers.closing.services import close_of_business
from borrowers.delinquency.services import DelinquencyReport, refresh_delinquency
from borrowers.importing.services import ImportReport, import_portfolio
from borrowers.importing.suggesting.services import Suggestion, suggest_mapping
from borrowers.ledger.services import record_payment, reverse_payment
from borrowers.models import Borrower, BusinessDate
from borrowers.profiling.services import ProfileReport, profile_source
from borrowers.reconciling.services import ReconciliationReport, reconcile
from borrowers.simulation.services import SimulationReport, simulate_portfolio

__all__ = [
    "Books",
    "ClosingReport",
    "DelinquencyReport",
    "ImportReport",
    "ProfileReport",
    "ReconciliationReport",
    "SimulationReport",
    "Suggestion",
    "close_of_business",
    "current_instant",
    "describe_books",
    "end_of_day",
    "get_business_date",
    "import_portfolio",
    "known_at",
    "profile_source",
    "reconcile",
    "record_payment",
    "refresh_delinquency",
    "reverse_payment",
    "set_business_date",
    "simulate_portfolio",
    "suggest_mapping",
]


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
