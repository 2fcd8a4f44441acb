"""Let borrowers live month by month: who pays what and when, who is called, who promises, who is restructured or written off.

All arrays are columns over loans or borrowers; one step is one month. Amounts in cents, days since 1970.
"""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.ability import State
from borrowers.simulation.charges import LATE_FEE, RETURN_FEE, Charges
from borrowers.simulation.contacting import CALL_BACK, HARDSHIP, PAID, PROMISE, REACHED, REFUSED, Contacting
from borrowers.simulation.entries import CARD, CASH, DIRECT_DEBIT, TRANSFER, Columns, Entries, History
from borrowers.simulation.lending import Calendar, Loans
from borrowers.simulation.parameters import Behaviour, Parameters
from borrowers.simulation.parties import CO_BORROWER
from borrowers.simulation.people import People
from borrowers.simulation.standing import Standing

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

ATTEMPTS_A_MONTH = 3
LAST_OFFSET = 26  # days after the due date: what belongs to one month is over before the next due date
MAX_DEPTH = 4


class Life:
    """The state of all borrowers and loans, and one step of it."""

    def __init__(
        self, rng: np.random.Generator, *, people: People, loans: Loans, parties: tuple[Ints, Ints, Ints],
        calendar: Calendar, parameters: Parameters,
    ) -> None:  # fmt: skip
        self.rng = rng
        self.loans = loans
        self.calendar = calendar
        self.b: Behaviour = parameters.behaviour
        n = len(loans)
        self.state = State(rng, n=len(people), behaviour=self.b)
        self.contacting = Contacting(rng, people=people, state=self.state, behaviour=self.b)
        self.parties = parties
        self.burden = loans.level / (people.monthly_income[loans.borrower] * 100)
        self.fixed = self.b.base + np.array([product.propensity for product in parameters.products])[loans.product]
        self.fixed[parties[0][parties[2] == CO_BORROWER]] += parameters.by_co_borrower
        self.by_direct_debit = rng.random(n) < self.b.direct_debit
        self.in_steps = rng.random(n) < self.b.in_steps
        self.pays_fees = rng.random(n) < self.b.pays_fees
        self.tolerance = np.array([product.tolerance_cents for product in parameters.products])[loans.product]
        self.late_fee = np.array([product.late_fee_cents for product in parameters.products])[loans.product]
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
        self.standing = Standing(rng, n=n, behaviour=self.b, as_of=calendar.as_of)
        self.charges = Charges(n=n)
        self.entries = Entries(rng, behaviour=self.b)
        self.promises, self.plans = Columns(3), Columns(5)
        self.month = 0

    def run(self) -> History:
        """Live through all months and return what happened."""
        for month in range(self.calendar.n_months):
            self.step(month)
        return History(
            payments=self.entries.payments.joined(),
            charges=self.charges.joined(),
            contacts=self.contacting.contacts.joined(),
            promises=self.promises.joined(),
            plans=self.plans.joined(),
            events=self.standing.events.joined(),
            written_off_day=self.standing.written_off_day,
            opt_outs=self.contacting.opt_outs(),
            parties=self.parties,
        )

    def step(self, month: int) -> None:
        """Move borrowers' state, then let this month's instalments come due and be paid, or not."""
        self.month = month
        self.state.step()
        self.standing.move(
            int(self.calendar.starts[month]),
            owed=self._outstanding(),
            depth=-(-np.maximum(self.due - self.paid, 0) // self.level),
        )
        self._recover_written_off(month)
        i = np.flatnonzero((self.first_due_month <= month) & self.standing.is_open & (self._outstanding() > 0))
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
        self._charge(i, due_day, np.where(offset <= self.b.late_fee_after, amount, 0), depth)
        pays = amount > 0
        self._enter(i[pays], due_day[pays] + offset[pays], amount[pays], depth[pays])
        self._write_off(i, due_day)

    def _outstanding(self) -> Ints:
        """Return all that is or will be owed on each loan."""
        return self.total + self.charges.standing - self.paid

    def _fees_open(self, i: Ints) -> Ints:
        """Return what is open of charges, which are settled after all that is due of the plan."""
        charged = self.charges.standing[i]
        return np.clip(self.due[i] + charged - self.paid[i], 0, charged)

    def _charge(self, i: Ints, due_day: Ints, paid_in_time: Ints, depth: Ints) -> None:
        """Charge late fees, and waive charges of some who owe nothing else."""
        unpaid = self.due[i] - self.paid[i] - paid_in_time
        day = due_day + self.b.late_fee_after
        is_late = (
            (unpaid > self.tolerance[i])
            & (depth < MAX_DEPTH)
            & ~self.standing.bankrupt[i]
            & (day < self.calendar.as_of)
        )
        self.charges.charge(i[is_late], day[is_late], self.late_fee[i[is_late]], LATE_FEE)
        owes_fees_only = (
            (self.due[i] >= self.total[i]) & (self.due[i] <= self.paid[i]) & (due_day < self.calendar.as_of)
        )
        waived = owes_fees_only & (self.rng.random(len(i)) < self.b.waived_at_end)
        self.charges.waive(i[waived], due_day[waived])

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
            + b.by_bankruptcy * self.standing.bankrupt[i]
            + b.by_noise * rng.standard_normal(len(i))
        )
        self.was_reached[i] = False
        pays = rng.random(len(i)) < _logistic(propensity)
        catches_up = rng.random(len(i)) < np.array(b.catches_up)[depth]
        one = np.minimum(owed, self.level[i])
        with_fees = owed + self._fees_open(i) * self.pays_fees[i]
        amount = np.where(pays, np.where(catches_up, with_fees, one), 0)
        partial = ~pays & (rng.random(len(i)) < b.partial_if_not)
        share = rng.uniform(0.2, 0.9, len(i))
        amount = np.where(partial, np.rint(one * share / 500).astype(np.int64) * 500, amount)
        clean = pays & (depth == 0)
        extra = rng.random(len(i))
        remaining = np.maximum(self.total[i] + self.charges.standing[i] * self.pays_fees[i] - self.paid[i], 0)
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
                (rng.random(len(i)) < np.array(b.attempt)[depth])
                & ~promised
                & self.standing.is_worked[i]
                & (due_day + day < self.calendar.as_of)
            )
            k = np.flatnonzero(tries)
            if not len(k):
                continue
            contact, outcome = self.contacting.attempt(i[k], self.loans.borrower[i[k]], due_day[k] + day[k], depth[k])
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
            self.contacting.hear(i[k], day[k], HARDSHIP)
            agreed = k[rng.random(len(k)) < b.restructured_if_hardship]
            self._restructure(i[agreed], day[agreed])

    def _restructure(self, i: Ints, day: Ints) -> None:
        """Agree new plans, once in a loan's life: what remains, over the remaining months and six more."""
        remaining = self.total[i] - self.paid[i]
        agreed = ~self.restructured[i] & (day < self.calendar.as_of) & (remaining >= 10_000)
        i, day, remaining = i[agreed], day[agreed], remaining[agreed]
        self.charges.waive(i, day)
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
        outcome = self.entries.pay(i, day, amount, channel, is_behind=depth > 0, in_steps=self.in_steps[i])
        self.paid[i] += outcome.stays
        fee_day = outcome.returned_day + 7  # when the return is known for sure
        charged = (self.rng.random(len(fee_day)) < self.b.charged_return) & (fee_day < self.calendar.as_of)
        loan = i[outcome.returned[charged]]
        self.charges.charge(loan, fee_day[charged], np.full(len(loan), self.b.return_fee_cents), RETURN_FEE)

    def _recover_written_off(self, month: int) -> None:
        rng = self.rng
        i = np.flatnonzero(~self.standing.is_open & ~self.standing.sold & (self.paid < self.due))
        chance = np.where(self.standing.placed[i], self.b.recovered_when_placed, self.b.recovered)
        i = i[rng.random(len(i)) < chance]
        if len(i):
            share = rng.uniform(0.2, 1.0, len(i))
            amount = np.minimum(
                np.rint(self.level[i] * share / 500).astype(np.int64) * 500 + 500, self.due[i] - self.paid[i]
            )
            day = self.calendar.starts[month] + rng.integers(0, 28, len(i))
            later = day > self.standing.written_off_day[i]
            self._enter(i[later], day[later], amount[later], np.full(int(later.sum()), MAX_DEPTH))

    def _write_off(self, i: Ints, due_day: Ints) -> None:
        owed = self.due[i] - self.paid[i]
        unpaid = -(-owed // self.level[i])
        late_enough = (unpaid >= self.b.written_off_from) | (
            # a loan past its last due date gathers no more instalments: it goes by its age
            (unpaid >= 1) & (due_day - self._last_due_day(i) > 150)
        )
        gone = (
            late_enough & (self.rng.random(len(i)) < self.b.written_off) & (due_day + LAST_OFFSET < self.calendar.as_of)
        )
        loan = i[gone]
        self.standing.write_off(loan, due_day[gone] + LAST_OFFSET, self._outstanding()[loan])

    def _last_due_day(self, i: Ints) -> Ints:
        return self.calendar.day_of(self.first_due_month[i] + self.term[i] - 1, self.loans.due_day_of_month[i])


def _logistic(odds: Floats) -> Floats:
    return 1 / (1 + np.exp(-odds))
