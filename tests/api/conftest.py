from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from borrowers.models import Borrower, Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from tests.factories import make_borrower, make_loan

Api = Callable[[Role | str], APIClient]


@pytest.fixture(autouse=True)
def throttles_at_zero(db: None) -> None:
    cache.clear()


@pytest.fixture
def api(people: dict[Role, User]) -> Api:
    """Return a program that has logged in as the person of a role."""

    def log_in(role: Role | str) -> APIClient:
        client = APIClient(raise_request_exception=False)
        client.force_authenticate(people[Role(role)])
        return client

    return log_in


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    """A loan of the agent's team: 100 were due on 1 May and 1 June, 100 are due on 1 July; 100 were paid."""
    return _lend(make_borrower(team=team, full_name="Amina Bello"))


@pytest.fixture
def other_loan(frozen_day: date, other_team: Team) -> Loan:
    return _lend(make_borrower(team=other_team, full_name="Chidi Okoro"))


def _lend(borrower: Borrower) -> Loan:
    loan = make_loan(
        borrower=borrower,
        instalments=[(date(2026, month, 1), 90, 10) for month in (5, 6, 7)],
        payments=[(date(2026, 5, 1), 100)],
        attributes={"employer": "Acme"},
    )
    refresh_delinquency(loans=[loan.pk])
    return loan


@pytest.fixture
def queries(django_assert_max_num_queries: Any) -> Iterator[Any]:
    yield django_assert_max_num_queries
