"""Draw loans and their instalments, in whole cents."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from borrowers.simulation.parameters import MONTHS_BEFORE, Parameters
from borrowers.simulation.people import People

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Calendar:
    """The months of a simulation: index 0 is MONTHS_BEFORE months before the history begins, the last holds the day as_of."""

    starts: Ints  # first day of each month and of the one after the last, days since 1970
    as_of: int

    @property
    def n_months(self) -> int:
        return len(self.starts) - 1

    def day_of(self, month: Ints, day_of_month: Ints) -> Ints:
        """Return days since 1970 for month indices, which may lie beyond the simulation."""
        first = np.datetime64(int(self.starts[0]), "D").astype("datetime64[M]")
        return (first + month).astype("datetime64[D]").astype(np.int64) + day_of_month - 1


def make_calendar(*, as_of: int, months: int) -> Calendar:
    """Return the months that end with the one of as_of (days since 1970)."""
    last = np.datetime64(as_of, "D").astype("datetime64[M]")
    all_months = last + np.arange(-(months + MONTHS_BEFORE) + 1, 2)
    return Calendar(starts=all_months.astype("datetime64[D]").astype(np.int64), as_of=as_of)


@dataclass(frozen=True)
class Lines:
    """Instalments as columns, loan by loan; amounts in cents."""

    loan: Ints
    number: Ints  # from 1
    principal: Ints
    interest: Ints
    fee: Ints


@dataclass(frozen=True)
class Loans:
    """Loans as columns, oldest first; index = loan, amounts in cents, days since 1970."""

    borrower: Ints
    product: Ints
    term: Ints
    principal: Ints
    approved_day: Ints
    approved_minute: Ints  # of the day
    due_day_of_month: Ints
    first_due_month: Ints  # index into the calendar
    level: Ints  # what every instalment but the last comes to, fees included
    last: Ints
    purpose: NDArray[np.float64]  # uniform, picks from the product's purposes
    lines: Lines  # the first plan of each

    def __len__(self) -> int:
        return len(self.borrower)


def count_borrowers(rng: np.random.Generator, *, n_loans: int, parameters: Parameters) -> Ints:
    """Return the borrower of each loan, numbered from 0, most with one loan and some with two or three."""
    shares = np.array(parameters.loans_per_borrower)
    sizes = rng.choice(len(shares), size=n_loans, p=shares / shares.sum()) + 1
    return np.repeat(np.arange(n_loans), sizes)[:n_loans]


def draw_loans(
    rng: np.random.Generator, *, borrower: Ints, people: People, calendar: Calendar, parameters: Parameters
) -> Loans:
    """Draw one loan per entry of `borrower`; approvals are spread evenly over the months in which the loan can be open."""
    n = len(borrower)
    products = parameters.products
    shares = np.array([product.share for product in products])
    product = rng.choice(len(products), size=n, p=shares / shares.sum())
    n_terms = np.array([len(p.terms) for p in products])
    terms = np.zeros((len(products), n_terms.max()), np.int64)
    for row, p in zip(terms, products, strict=True):
        row[: len(p.terms)] = p.terms
    term = terms[product, np.floor(rng.random(n) * n_terms[product]).astype(np.int64)]
    low, high = (np.array([getattr(p, name) for p in products], float)[product] for name in ("low_cents", "high_cents"))
    # Larger incomes borrow more: the amount lies between the product's edges by a noisy rank of income.
    rank = 0.5 * people.income_rank[borrower] + 0.5 * rng.beta(1.3, 2.2, n)
    principal = (np.round(low * (high / low) ** rank / 5_000) * 5_000).astype(np.int64)

    earliest = MONTHS_BEFORE - np.minimum(term - 1, MONTHS_BEFORE)
    month = earliest + np.floor(rng.random(n) * (calendar.n_months - earliest)).astype(np.int64)
    day_of_month = 1 + np.floor(rng.random(n) * 28).astype(np.int64)
    approved_day = np.minimum(calendar.day_of(month, day_of_month), calendar.as_of)
    habit = rng.random(n)
    due_day_of_month = np.where(habit < 0.2, 1, np.where(habit < 0.4, 15, day_of_month))
    first_due_month = month + 1
    too_soon = calendar.day_of(first_due_month, due_day_of_month) - approved_day < 14
    first_due_month = first_due_month + too_soon

    order = np.lexsort((np.arange(n), approved_day))
    lines = split_instalments(principal[order], term[order], product[order], parameters)
    amount = lines.principal + lines.interest + lines.fee
    ends = np.cumsum(term[order]) - 1
    return Loans(
        borrower=borrower[order],
        product=product[order],
        term=term[order],
        principal=principal[order],
        approved_day=approved_day[order],
        approved_minute=rng.integers(8 * 60, 10 * 60 + 30, size=n),
        due_day_of_month=due_day_of_month[order],
        first_due_month=first_due_month[order],
        level=amount[ends - term[order] + 1],
        last=amount[ends],
        purpose=rng.random(n),
        lines=lines,
    )


def split_instalments(principal: Ints, term: Ints, product: Ints, parameters: Parameters) -> Lines:
    """Return all instalments, loan by loan: annuities rounded to cents, the last one takes what rounding left. O(instalments)."""
    ratio = np.array([p.annual_interest_ratio / 12 for p in parameters.products])[product]
    payment = np.rint(principal * ratio / (1 - (1 + ratio) ** -term.astype(float))).astype(np.int64)
    longest = int(term.max())
    interest = np.zeros((len(term), longest), np.int64)
    repaid = np.zeros((len(term), longest), np.int64)
    balance = principal.copy()
    for j in range(longest):
        interest[:, j] = np.rint(balance * ratio)
        part = np.where(j == term - 1, balance, np.minimum(payment - interest[:, j], balance))
        repaid[:, j] = np.where(j < term, part, 0)
        balance = balance - repaid[:, j]
    mask = np.arange(longest) < term[:, None]
    loan, number = np.nonzero(mask)
    fee = np.array([p.fee_cents for p in parameters.products])[product]
    return Lines(loan, number + 1, repaid[mask], interest[mask], fee[loan])
