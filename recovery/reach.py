"""Whose borrowers a person works with."""

from borrowers.models import Borrower
from creditpath.accounts.models import User
from recovery.errors import BorrowerOutOfReach


def check_reach(borrower_id: int, user: User | None) -> None:
    """Raise BorrowerOutOfReach where a person does not service a borrower; without a person it is the product that asks."""
    if user is not None and not Borrower.objects.visible_to(user).filter(pk=borrower_id).exists():
        raise BorrowerOutOfReach()
