"""How willing and how able borrowers are to pay, month by month."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.parameters import Behaviour

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class State:
    """Willingness, income shock, work and income of borrowers; index = borrower. Nobody is told of it."""

    def __init__(self, rng: np.random.Generator, *, n: int, behaviour: Behaviour) -> None:
        self.rng, self.b = rng, behaviour
        self.willingness: Floats = rng.standard_normal(n)
        self.shock: Floats = rng.standard_normal(n)
        self.unemployed: Bools = rng.random(n) < behaviour.job_loss / (behaviour.job_loss + behaviour.job_found)
        self.income_ratio: Floats = np.ones(n)  # of what they earned when they borrowed, while in work

    def step(self) -> None:
        """Move by one month."""
        rng, b = self.rng, self.b
        n = len(self.willingness)
        self.willingness = _autoregress(self.willingness, b.willingness_memory, rng.standard_normal(n))
        self.shock = _autoregress(self.shock, b.shock_memory, rng.standard_normal(n))
        change = rng.random(n)
        found = self.unemployed & (change < b.job_found)
        lost = ~self.unemployed & (change < b.job_loss)
        self.unemployed = (self.unemployed & ~found) | lost
        # Who was out of work may have to take less; what is missing comes back month by month.
        self.income_ratio += b.income_recovery * (1 - self.income_ratio)
        takes_less = found & (rng.random(n) < b.takes_less)
        self.income_ratio = np.where(takes_less, self.income_ratio * rng.uniform(*b.lower_income, n), self.income_ratio)


def _autoregress(before: Floats, memory: float, noise: Floats) -> Floats:
    """Return the next value of a series whose long-run variance is 1."""
    return memory * before + np.sqrt(1 - memory**2) * noise
