"""Moving the day back shows nothing that came later."""

import random
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from borrowers.models import Loan, Payment
from borrowers.services import end_of_day
from tests.factories import (
    make_borrower,
    make_contact,
    make_event,
    make_loan,
    make_payment,
    make_promise,
    make_reversal,
    make_schedule,
)
from tests.scoring.asking import features_of, vector_of

pytestmark = pytest.mark.django_db

DAY = date(2026, 6, 30)
BEFORE, LATER = date(2026, 6, 10), date(2026, 7, 4)


@pytest.fixture
def loan() -> Loan:
    borrower = make_borrower()
    make_loan(
        borrower=borrower,
        instalments=[(date(2025, 9, 1), 500, 50)],
        payments=[(date(2025, 9, 3), 550)],
    )
    make_loan(borrower=borrower, approved_on=date(2026, 4, 1), instalments=[(date(2026, 6, 1), 300, 10)])
    loan = make_loan(
        borrower=borrower,
        approved_on=date(2026, 1, 15),
        instalments=[(date(2026, month, 15), 200, 20) for month in range(2, 8)],
        payments=[(date(2026, 2, 10), 220), (date(2026, 3, 25), 220)],
    )
    make_contact(borrower, BEFORE, outcome="refused")
    make_promise(loan, made_on=BEFORE, due_on=date(2026, 6, 20), amount=220)
    return loan


def _other_loan(loan: Loan) -> Loan:
    return loan.borrower.loans.exclude(pk=loan.pk).order_by("-approved_on")[0]


def _reverse_first_payment(loan: Loan) -> None:
    make_reversal(loan.payments.order_by("id")[0], BEFORE, booked=LATER)


def _write_off_later(loan: Loan) -> None:
    for each in loan.borrower.loans.all():
        make_event(each, LATER, "written_off")
        make_event(each, max(BEFORE, each.approved_on), "written_off", booked=LATER)


def _correct_contact(loan: Loan) -> None:
    contact = loan.borrower.contact_events.get()
    make_contact(loan.borrower, BEFORE, outcome="wrong_person", corrects=contact, booked=LATER)


LATER_ENTRIES: dict[str, Callable[[Loan], object]] = {
    "a payment of a later day": lambda loan: make_payment(loan, LATER, 220),
    "a payment of an earlier day that was booked later": lambda loan: make_payment(loan, BEFORE, 220, booked=LATER),
    "a payment known already that counts later": lambda loan: make_payment(loan, LATER, 220, booked=BEFORE),
    "a payment of another loan that was booked later": lambda loan: make_payment(
        _other_loan(loan), BEFORE, 310, booked=LATER
    ),
    "a reversal that was booked later": _reverse_first_payment,
    "a reversal of a later day": lambda loan: make_reversal(loan.payments.order_by("id")[0], LATER),
    "a contact of a later day": lambda loan: make_contact(loan.borrower, LATER, outcome="refused"),
    "a contact of an earlier day that was booked later": lambda loan: make_contact(
        loan.borrower, BEFORE, outcome="refused", booked=LATER
    ),
    "a correction of a contact that was booked later": _correct_contact,
    "a promise of a later day": lambda loan: make_promise(loan, made_on=LATER, due_on=LATER, amount=10),
    "a promise of an earlier day that was booked later": lambda loan: make_promise(
        loan, made_on=BEFORE, due_on=BEFORE, amount=10, booked=LATER
    ),
    "a schedule from a later day": lambda loan: make_schedule(
        loan, [(date(2027, 1, 1), 1200)], effective_on=LATER, version=2
    ),
    "a schedule from an earlier day that was booked later": lambda loan: make_schedule(
        loan, [(date(2027, 1, 1), 1200)], effective_on=BEFORE, version=2, booked=LATER
    ),
    "another loan approved later": lambda loan: make_loan(
        borrower=loan.borrower, approved_on=LATER, instalments=[(date(2026, 8, 1), 100)]
    ),
    "another loan approved earlier that was booked later": lambda loan: make_loan(
        borrower=loan.borrower,
        approved_on=date(2024, 1, 1),
        instalments=[(date(2024, 2, 1), 100)],
        payments=[(date(2024, 2, 1), 100, LATER)],
        booked=LATER,
    ),
    "a write-off of a later day": _write_off_later,
}


