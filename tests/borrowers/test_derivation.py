"""Why a loan is so many days past due: the lines add up, and the page answers in words."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from borrowers.clock import end_of_day, known_at
from borrowers.derivation.services import Derivation, derive_delinquency, derive_many
from borrowers.derivation.words import explain
from borrowers.errors import LoanNotThere
from borrowers.models import BalanceSnapshot, Charge, Loan, Payment
from borrowers.services import refresh_delinquency, simulate_portfolio
from creditpath.accounts.models import Role, Team
from tests.factories import at, make_borrower, make_loan, make_payment, make_product, make_reversal, make_schedule

DAY = date(2026, 6, 30)
PLAN = [
    (date(2026, 4, 10), 90, 10),
    (date(2026, 5, 10), 90, 10),
    (date(2026, 6, 10), 90, 10),
    (date(2026, 7, 10), 90, 10),
]

pytestmark = pytest.mark.django_db
ClientOf = Callable[[str], Client]


def derive(loan: Loan, day: date = DAY, *, known: date | None = None) -> Derivation:
    return derive_delinquency(loan=loan, as_of=day, known_at=end_of_day(known or day))


def test_the_oldest_line_that_is_short_decides(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN, payments=[(date(2026, 4, 10), 100), (date(2026, 5, 12), 70)])

    derived = derive(loan)

    assert derived.deciding_line is not None
    assert (derived.deciding_line.number, derived.days_past_due) == (2, 51)
    assert [share.amount for share in derived.deciding_line.settled_by] == [Decimal(70)]
    assert explain(derived) == [
        "The oldest line that counts as unpaid is instalment 2, due 10 May 2026.",
        "Of its USD 100.00, USD 70.00 from the payment of 12 May 2026 reached it.",
        "USD 30.00 is left.",
        "From 10 May 2026 to 30 Jun 2026 is 51 days.",
    ]


def test_one_payment_reaches_over_two_lines_and_the_rest_is_said_to_be_unused(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN[:2], payments=[(date(2026, 4, 1), 150), (date(2026, 5, 1), 60)])

    derived = derive(loan)

    assert [[share.amount for share in line.settled_by] for line in derived.lines] == [[100], [50, 50]]
    assert derived.unused_amount == 10


def test_a_back_dated_payment_changes_the_past_by_what_is_known_now_alone(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN)
    make_payment(loan, date(2026, 4, 10), 100, booked=date(2026, 6, 20))

    assert derive(loan, date(2026, 5, 9), known=date(2026, 6, 30)).days_past_due == 0
    assert derive(loan, date(2026, 5, 9)).days_past_due == 29
    standing = derive(loan, date(2026, 5, 9)).entries[0].standing
    assert standing == "not_known_yet"


def test_entries_that_do_not_count_say_why(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN)
    taken_back = make_payment(loan, date(2026, 4, 10), 100)
    make_reversal(taken_back, date(2026, 4, 14))
    pending = make_payment(loan, date(2026, 6, 29), 40, status="pending")
    announced = make_payment(loan, date(2026, 6, 20), 30, status="in_clearing")
    bounced = make_payment(loan, date(2026, 6, 22), 30, status="returned", follows=announced)

    standings = {entry.id: entry.standing for entry in derive(loan).entries}

    assert standings[taken_back.pk] == "reversed"
    assert standings[pending.pk] == "in_flight"
    assert standings[announced.pk] == "moved_on"
    assert standings[bounced.pk] == "returned"
    assert derive(loan).counted_amount == 0


def test_unpaid_charges_are_owed_but_do_not_age_the_loan(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN[:3], payments=[(line[0], 100) for line in PLAN[:3]])
    Charge.objects.create(loan=loan, kind="late_fee", amount=15, effective_on=date(2026, 4, 20), booked_at=at(DAY))

    derived = derive(loan)

    assert derived.days_past_due == 0
    assert [line.remainder_amount for line in derived.lines] == [0, 0, 0, 15]
    assert "15.00 is left" in explain(derived)[0]


def test_the_tolerance_is_named(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN[:1], payments=[(date(2026, 4, 10), 99)], tolerance=1)

    assert derive(loan).days_past_due == 0
    make_schedule(loan, [(date(2026, 4, 10), 91, 10)], effective_on=date(2026, 4, 1), version=2)
    assert "USD 2.00 is left, above the tolerance of 1.00." in explain(derive(loan))


def test_a_loan_that_was_not_there_is_refused(frozen_day: date) -> None:
    loan = make_loan(instalments=PLAN, approved_on=date(2026, 3, 11), booked=date(2026, 4, 1))

    with pytest.raises(LoanNotThere):
        derive(loan, date(2026, 3, 10))
    with pytest.raises(LoanNotThere):
        derive(loan, date(2026, 3, 20))


def test_snapshots_are_shown_as_they_were_given(frozen_day: date) -> None:
    loan = make_loan(bookkeeping="snapshots")
    BalanceSnapshot.objects.create(
        loan=loan, as_of=date(2026, 5, 31), days_past_due=41, outstanding_amount=500, status="C2", booked_at=at(DAY)
    )

    steps = explain(derive(loan))

    assert steps[0] == "The lender's own system said 41 days past due, status “C2” for 31 May 2026."


def test_every_line_of_a_simulated_book_adds_up_to_the_kept_figure_on_any_day() -> None:
    simulate_portfolio(loans=150, seed=3)
    loans = list(Loan.objects.select_related("product"))

    for day, instant in [
        (DAY, known_at(as_of=DAY)),
        (date(2026, 2, 28), end_of_day(date(2026, 2, 28))),
        (date(2025, 12, 31), known_at(as_of=DAY)),
    ]:
        derived = derive_many(loans=loans, as_of=day, known_at=instant)
        assert len(derived) > 50
        for one in derived:
            due = [line for line in one.lines if line.due_on < day and line.is_owed(one.rules)]
            assert one.agrees, (one.loan, day)
            assert sum(line.remainder_amount for line in one.lines) == one.figures["outstanding_amount"]
            assert sum(line.remainder_amount for line in due) == one.figures["overdue_amount"]
            assert one.unused_amount >= 0


# --- the page ---------------------------------------------------------------------------------------------------------
@pytest.fixture
def loan(team: Team, frozen_day: date) -> Loan:
    loan = make_loan(
        borrower=make_borrower(team=team),
        instalments=PLAN,
        payments=[(date(2026, 4, 10), 100), (date(2026, 5, 8), 100, date(2026, 6, 20))],
    )
    refresh_delinquency(as_of=frozen_day)
    return loan


def test_the_page_answers_why(loan: Loan, client_of: ClientOf) -> None:
    page = client_of("agent").get(f"/loans/{loan.pk}/").content.decode()

    assert "Why 20 days?" in page
    assert "From 10 Jun 2026 to 30 Jun 2026 is 20 days." in page
    assert "known since 20 Jun 2026" in page


def test_the_page_of_a_past_day_tells_of_the_report_that_was_drawn_then(loan: Loan, client_of: ClientOf) -> None:
    client = client_of("manager")

    today = client.get(f"/loans/{loan.pk}/?as_of=2026-05-31").content.decode()
    then = client.get(f"/loans/{loan.pk}/?as_of=2026-05-31&known_on=2026-05-31").content.decode()

    assert "Why 0 days?" in today
    assert "The report of 31 May 2026 said 21 days" in today
    assert "Why 21 days?" in then


def test_a_day_to_come_is_refused_on_the_page(loan: Loan, client_of: ClientOf) -> None:
    page = client_of("manager").get(f"/loans/{loan.pk}/?as_of=2026-07-01&known_on=nonsense").content.decode()

    assert "Not after the business date" in page
    assert "Enter a valid date." in page


def test_a_loan_of_another_team_is_not_found(loan: Loan, client_of: ClientOf, other_team: Team) -> None:
    foreign = make_loan(borrower=make_borrower(team=other_team), instalments=PLAN)

    assert client_of("agent").get(f"/loans/{foreign.pk}/").status_code == 404
    assert client_of("analyst").get(f"/loans/{loan.pk}/").status_code == 403


def test_the_page_costs_the_same_however_long_the_loan_lived(loan: Loan, client_of: ClientOf) -> None:
    start = date(2020, 1, 5)
    long = make_loan(
        borrower=loan.borrower,
        product=make_product(tolerance=1),
        instalments=[(start + timedelta(days=30 * n), 10) for n in range(70)],
        payments=[(start + timedelta(days=30 * n), 10) for n in range(70)],
    )
    client = client_of(Role.MANAGER)
    counts = []
    for one in (loan, long):
        with CaptureQueriesContext(connection) as queries:
            assert client.get(f"/loans/{one.pk}/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 20
    assert Payment.objects.filter(loan=long).count() == 70
