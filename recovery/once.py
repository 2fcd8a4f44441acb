"""A form that is sent twice does what it does once: the row that it made keeps the key with which it was opened."""

from typing import Any, TypeVar

from django.db.models import Manager, Model

from borrowers.models import Borrower
from creditpath.accounts.models import User
from recovery.errors import FormAlreadyUsed

Made = TypeVar("Made", bound=Model)


def key_of(user: User | None, form_key: str) -> str | None:
    """Return what a row keeps of a form: its key and who sent it; None where there was no form."""
    return f"form:{user.pk}:{form_key}" if user is not None and form_key else None


def find_made(rows: "Manager[Made]", key: str | None, borrower: Borrower) -> Made | None:
    """Return the row that the form made before, if it did; raises FormAlreadyUsed where that was for another borrower."""
    made: Any = rows.filter(form_key=key).first() if key else None
    if made is not None and made.borrower_id != borrower.pk:
        raise FormAlreadyUsed()
    return made
