"""A person in New York at 10:40 of Tuesday 30 June 2026, and ways to ask the gate about them."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from borrowers.models import Borrower, Loan
from creditpath.accounts.models import Role, Team, User
from recovery.contacts.services import Answer, choose_contact_profile, contact_permission
from tests.factories import make_borrower, make_loan, make_user

NEW_YORK = "America/New_York"
Ask = Callable[..., Answer]


def local(zone: str, *when: int, fold: int = 0) -> datetime:
    """Return a local time of a place as an instant: local(NEW_YORK, 2026, 6, 30, 8)."""
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold)  # type: ignore[arg-type,misc]


@pytest.fixture
def agent(team: Team) -> User:
    return make_user(Role.AGENT, team=team)


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    return make_loan(borrower=make_borrower(team=team), instalments=[(date(2026, 5, 21), 500)])


@pytest.fixture
def borrower(loan: Loan) -> Borrower:
    return loan.borrower


@pytest.fixture
def ask(loan: Loan) -> Ask:
    """Ask about the loan's borrower at an instant, by default by call and about that loan."""

    def ask(instant: datetime, **changes: Any) -> Answer:
        values = {"borrower": loan.borrower, "loan": loan, "channel": "call", "instant": instant} | changes
        return contact_permission(**values)

    return ask


@pytest.fixture
def first_party(db: None) -> None:
    choose_contact_profile(profile="first_party", reason="test", chosen_by=None)


def codes(answer: Answer) -> list[str]:
    return [reason.code for reason in answer.reasons]
