"""Draw borrowers: who they are, where they live, what they earn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.names import FIRST_NAMES, LAST_NAMES, OCCUPATIONS, PLACES
from borrowers.simulation.parameters import Parameters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class People:
    """Borrowers as columns; index = borrower."""

    first_name: Ints
    last_name: Ints
    place: Ints
    area_code: list[str]
    phone_line: Ints
    birth_day: Ints  # days since 1970
    occupation: Ints
    monthly_income: Floats  # whole currency units
    household: Ints  # -1 = lives in no shared household
    team: Ints
    speaks_spanish: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.place)

    def full_name(self, i: int) -> str:
        return f"{FIRST_NAMES[self.first_name[i]]} {LAST_NAMES[self.last_name[i]]}"


def draw_people(rng: np.random.Generator, *, n: int, today: int, n_teams: int, parameters: Parameters) -> People:
    """Draw n borrowers as of a day (days since 1970); members of a household share name, place and team."""
    last_name = rng.integers(len(LAST_NAMES), size=n)
    place = rng.choice(len(PLACES), size=n, p=_shares(np.array([share for *_, share in PLACES])))
    team = rng.integers(n_teams, size=n)
    household = np.full(n, -1)
    # A borrower who shares a household joins the one before, so that households are pairs or small chains.
    joins = rng.random(n) < parameters.shares_household
    joins[0] = False
    number = 0
    for i in np.flatnonzero(joins):
        if household[i - 1] < 0:
            household[i - 1] = number
            number += 1
        household[i] = household[i - 1]
        last_name[i], place[i], team[i] = last_name[i - 1], place[i - 1], team[i - 1]
    age_years = np.clip(rng.gamma(6.0, 4.2, n) + 18, 19, 84)
    pick = rng.random(n)
    area_code = [PLACES[p][2][int(u * len(PLACES[p][2]))] for p, u in zip(place, pick, strict=True)]
    return People(
        first_name=rng.integers(len(FIRST_NAMES), size=n),
        last_name=last_name,
        place=place,
        area_code=area_code,
        phone_line=rng.integers(100, size=n),
        birth_day=(today - age_years * 365.25).astype(np.int64),
        occupation=rng.integers(len(OCCUPATIONS), size=n),
        monthly_income=np.round(np.clip(rng.lognormal(8.05, 0.42, n), 900, 18_000), -1).astype(np.float64),
        household=household,
        team=team,
        speaks_spanish=rng.random(n) < 0.12,
    )


def _shares(weights: Floats) -> Floats:
    return weights / weights.sum()
