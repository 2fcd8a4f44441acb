"""A portfolio as blocks of borrowers, each simulated from a seed of its own: whatever the order, the same rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.behaviour import Life
from borrowers.simulation.entries import History
from borrowers.simulation.lending import Calendar, Loans, count_borrowers, draw_loans
from borrowers.simulation.parameters import Parameters
from borrowers.simulation.parties import draw_parties
from borrowers.simulation.people import People, draw_people

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Plan:
    """A block before it is simulated: whose numbers it has, and where its chance begins."""

    first_borrower: int  # numbers within the portfolio, from 0
    first_loan: int
    borrower: Ints  # of each loan, from 0 within the block
    seed: np.random.SeedSequence

    @property
    def n_borrowers(self) -> int:
        return int(self.borrower[-1]) + 1


@dataclass(frozen=True)
class Block:
    """Simulated borrowers and loans; indices count from 0 within the block."""

    plan: Plan
    people: People
    loans: Loans
    history: History
    rng: np.random.Generator  # for what only the writing draws


def plan_blocks(*, loans: int, seed: int, parameters: Parameters) -> list[Plan]:
    """Divide a portfolio; only the number of loans of each borrower is drawn. No borrower is in two blocks."""
    plans: list[Plan] = []
    first_borrower = 0
    size = parameters.loans_a_block
    for number, sequence in enumerate(np.random.SeedSequence(seed).spawn(-(-loans // size))):
        of_counts, of_block = sequence.spawn(2)
        first_loan = number * size
        borrower = count_borrowers(
            np.random.default_rng(of_counts), n_loans=min(size, loans - first_loan), parameters=parameters
        )
        plans.append(Plan(first_borrower=first_borrower, first_loan=first_loan, borrower=borrower, seed=of_block))
        first_borrower += plans[-1].n_borrowers
    return plans


def simulate_block(plan: Plan, *, calendar: Calendar, n_teams: int, parameters: Parameters) -> Block:
    """Draw a block's borrowers and loans and let them live. Memory: some 6 KB a loan."""
    rng = np.random.default_rng(plan.seed)
    people = draw_people(rng, n=plan.n_borrowers, today=calendar.as_of, n_teams=n_teams, parameters=parameters)
    loans = draw_loans(rng, borrower=plan.borrower, people=people, calendar=calendar, parameters=parameters)
    parties = draw_parties(rng, people=people, loans=loans, parameters=parameters)
    history = Life(rng, people=people, loans=loans, parties=parties, calendar=calendar, parameters=parameters).run()
    return Block(plan=plan, people=people, loans=loans, history=history, rng=rng)
