"""Fees charged after the due date, and their waivers."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.entries import Columns

Ints = NDArray[np.int64]

LATE_FEE, RETURN_FEE = range(2)
LONG = 1 << 20  # more days than any calendar of ours has


class Charges:
    """Charges of loans; index = loan, amounts in cents."""

    def __init__(self, *, n: int) -> None:
        self.standing: Ints = np.zeros(n, np.int64)  # charged and not waived, paid or not
        self.charges = Columns(4)  # loan, day, amount, kind
        self.waivers = Columns(2)  # loan, day: all charges until then

    def charge(self, loan: Ints, day: Ints, amount: Ints, kind: int) -> None:
        """Charge loans, each at most once a call; an amount of zero is none."""
        loan, day, amount = loan[amount > 0], day[amount > 0], amount[amount > 0]
        self.charges.add(loan, day, amount, np.full(len(loan), kind))
        self.standing[loan] += amount

    def waive(self, loan: Ints, day: Ints) -> None:
        """Waive all charges of loans that have some."""
        has_some = self.standing[loan] > 0
        self.waivers.add(loan[has_some], day[has_some])
        self.standing[loan] = 0

    def joined(self) -> tuple[Ints, ...]:
        """Return (loan, day, amount, kind, day waived or -1): each charge goes with the first waiver after it."""
        loan, day, amount, kind = self.charges.joined()
        waived_loan, waived_day = self.waivers.joined()
        waivers = np.sort(waived_loan * LONG + waived_day)
        if not len(waivers):
            return loan, day, amount, kind, np.full(len(loan), -1)
        first = waivers[np.minimum(np.searchsorted(waivers, loan * LONG + day), len(waivers) - 1)]
        is_waived = (first // LONG == loan) & (first % LONG >= day)
        return loan, day, amount, kind, np.where(is_waived, first % LONG, -1)
