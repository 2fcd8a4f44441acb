"""A borrower in New York with a telephone and an e-mail, and a carrier of text messages that keeps what it is given."""

from collections.abc import Iterator
from datetime import date
from typing import Any, ClassVar

import pytest

from borrowers.models import Borrower, ContactPoint, Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from recovery.models import MessageTemplate, OutgoingMessage
from recovery.outreach.carriers import NotSent
from recovery.outreach.services import queue_message
from tests.factories import make_borrower, make_loan

DAY = date(2026, 6, 30)
NEW_YORK = "America/New_York"


class KeptSms:
    """Keep what was sent; do what the test asks for meanwhile."""

    sent: ClassVar[list[str]] = []
    meanwhile: ClassVar[Any] = None

    def send(self, message: OutgoingMessage) -> str:
        if KeptSms.meanwhile is not None:
            KeptSms.meanwhile(message)
        KeptSms.sent.append(message.text)
        return f"kept-{len(KeptSms.sent)}"


class RefusingSms:
    def send(self, message: OutgoingMessage) -> str:
        raise NotSent("the number does not exist")


@pytest.fixture(autouse=True)
def kept_sms(settings: Any) -> Iterator[type[KeptSms]]:
    settings.SMS_BACKEND = f"{__name__}.KeptSms"
    settings.LENDER_NAME = "North Lending"
    KeptSms.sent, KeptSms.meanwhile = [], None
    yield KeptSms
    KeptSms.meanwhile = None


@pytest.fixture
def agent(people: dict[Role, User]) -> User:
    return people[Role.AGENT]


@pytest.fixture
def borrower(frozen_day: date, team: Team) -> Borrower:
    person = make_borrower(team=team, full_name="Ada <b>Brown</b>", language="en")
    ContactPoint.objects.create(borrower=person, kind="phone", value="(212) 555-0123", is_preferred=True)
    ContactPoint.objects.create(borrower=person, kind="email", value="ada@example.com")
    return person


@pytest.fixture
def loan(borrower: Borrower) -> Loan:
    row = make_loan(borrower=borrower, instalments=[(date(2026, 6, 18), 150), (date(2026, 7, 18), 150)])
    refresh_delinquency(as_of=DAY)
    return row


def template(channel: str = "sms", tone: str = "neutral", key: str = "reminder") -> MessageTemplate:
    return MessageTemplate.objects.live().get(key=key, channel=channel, tone=tone, language="en")


@pytest.fixture
def message(loan: Loan, agent: User) -> OutgoingMessage:
    return queue_message(borrower=loan.borrower, template=template(), queued_by=agent)
