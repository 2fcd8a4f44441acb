"""What happened, as columns that grow month by month."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.parameters import Behaviour

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

TRANSFER, DIRECT_DEBIT, CARD, CASH = range(4)
CLEARED, PENDING, IN_CLEARING, RETURNED = range(4)
PHONE_POINT, EMAIL_POINT = range(2)


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

    payments: tuple[
        Ints, ...
    ]  # loan, day, amount, channel, booked day, entry reversed or -1, status, entry followed or -1
    charges: tuple[Ints, ...]  # loan, day, amount, kind, day waived or -1
    contacts: tuple[Ints, ...]  # loan, day, channel, outcome
    promises: tuple[Ints, ...]  # contact, due day, amount
    plans: tuple[Ints, ...]  # loan, day, received until then, first due month, term
    events: tuple[Ints, ...]  # loan, kind, day, amount or -1, number of the other party
    written_off_day: Ints  # -1 = not
    opt_outs: tuple[Ints, ...]  # borrower, contact point, day
    parties: tuple[Ints, ...]  # loan, person, role


@dataclass(frozen=True)
class Outcome:
    """What became of payments."""

    stays: Ints  # of each, cents that the loan keeps
    returned: Ints  # which came back
    returned_day: Ints


class Entries:
    """Payments as the books see them: some come in steps, some are returned, some are known late."""

    def __init__(self, rng: np.random.Generator, *, behaviour: Behaviour) -> None:
        self.rng, self.b = rng, behaviour
        self.payments = Columns(8)

    def pay(self, loan: Ints, day: Ints, amount: Ints, channel: Ints, *, is_behind: Bools, in_steps: Bools) -> Outcome:
        """Enter payments, a few of which come back and some of these are made again.

        Those in steps are pending or in clearing first, and cleared or returned by a second entry; others are cleared at once and
        taken back by a reversal.
        """
        rng, b, n = self.rng, self.b, len(loan)
        in_steps = in_steps & ((channel == DIRECT_DEBIT) | (channel == CARD))
        status = np.where(in_steps, np.where(channel == CARD, PENDING, IN_CLEARING), CLEARED)
        entry = self._add(loan, day, amount, channel, status=status)
        comes_back = (channel != CASH) & (rng.random(n) < b.returned * (1 + is_behind))
        back_day = day + rng.integers(2, 6, n)
        for which, later in ((comes_back & in_steps, RETURNED), (~comes_back & in_steps, CLEARED)):
            k = np.flatnonzero(which)
            later_day = back_day[k] if later == RETURNED else day[k] + np.where(channel[k] == CARD, 1, 2)
            self._add(loan[k], later_day, amount[k], channel[k], status=np.full(len(k), later), follows=entry[k])
        k = np.flatnonzero(comes_back & ~in_steps)
        self._add(loan[k], back_day[k], -amount[k], channel[k], reverses=entry[k])
        returned = np.flatnonzero(comes_back)
        again = returned[rng.random(len(returned)) < b.repaid_after_return]
        again_day = day[again] + rng.integers(6, 11, len(again))
        self._add(loan[again], again_day, amount[again], np.full(len(again), CARD))
        stays = np.where(comes_back, 0, amount)
        stays[again] = amount[again]
        return Outcome(stays=stays, returned=returned, returned_day=back_day[returned])

    def _add(
        self, loan: Ints, day: Ints, amount: Ints, channel: Ints, *,
        status: Ints | None = None, reverses: Ints | None = None, follows: Ints | None = None,
    ) -> Ints:  # fmt: skip
        rng, n = self.rng, len(loan)
        late = np.where(rng.random(n) < self.b.booked_late, rng.integers(2, 10, n), 0)
        # A return is known one to six days after it counts, and never before the payment itself is (booked up to nine days late).
        booked = day + (late if reverses is None else rng.integers(1, 7, n))
        none = np.full(n, -1)
        return self.payments.add(
            loan, day, amount, channel, booked,
            none if reverses is None else reverses,
            np.full(n, CLEARED) if status is None else status,
            none if follows is None else follows,
        )  # fmt: skip
