"""What becomes of loans that are not paid: written off, sold, placed with an agency and recalled; and bankruptcies."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.entries import Columns
from borrowers.simulation.parameters import Behaviour

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

WRITTEN_OFF, SOLD, PLACED, RECALLED, BANKRUPTCY = range(5)


class Standing:
    """The standing of loans; index = loan. Amounts in cents, -1 where an event has none."""

    def __init__(self, rng: np.random.Generator, *, n: int, behaviour: Behaviour, as_of: int) -> None:
        self.rng, self.b, self.as_of = rng, behaviour, as_of
        self.written_off_day: Ints = np.full(n, -1)
        self.last_day: Ints = np.full(n, -1)  # of the latest event: events of a loan follow each other
        self.sold: Bools = np.zeros(n, bool)
        self.placed: Bools = np.zeros(n, bool)
        self.bankrupt: Bools = np.zeros(n, bool)
        self.events = Columns(5)  # loan, kind, day, amount, number of the other party

    @property
    def is_open(self) -> Bools:
        return self.written_off_day < 0

    @property
    def is_worked(self) -> Bools:
        """Whether we may call: the agency does where the loan is placed, and nobody in a bankruptcy."""
        return self.is_open & ~self.placed & ~self.bankrupt

    def write_off(self, loan: Ints, day: Ints, owed: Ints) -> None:
        self.written_off_day[loan] = day
        self._tell(loan, WRITTEN_OFF, day, owed)

    def move(self, first_day: int, *, owed: Ints, depth: Ints) -> None:
        """Let a month begin in which loans go bankrupt, are placed, recalled or sold; owed and depth are of all loans."""
        rng, b, n = self.rng, self.b, len(owed)
        day = first_day + rng.integers(0, 3, n)  # before anybody is called in that month
        chance = rng.random((4, n))
        owes = (owed > 0) & ~self.sold & (self.last_day < first_day)
        fails = owes & self.is_open & ~self.bankrupt & (depth >= 2) & (chance[0] < b.bankrupt)
        self.bankrupt |= fails
        self._tell(np.flatnonzero(fails), BANKRUPTCY, day[fails], np.full(int(fails.sum()), -1))
        owes &= ~fails
        comes_back = owes & self.placed & (chance[1] < b.recalled)
        goes = owes & ~self.placed & (~self.is_open | (depth >= b.placed_from)) & (chance[2] < b.placed)
        self.placed = (self.placed | goes) & ~comes_back
        self._tell(np.flatnonzero(goes), PLACED, day[goes], np.full(int(goes.sum()), -1))
        self._tell(np.flatnonzero(comes_back), RECALLED, day[comes_back], np.full(int(comes_back.sum()), -1))
        leaves = owes & ~goes & ~comes_back & ~self.placed & ~self.is_open & (chance[3] < b.sold)
        self.sold |= leaves
        price = np.rint(owed[leaves] * rng.uniform(*b.sale_price, int(leaves.sum()))).astype(np.int64)
        self._tell(np.flatnonzero(leaves), SOLD, day[leaves], np.maximum(price, 1))

    def _tell(self, loan: Ints, kind: int, day: Ints, amount: Ints) -> None:
        self.last_day[loan] = day
        self.events.add(loan, np.full(len(loan), kind), day, amount, loan)
