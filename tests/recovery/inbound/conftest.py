"""A borrower with a telephone, an address, a birthday and a loan that is late."""

from datetime import date

import pytest

from borrowers.models import ContactPoint, Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, User
from tests.factories import make_borrower, make_loan

DAY = date(2026, 6, 30)
FACTS = {"birth_date": "1980-02-03", "postcode": "10001", "loan_last_4": "7788"}


@pytest.fixture
def loan(frozen_day: date, people: dict[Role, User]) -> Loan:
    person = make_borrower(
        team=people[Role.AGENT].team, full_name="Ada Brown", external_id="C-500", birth_date=date(1980, 2, 3)
    )
    ContactPoint.objects.create(borrower=person, kind="phone", value="(212) 555-0123", is_preferred=True)
    ContactPoint.objects.create(borrower=person, kind="address", value="4711 Broadway, New York, NY 10001")
    row = make_loan(
        borrower=person, external_id="L-0007788", instalments=[(date(2026, 6, 18), 150), (date(2026, 7, 18), 150)]
    )
    refresh_delinquency(as_of=DAY)
    return row


@pytest.fixture
def agent(people: dict[Role, User]) -> User:
    return people[Role.AGENT]
