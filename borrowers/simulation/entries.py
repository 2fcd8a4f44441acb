"""What happened, as columns that grow month by month."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.parameters import Behaviour

Ints = NDArray[np.int64]

TRANSFER, DIRECT_DEBIT, CARD, CASH = range(4)


@dataclass
class Columns:
    """Rows that grow by batches of equally long arrays."""

    width: int
    batches: list[tuple[Ints, ...]] = field(default_factory=list)
    n: int = 0

    def add(self, *columns: Ints) -> Ints:
        """Append rows and return their numbers."""
        self.batches.append(columns)
        self.n += len(columns[0])
        return np.arange(self.n - len(columns[0]), self.n)

    def joined(self) -> tuple[Ints, ...]:
        if not self.batches:
            return tuple(np.zeros(0, np.int64) for _ in range(self.width))
        return tuple(np.concatenate(parts) for parts in zip(*self.batches, strict=True))


@dataclass(frozen=True)
class History:
    """What happened."""

    payments: tuple[Ints, ...]  # loan, day, amount, channel, booked day, entry reversed or -1
    contacts: tuple[Ints, ...]  # loan, day, channel, outcome
    promises: tuple[Ints, ...]  # contact, due day, amount
    plans: tuple[Ints, ...]  # loan, day, received until then, first due month, term
    written_off_day: Ints  # -1 = not


class Entries:
    """Payments as the books see them: some are returned, some are known late."""

    def __init__(self, rng: np.random.Generator, *, behaviour: Behaviour) -> None:
        self.rng, self.b = rng, behaviour
        self.payments = Columns(6)

    def pay(self, loan: Ints, day: Ints, amount: Ints, channel: Ints, *, is_behind: NDArray[np.bool_]) -> Ints:
        """Enter payments, a few of which are returned and some of these made again; return what stays of each."""
        rng, b = self.rng, self.b
        entry = self._add(loan, day, amount, channel, np.full(len(loan), -1))
        returned = np.flatnonzero((channel != CASH) & (rng.random(len(loan)) < b.returned * (1 + is_behind)))
        back_day = day[returned] + rng.integers(2, 6, len(returned))
        self._add(loan[returned], back_day, -amount[returned], channel[returned], entry[returned])
        again = returned[rng.random(len(returned)) < b.repaid_after_return]
        again_day = day[again] + rng.integers(6, 11, len(again))
        self._add(loan[again], again_day, amount[again], np.full(len(again), CARD), np.full(len(again), -1))
        stays = amount.copy()
        stays[returned] = 0
        stays[again] = amount[again]
        return stays

    def _add(self, loan: Ints, day: Ints, amount: Ints, channel: Ints, reverses: Ints) -> Ints:
        rng, n = self.rng, len(loan)
        late = np.where(rng.random(n) < self.b.booked_late, rng.integers(2, 10, n), 0)
        # A return is known one to six days after it counts, and never before the payment itself is (booked up to nine days late).
        booked = day + np.where(reverses >= 0, rng.integers(1, 7, n), late)
        return self.payments.add(loan, day, amount, channel, booked, reverses)
