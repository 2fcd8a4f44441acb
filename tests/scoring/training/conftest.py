"""Small simulated books."""

import pytest

from borrowers.services import simulate_portfolio


@pytest.fixture
def seeded_books(db: None) -> None:
    """Three hundred loans of a simulated lender, standing at 30 June 2026."""
    simulate_portfolio(loans=300, seed=11, months=12)
