from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from borrowers.models import Delinquency, Loan, Payment
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Team
from tests.factories import at, make_borrower, make_loan, make_product


@pytest.fixture
def portfolio(frozen_day: date, team: Team, other_team: Team) -> list[Loan]:
    """Forty loans of two currencies, products and teams, from current to far past due, paid off and written off."""
    random = np.random.default_rng(20260630)
    products = [make_product(code="personal"), make_product(code="device")]
    borrowers = [make_borrower(team=one) for one in (team, other_team)]
    loans, payments = [], []
    for number in range(40):
        dues = [date(2026, month, 10) for month in range(1, 9)]
        instalments = [(due, Decimal(int(random.integers(50, 500))), Decimal(5)) for due in dues]
        n_paid = 8 if number % 10 == 0 else int(random.integers(0, 7))
        fields: dict[str, Any] = {"written_off_on": date(2026, 6, 15)} if number % 13 == 5 else {}
        loan = make_loan(
            borrower=borrowers[number % 2],
            product=products[number % 3 % 2],
            currency="NGN" if number % 4 >= 2 else "USD",
            instalments=instalments,
            approved_on=date(2025, 12, 20),
            **fields,
        )
        loans.append(loan)
        for due, principal, interest in instalments[:n_paid]:
            day = min(due, frozen_day)
            payments.append(Payment(loan=loan, amount=principal + interest, effective_on=day, booked_at=at(day)))
    Payment.objects.bulk_create(payments)
    refresh_delinquency()
    assert Delinquency.objects.values("bucket").distinct().count() == 7
    return loans
