"""The books in the admin. The ledger can be read, payments can be entered and reversed, and nothing of it is changed."""

from borrowers.admin import (  # noqa: F401  (each registers its lists)
    closing,
    contacts,
    ledger,
    payments,
    people,
    reconciliation,
    sources,
    standing,
)
from borrowers.admin.loans import LoanAdmin

__all__ = ["LoanAdmin"]