@pytest.mark.parametrize("entry", LATER_ENTRIES)
def test_what_came_later_leaves_every_bit_as_it_was(loan: Loan, entry: str) -> None:
    before = vector_of(loan, DAY).tobytes()

    LATER_ENTRIES[entry](loan)

    assert vector_of(loan, DAY).tobytes() == before


@pytest.mark.parametrize("entry", LATER_ENTRIES)
def test_what_came_later_does_count_once_it_is_known(loan: Loan, entry: str) -> None:
    day = LATER + timedelta(days=20)
    before = vector_of(loan, day)

    LATER_ENTRIES[entry](loan)

    assert vector_of(loan, day).tobytes() != before.tobytes()


def test_a_payment_booked_late_changes_the_view_of_its_day_only_for_those_who_know_of_it(loan: Loan) -> None:
    make_payment(loan, BEFORE, 440, booked=LATER)

    as_it_was_known = features_of(loan, DAY)
    as_it_is_known_now = features_of(loan, DAY, known=end_of_day(LATER))

    assert as_it_was_known["days_past_due"] == 76
    assert as_it_is_known_now["days_past_due"] == 15
    assert as_it_is_known_now["days_since_last_payment"] == 20


@pytest.mark.parametrize("seed", range(12))
def test_features_of_a_whole_ledger_are_those_of_what_was_known(seed: int) -> None:
    """Write what was known on the day, ask, write all the rest of a random ledger, and ask again."""
    chance = random.Random(seed)
    borrower = make_borrower()
    loans = [
        make_loan(
            borrower=borrower,
            approved_on=(approved := DAY - timedelta(days=chance.randrange(40, 700))),
            instalments=[
                (approved + timedelta(days=30 * number), chance.randrange(50, 150), chance.randrange(20))
                for number in range(1, chance.randrange(2, 13))
            ],
        )
        for _ in range(chance.randrange(1, 5))
    ]
    entries = [_random_entry(chance, chance.choice(loans)) for _ in range(60)]
    for counts, booked, write in entries:
        if counts <= DAY and booked <= DAY:
            write()
    known = [vector_of(loan, DAY).tobytes() for loan in loans]

    for counts, booked, write in entries:
        if counts > DAY or booked > DAY:
            write()

    assert [vector_of(loan, DAY).tobytes() for loan in loans] == known


def _random_entry(chance: random.Random, loan: Loan) -> tuple[date, date, Callable[[], object]]:
    """Return when an entry counts, when it is booked, and how to write it."""
    counts = loan.approved_on + timedelta(days=chance.randrange((DAY - loan.approved_on).days + 30))
    booked = counts + timedelta(days=chance.choice([0, 0, 0, 3, 60]))
    amount = chance.randrange(20, 200)
    outcome = chance.choice(["no_answer", "refused", "promise"])

    def write() -> object:
        match chance.choice(["payment", "payment", "payment", "reversal", "contact", "promise", "schedule"]):
            case "payment":
                return make_payment(loan, counts, amount, booked=booked)
            case "reversal":
                payment = Payment.objects.filter(
                    loan=loan, reverses=None, reversed_by=None, effective_on__lte=counts, booked_at__date__lte=booked
                ).first()
                return payment and make_reversal(payment, counts, booked=booked)
            case "contact":
                return make_contact(loan.borrower, counts, outcome=outcome, booked=booked)
            case "promise":
                return make_promise(
                    loan, made_on=counts, due_on=counts + timedelta(days=5), amount=amount, booked=booked
                )
            case _:
                version = loan.schedule_versions.count() + 1
                return make_schedule(
                    loan, [(counts + timedelta(days=40), amount)], effective_on=counts, version=version, booked=booked
                )

    return counts, booked, write
