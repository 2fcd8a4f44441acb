"""Tables of the books, by subject."""

from borrowers.models.agreements import AttributeDefinition, Collateral, LoanEvent, LoanParty
from borrowers.models.business_date import BusinessDate
from borrowers.models.closing import ClosingStep, DayClose
from borrowers.models.contacts import ContactCost, ContactEvent, Promise, PromiseRule
from borrowers.models.delinquency import Bucket, Delinquency, MonthEndSnapshot
from borrowers.models.imports import ImportRun
from borrowers.models.ledger import (
    BalanceSnapshot,
    Charge,
    Instalment,
    Loan,
    Payment,
    Product,
    SchedulePlan,
    ScheduleVersion,
    Statement,
)
from borrowers.models.people import Borrower, Consent, ContactPoint
from borrowers.models.reconciliation import Reconciliation, ReconciliationDifference
from borrowers.models.uploads import Upload

__all__ = [
    "AttributeDefinition",
    "BalanceSnapshot",
    "Borrower",
    "Bucket",
    "BusinessDate",
    "Charge",
    "ClosingStep",
    "Collateral",
    "Consent",
    "ContactCost",
    "ContactEvent",
    "ContactPoint",
    "DayClose",
    "Delinquency",
    "ImportRun",
    "Instalment",
    "Loan",
    "LoanEvent",
    "LoanParty",
    "MonthEndSnapshot",
    "Payment",
    "Product",
    "Promise",
    "PromiseRule",
    "Reconciliation",
    "ReconciliationDifference",
    "SchedulePlan",
    "ScheduleVersion",
    "Statement",
    "Upload",
]
