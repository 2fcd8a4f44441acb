from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from borrowers.models import Delinquency, Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Team
from tests.factories import make_borrower, make_loan, make_product


@pytest.fixture
def portfolio(frozen_day: date, team: Team, other_team: Team) -> list[Loan]:
    """Sixty loans of two currencies, two products and two teams, from current to far past due, paid off and written off."""
    random = np.random.default_rng(20260630)
    products = [make_product(code="personal"), make_product(code="device")]
    loans = []
    for number in range(60):
        dues = [date(2026, month, 10) for month in range(1, 11)]
        instalments = [(due, Decimal(int(random.integers(50, 500))), Decimal(5)) for due in dues]
        n_paid = int(random.integers(0, 7)) if number % 10 else 10
        fields: dict[str, Any] = {"written_off_on": date(2026, 6, 15)} if number % 13 == 5 and number % 10 else {}
        loans.append(
            make_loan(
                borrower=make_borrower(team=[team, other_team][number % 2]),
                product=products[number % 3 % 2],
                currency="NGN" if number % 4 == 3 else "USD",
                instalments=instalments,
                payments=[
                    (min(due, frozen_day), principal + interest) for due, principal, interest in instalments[:n_paid]
                ],
                approved_on=date(2025, 12, 20),
                **fields,
            )
        )
    refresh_delinquency()
    assert Delinquency.objects.values("bucket").distinct().count() == 7
    return loans
