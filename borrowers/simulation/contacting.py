"""How borrowers are contacted and what they answer; who has opted out of a way is not contacted that way."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.ability import State
from borrowers.simulation.entries import EMAIL_POINT, PHONE_POINT, Columns
from borrowers.simulation.parameters import Behaviour
from borrowers.simulation.people import People

Ints = NDArray[np.int64]

CALL, SMS, EMAIL, INBOUND = range(4)
NO_ANSWER, LEFT_MESSAGE, WRONG_PERSON, WRONG_NUMBER, PROMISE, REFUSED, HARDSHIP, DISPUTE, CALL_BACK, PAID, SENT = range(
    11
)
REACHED = np.array([PROMISE, REFUSED, HARDSHIP, DISPUTE, CALL_BACK, PAID])
CALL_SHARE = np.array(
    [0.0, 0.45, 0.7, 0.8, 0.85]
)  # by instalments unpaid: remind by message at first, call when it gets serious
NEVER = 1 << 40


class Contacting:
    """Attempts at borrowers; they can opt out of messages."""

    def __init__(self, rng: np.random.Generator, *, people: People, state: State, behaviour: Behaviour) -> None:
        self.rng, self.state, self.b = rng, state, behaviour
        self.reach = 1 / (1 + np.exp(-(np.log(behaviour.reach / (1 - behaviour.reach)) + 0.4 * state.willingness)))
        # From which day a contact point gets no messages; index = 2 · borrower + point.
        self.stopped_day: Ints = np.where(people.consents.reshape(-1), NEVER, -1)
        self.contacts = Columns(4)  # loan, day, channel, outcome

    def attempt(self, loan: Ints, who: Ints, day: Ints, depth: Ints) -> tuple[Ints, Ints]:
        """Contact borrowers about loans; return the contacts' numbers and their outcomes."""
        channel = self._choose_channel(who, day, depth)
        outcome = self._draw_outcomes(who, channel)
        return self.contacts.add(loan, day, channel, outcome), outcome

    def hear(self, loan: Ints, day: Ints, outcome: int) -> None:
        """Note calls that came in."""
        self.contacts.add(loan, day, np.full(len(loan), INBOUND), np.full(len(loan), outcome))

    def opt_outs(self) -> tuple[Ints, Ints, Ints]:
        """Return borrower, contact point and day of those who opted out of messages."""
        stopped = np.flatnonzero((self.stopped_day >= 0) & (self.stopped_day < NEVER))
        return stopped // 2, stopped % 2, self.stopped_day[stopped]

    def _choose_channel(self, who: Ints, day: Ints, depth: Ints) -> Ints:
        calls = CALL_SHARE[depth]
        pick = self.rng.random(len(depth))
        channel = np.where(pick < calls, CALL, np.where(pick < calls + (1 - calls) * 0.6, SMS, EMAIL))
        point = 2 * who + np.where(channel == EMAIL, EMAIL_POINT, PHONE_POINT)
        stops = (channel != CALL) & (day <= self.stopped_day[point]) & (self.rng.random(len(who)) < self.b.opts_out)
        np.minimum.at(self.stopped_day, point[stops], day[stops])
        return np.where(day > self.stopped_day[point], CALL, channel)

    def _draw_outcomes(self, who: Ints, channel: Ints) -> Ints:
        rng, b = self.rng, self.b
        n = len(who)
        missed = np.array([NO_ANSWER, LEFT_MESSAGE, WRONG_PERSON, WRONG_NUMBER])[
            np.searchsorted([0.66, 0.92, 0.97], rng.random(n))
        ]
        hard = b.promise_if_reached + 0.05 + 0.30 * self.state.unemployed[who]
        said = np.array([REFUSED, CALL_BACK, PAID, DISPUTE])[np.searchsorted([0.40, 0.80, 0.95], rng.random(n))]
        pick = rng.random(n)
        answer = np.where(
            pick < b.promise_if_reached * (1 - 0.4 * self.state.unemployed[who]),
            PROMISE,
            np.where(pick < hard, HARDSHIP, said),
        )
        outcome = np.where(rng.random(n) < self.reach[who], answer, missed)
        return np.where(channel == CALL, outcome, SENT)
