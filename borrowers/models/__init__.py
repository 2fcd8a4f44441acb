"""Tables of the books, by subject."""

from borrowers.models.business_date import BusinessDate
from borrowers.models.contacts import ContactEvent, Promise
from borrowers.models.delinquency import Bucket, Delinquency, MonthEndSnapshot
from borrowers.models.imports import ImportRun
from borrowers.models.ledger import Instalment, Loan, Payment, Product, ScheduleVersion
from borrowers.models.people import Borrower, ContactPoint

__all__ = [
    "Borrower",
    "Bucket",
    "BusinessDate",
    "ContactEvent",
    "ContactPoint",
    "Delinquency",
    "ImportRun",
    "Instalment",
    "Loan",
    "MonthEndSnapshot",
    "Payment",
    "Product",
    "Promise",
    "ScheduleVersion",
]
