"""The people and the day of the tests; tests/conftest.py imports these fixtures."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client

from borrowers.services import set_business_date
from creditpath.accounts.models import Role, Team, User
from tests.factories import make_team, make_user

FROZEN_DAY = date(2026, 6, 30)


@pytest.fixture
def frozen_day(db: None) -> date:
    """Stand the books at Tuesday 30 June 2026."""
    set_business_date(day=FROZEN_DAY, is_frozen=True)
    return FROZEN_DAY


@pytest.fixture
def team(db: None) -> Team:
    return make_team("North")


@pytest.fixture
def other_team(db: None) -> Team:
    return make_team("South")


@pytest.fixture
def people(team: Team) -> dict[Role, User]:
    """One person per role; the agent and the manager belong to `team`."""
    return {
        role: make_user(role, username=role.value, team=team if role in {Role.AGENT, Role.MANAGER} else None)
        for role in Role
    }


@pytest.fixture
def client_of(people: dict[Role, User]) -> Callable[[Role | str], Client]:
    """Return a browser in which the person of a role has logged in."""

    def log_in(role: Role | str) -> Client:
        client = Client()
        client.force_login(people[Role(role)], backend="creditpath.accounts.backends.RoleBackend")
        return client

    return log_in
