"""Draw borrowers: who they are, where they live, what they earn."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.names import FIRST_NAMES, LAST_NAMES, OCCUPATIONS, PLACES
from borrowers.simulation.parameters import Parameters

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Text = NDArray[np.bytes_]

# Area codes of all places in one row; where each place's begin, and how many it has.
AREA_CODES = np.array([code for _, _, codes, _ in PLACES for code in codes], "S")
N_AREA_CODES = np.array([len(codes) for _, _, codes, _ in PLACES])
FIRST_AREA_CODE = np.cumsum(N_AREA_CODES) - N_AREA_CODES


@dataclass(frozen=True)
class People:
    """Borrowers as columns; index = borrower."""

    first_name: Ints
    last_name: Ints
    place: Ints
    area_code: Text
    phone_line: Ints
    birth_day: Ints  # days since 1970
    occupation: Ints
    monthly_income: Floats  # whole currency units, in the work they had when they borrowed
    income_rank: Floats  # share of all borrowers who earn less
    household: Ints  # the first of its members, -1 = lives in no shared household
    team: Ints
    speaks_spanish: NDArray[np.bool_]
    consents: NDArray[np.bool_]  # to telephone and to e-mail

    def __len__(self) -> int:
        return len(self.place)


def draw_people(rng: np.random.Generator, *, n: int, today: int, n_teams: int, parameters: Parameters) -> People:
    """Draw n borrowers as of a day (days since 1970); members of a household share name, place and team."""
    # A borrower who shares a household joins the one before, so that households are pairs or small chains.
    joins = rng.random(n) < parameters.shares_household
    joins[0] = False
    head = np.maximum.accumulate(np.where(joins, 0, np.arange(n)))
    is_joined = np.bincount(head, minlength=n)[head] > 1
    place_shares = np.array([share for *_, share in PLACES])
    place = rng.choice(len(PLACES), size=n, p=place_shares / place_shares.sum())[head]
    age_years = np.clip(rng.gamma(6.0, 4.2, n) + 18, 19, 84)
    pick = np.floor(rng.random(n) * N_AREA_CODES[place]).astype(np.int64)
    income = rng.lognormal(parameters.log_income_mean, parameters.log_income_spread, n)
    return People(
        first_name=rng.integers(len(FIRST_NAMES), size=n),
        last_name=rng.integers(len(LAST_NAMES), size=n)[head],
        place=place,
        area_code=AREA_CODES[FIRST_AREA_CODE[place] + pick],
        phone_line=rng.integers(100, size=n),
        birth_day=(today - age_years * 365.25).astype(np.int64),
        occupation=rng.integers(len(OCCUPATIONS), size=n),
        monthly_income=np.round(np.clip(income, 900, 18_000), -1).astype(np.float64),
        income_rank=_normal_share((np.log(income) - parameters.log_income_mean) / parameters.log_income_spread),
        household=np.where(is_joined, head, -1),
        team=rng.integers(n_teams, size=n)[head],
        speaks_spanish=rng.random(n) < 0.12,
        consents=rng.random((n, 2)) < np.array(parameters.consents),
    )


def _normal_share(z: Floats) -> Floats:
    """Return the normal distribution function, to 0.001, by the logistic approximation of Bowling et al. (2009)."""
    return 1 / (1 + np.exp(-(1.5976 * z + 0.07056 * z**3)))
