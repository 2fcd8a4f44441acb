"""Let borrowers live month by month: who pays what and when, who is called, who promises, who is restructured or written off.

All arrays are columns over loans or borrowers; one step is one month. Amounts in cents, days since 1970.
"""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.ability import State
from borrowers.simulation.entries import CARD, CASH, DIRECT_DEBIT, TRANSFER, Columns, Entries, History
from borrowers.simulation.lending import Calendar, Loans
from borrowers.simulation.parameters import Behaviour, Parameters
from borrowers.simulation.people import People

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

CALL, SMS, EMAIL, INBOUND = range(4)
NO_ANSWER, LEFT_MESSAGE, WRONG_PERSON, WRONG_NUMBER, PROMISE, REFUSED, HARDSHIP, DISPUTE, CALL_BACK, PAID, SENT = range(
    11
)
REACHED = np.array([PROMISE, REFUSED, HARDSHIP, DISPUTE, CALL_BACK, PAID])
ATTEMPTS_A_MONTH = 3
LAST_OFFSET = 26  # days after the due date: what belongs to one month is over before the next due date
MAX_DEPTH = 4


class Life:
    """The state of all borrowers and loans, and one step of it."""

    def __init__(
        self, rng: np.random.Generator, *, people: People, loans: Loans, calendar: Calendar, parameters: Parameters
    ) -> None:
        self.rng = rng
        self.loans = loans
        self.calendar = calendar
        self.b: Behaviour = parameters.behaviour
        n = len(loans)
        self.state = State(rng, n=len(people), behaviour=self.b)
        self.reach = _logistic(np.log(self.b.reach / (1 - self.b.reach)) + 0.4 * self.state.willingness)
        self.burden = loans.level / (people.monthly_income[loans.borrower] * 100)
        self.fixed = self.b.base + np.array([product.propensity for product in parameters.products])[loans.product]
        self.by_direct_debit = rng.random(n) < self.b.direct_debit
        # The plan in force: what each instalment comes to and when; and what is due and paid of it so far.
        self.first_due_month = loans.first_due_month.copy()
        self.term = loans.term.copy()
        self.level = loans.level.copy()
        self.last = loans.last.copy()
        self.due = np.zeros(n, np.int64)
        self.paid = np.zeros(n, np.int64)
        self.total = loans.level * (loans.term - 1) + loans.last
        self.was_reached = np.zeros(n, bool)
        self.restructured = np.zeros(n, bool)
        self.written_off_day = np.full(n, -1)
        self.entries = Entries(rng, behaviour=self.b)
        self.contacts, self.promises, self.plans = Columns(4), Columns(3), Columns(5)
        self.month = 0

    def run(self) -> History:
        """Live through all months and return what happened."""
        for month in range(self.calendar.n_months):
            self.step(month)
        return History(
            payments=self.entries.payments.joined(),
            contacts=self.contacts.joined(),
            promises=self.promises.joined(),
            plans=self.plans.joined(),
            written_off_day=self.written_off_day,
        )

    def step(self, month: int) -> None:
        """Move borrowers' state, then let this month's instalments come due and be paid, or not."""
        self.month = month
        self.state.step()
        self._recover_written_off(month)
        i = np.flatnonzero((self.first_due_month <= month) & (self.written_off_day < 0) & (self.paid < self.total))
        if not len(i):
            return
        position = month - self.first_due_month[i]
        due_now = np.where(
            position < self.term[i] - 1, self.level[i], np.where(position == self.term[i] - 1, self.last[i], 0)
        )
        before = np.maximum(self.due[i] - self.paid[i], 0)
        self.due[i] += due_now
        owed = np.maximum(self.due[i] - self.paid[i], 0)
        depth = np.minimum(-(-before // self.level[i]), MAX_DEPTH)
        due_day = self.calendar.day_of(np.full(len(i), month), self.loans.due_day_of_month[i])

        amount, offset = self._decide(i, owed, depth)
        self._hear_of_hardship(i, due_day, depth)
        amount, offset = self._collect(i, due_day, owed, amount, offset)
        pays = amount > 0
        self._enter(i[pays], due_day[pays] + offset[pays], amount[pays], depth[pays])
        self._write_off(i, due_day)

    def _decide(self, i: Ints, owed: Ints, depth: Ints) -> tuple[Ints, Ints]:
        """Return what each loan's borrower would pay this month uncalled, and how many days after the due date."""
        rng, b = self.rng, self.b
        who = self.loans.borrower[i]
        burden = self.burden[i] / self.state.income_ratio[who] - b.mean_burden
        propensity = (
            self.fixed[i]
            + b.by_burden * np.clip(burden, -0.1, 0.3)
            + b.by_willingness * self.state.willingness[who]
            + b.by_shock * self.state.shock[who]
            + b.by_unemployment * self.state.unemployed[who]
            + np.array(b.by_depth)[depth]
            + b.by_contact * self.was_reached[i]
            + b.by_noise * rng.standard_normal(len(i))
        )
        self.was_reached[i] = False
        pays = rng.random(len(i)) < _logistic(propensity)
        catches_up = rng.random(len(i)) < np.array(b.catches_up)[depth]
        one = np.minimum(owed, self.level[i])
        amount = np.where(pays, np.where(catches_up, owed, one), 0)
        partial = ~pays & (rng.random(len(i)) < b.partial_if_not)
        share = rng.uniform(0.2, 0.9, len(i))
        amount = np.where(partial, np.rint(one * share / 500).astype(np.int64) * 500, amount)
        clean = pays & (depth == 0)
        extra = rng.random(len(i))
        remaining = self.total[i] - self.paid[i]
        amount = np.where(clean & (extra < b.pays_ahead), amount + self.level[i], amount)
        rounds = clean & (extra >= b.pays_ahead) & (extra < b.pays_ahead + b.rounds_up)
        amount = np.where(rounds, -(-amount // 500) * 500, amount)
        amount = np.minimum(amount, remaining)

        late_odds = b.late_base + b.late_by_willingness * self.state.willingness[who]
        late = rng.random(len(i)) < _logistic(late_odds)
        days_late = np.minimum(1 + np.floor(rng.exponential(b.mean_days_late, len(i))), LAST_OFFSET).astype(np.int64)
        early = -rng.integers(0, 7, len(i)) * (rng.random(len(i)) < 0.5)
        punctual = np.where(self.by_direct_debit[i], 0, early)
        offset = np.where(clean & ~late, punctual, np.where(clean, days_late, rng.integers(2, LAST_OFFSET + 1, len(i))))
        return amount, offset

    def _collect(self, i: Ints, due_day: Ints, owed: Ints, amount: Ints, offset: Ints) -> tuple[Ints, Ints]:
        """Contact those who are late by then, and return what is paid and when after that."""
        rng, b = self.rng, self.b
        promised = np.zeros(len(i), bool)
        for attempt in range(ATTEMPTS_A_MONTH):
            day = 3 + 7 * attempt + rng.integers(0, 5, len(i))
            open_amount = owed - np.where(offset <= day, amount, 0)
            depth = np.clip(-(-open_amount // self.level[i]), 0, MAX_DEPTH)
            tries = (
                (rng.random(len(i)) < np.array(b.attempt)[depth]) & ~promised & (due_day + day < self.calendar.as_of)
            )
            k = np.flatnonzero(tries)
            if not len(k):
                continue
            channel = self._choose_channel(depth[k])
            outcome = self._draw_outcomes(self.loans.borrower[i[k]], channel)
            contact = self.contacts.add(i[k], due_day[k] + day[k], channel, outcome)
            self.was_reached[i[k[np.isin(outcome, REACHED)]]] = True

            # A promise: the arrears or one instalment, within two weeks; some are kept that would not have been paid.
            p = k[outcome == PROMISE]
            wanted = np.where(rng.random(len(p)) < 0.5, open_amount[p], np.minimum(open_amount[p], self.level[i[p]]))
            due_in = np.minimum(day[p] + rng.integers(3, 13, len(p)), LAST_OFFSET)
            self.promises.add(contact[outcome == PROMISE], due_day[p] + due_in, wanted)
            who = self.loans.borrower[i[p]]
            odds = (
                b.kept
                + 0.6 * self.state.willingness[who]
                + 0.5 * self.state.shock[who]
                - 1.0 * self.state.unemployed[who]
            )
            keeps = (rng.random(len(p)) < _logistic(odds)) & (amount[p] < wanted)
            amount[p[keeps]] = wanted[keeps]
            offset[p[keeps]] = np.maximum(due_in[keeps] - rng.integers(0, 3, int(keeps.sum())), day[p[keeps]])
            promised[p] = True

            # Others who were reached sometimes pay an instalment because of the call.
            r = k[np.isin(outcome, (CALL_BACK, PAID, REFUSED)) & (amount[k] == 0)]
            moved = r[rng.random(len(r)) < b.pays_when_reached]
            amount[moved] = np.minimum(open_amount[moved], self.level[i[moved]])
            offset[moved] = np.minimum(day[moved] + rng.integers(1, 6, len(moved)), LAST_OFFSET)

            h = k[(outcome == HARDSHIP) & (depth[k] >= 1)]
            agreed = h[rng.random(len(h)) < b.restructured_if_hardship]
            self._restructure(i[agreed], due_day[agreed] + day[agreed])
            amount[agreed] = np.where(offset[agreed] <= day[agreed], amount[agreed], 0)
        return amount, offset

    def _hear_of_hardship(self, i: Ints, due_day: Ints, depth: Ints) -> None:
        """Let some who have lost their work ask for a new plan before they are late; these calls come in a few days early."""
        rng, b = self.rng, self.b
        asks = (depth == 0) & self.state.unemployed[self.loans.borrower[i]] & (rng.random(len(i)) < b.asks_for_help)
        day = due_day - rng.integers(1, 6, len(i))
        k = np.flatnonzero(asks & (day < self.calendar.as_of) & (day > self.loans.approved_day[i]))
        if len(k):
            self.contacts.add(i[k], day[k], np.full(len(k), INBOUND), np.full(len(k), HARDSHIP))
            agreed = k[rng.random(len(k)) < b.restructured_if_hardship]
            self._restructure(i[agreed], day[agreed])

    def _choose_channel(self, depth: Ints) -> Ints:
        """Remind by message at first, call when it gets serious."""
        call_share = np.array([0.0, 0.45, 0.7, 0.8, 0.85])[depth]
        pick = self.rng.random(len(depth))
        return np.where(pick < call_share, CALL, np.where(pick < call_share + (1 - call_share) * 0.6, SMS, EMAIL))

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

    def _restructure(self, i: Ints, day: Ints) -> None:
        """Agree new plans, once in a loan's life: what remains, over the remaining months and six more."""
        remaining = self.total[i] - self.paid[i]
        agreed = ~self.restructured[i] & (day < self.calendar.as_of) & (remaining >= 10_000)
        i, day, remaining = i[agreed], day[agreed], remaining[agreed]
        term = np.maximum(self.first_due_month[i] + self.term[i] - self.month - 1, 0) + 6
        first = np.full(len(i), self.month + 1)
        self.plans.add(i, day, self.paid[i], first, term)
        self.restructured[i] = True
        self.first_due_month[i], self.term[i] = first, term
        self.level[i] = remaining // term
        self.last[i] = remaining - self.level[i] * (term - 1)
        self.due[i] = self.paid[i]

    def _enter(self, i: Ints, day: Ints, amount: Ints, depth: Ints) -> None:
        """Enter payments on the way that each borrower pays."""
        pick = self.rng.random(len(i))
        other = np.where(pick < 0.55, TRANSFER, np.where(pick < 0.92, CARD, CASH))
        channel = np.where(self.by_direct_debit[i] & (depth == 0), DIRECT_DEBIT, other)
        self.paid[i] += self.entries.pay(i, day, amount, channel, is_behind=depth > 0)

    def _recover_written_off(self, month: int) -> None:
        rng = self.rng
        i = np.flatnonzero((self.written_off_day >= 0) & (self.paid < self.due))
        i = i[rng.random(len(i)) < self.b.recovered]
        if len(i):
            share = rng.uniform(0.2, 1.0, len(i))
            amount = np.minimum(
                np.rint(self.level[i] * share / 500).astype(np.int64) * 500 + 500, self.due[i] - self.paid[i]
            )
            day = self.calendar.starts[month] + rng.integers(0, 28, len(i))
            later = day > self.written_off_day[i]
            self._enter(i[later], day[later], amount[later], np.full(int(later.sum()), MAX_DEPTH))

    def _write_off(self, i: Ints, due_day: Ints) -> None:
        owed = self.due[i] - self.paid[i]
        unpaid = -(-owed // self.level[i])
        late_enough = (unpaid >= self.b.written_off_from) | (
            # a loan past its last due date gathers no more instalments: it goes by its age
            (unpaid >= 1) & (due_day - self._last_due_day(i) > 150)
        )
        gone = (
            late_enough
            & (self.rng.random(len(i)) < self.b.written_off)
            & (due_day + LAST_OFFSET <= self.calendar.as_of)
        )
        self.written_off_day[i[gone]] = due_day[gone] + LAST_OFFSET

    def _last_due_day(self, i: Ints) -> Ints:
        return self.calendar.day_of(self.first_due_month[i] + self.term[i] - 1, self.loans.due_day_of_month[i])


def _logistic(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))
