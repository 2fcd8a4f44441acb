from datetime import date

import pytest

from creditpath.accounts.models import Role, Team, User
from tests.contracts.world import World, make_world


@pytest.fixture
def world(frozen_day: date, people: dict[Role, User], team: Team, other_team: Team) -> World:
    return make_world(team=team, agent=people[Role.AGENT], other_team=other_team)
