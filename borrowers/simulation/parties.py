"""Draw who else answers for a loan or may be spoken to; everybody in the books is a borrower."""

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.lending import Loans
from borrowers.simulation.parameters import Parameters
from borrowers.simulation.people import People

Ints = NDArray[np.int64]

CO_BORROWER, GUARANTOR, AUTHORISED = range(3)


def draw_parties(
    rng: np.random.Generator, *, people: People, loans: Loans, parameters: Parameters
) -> tuple[Ints, Ints, Ints]:
    """Return (loan, person, role): co-borrowers from the household, guarantors and third parties from anywhere."""
    n, n_people = len(loans), len(people)
    who = loans.borrower
    # Members of a household stand side by side: the one before, or after where the borrower is its first.
    neighbour = np.where(people.household[who] == who, who + 1, who - 1)
    shares = (people.household[who] >= 0) & (rng.random(n) < parameters.co_borrowers)
    co_borrowed = np.flatnonzero(shares)
    someone = (who + 1 + rng.integers(0, max(n_people - 1, 1), n)) % n_people  # never the borrower
    pick = np.where(someone == who, 1.0, rng.random(n))
    share = np.array([product.guarantors for product in parameters.products])[loans.product]
    guaranteed = np.flatnonzero(pick < share)
    authorised = np.flatnonzero((pick >= share) & (pick < share + parameters.authorised))
    loan = np.concatenate([co_borrowed, guaranteed, authorised])
    person = np.concatenate([neighbour[co_borrowed], someone[guaranteed], someone[authorised]])
    sizes = (len(co_borrowed), len(guaranteed), len(authorised))
    return loan, person, np.repeat([CO_BORROWER, GUARANTOR, AUTHORISED], sizes)
