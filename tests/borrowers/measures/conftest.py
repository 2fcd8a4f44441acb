from datetime import date

import pytest

from borrowers.clock import known_at
from borrowers.models import Loan
from tests.borrowers.measures.books import DAY, Tables, make_random_books, read_tables

PAST = date(2026, 4, 30)


@pytest.fixture(params=[1, 2])
def loans(request: pytest.FixtureRequest, db: None) -> list[Loan]:
    """Make random books, two of them."""
    return make_random_books(request.param)


@pytest.fixture
def each_day(loans: list[Loan]) -> list[Tables]:
    """Return the books as of the business date and as of an earlier month end, with what was known on each."""
    return [read_tables(day, known_at(as_of=day)) for day in (DAY, PAST)]
