"""One recommendation per borrower and day, from what the books say."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from borrowers.models import Loan
from borrowers.services import current_instant, refresh_delinquency, set_business_date
from creditpath.invariants import verify
from recovery.contacts.services import choose_contact_profile, contact_permission
from recovery.errors import FiguresAreOfAnotherDay
from recovery.models import Recommendation
from recovery.services import recommend_actions
from tests.factories import make_borrower, make_contact, make_loan, make_promise, make_reversal

pytestmark = pytest.mark.django_db


def late_loan(day: date, *, days: int = 40, amount: int = 500, **fields: object) -> Loan:
    """Return a loan whose one instalment of 500 has been overdue for some days."""
    return make_loan(instalments=[(day - timedelta(days=days), amount)], **fields)


def recommend(day: date) -> dict[int, Recommendation]:
    refresh_delinquency(as_of=day)
    recommend_actions(as_of=day)
    return {row.borrower_id: row for row in Recommendation.objects.filter(as_of=day)}


def test_several_loans_make_one_recommendation_by_the_longest_overdue(frozen_day: date) -> None:
    borrower = make_borrower()
    older = late_loan(frozen_day, days=70, amount=300, borrower=borrower)
    late_loan(frozen_day, days=10, amount=900, borrower=borrower)
    made = recommend(frozen_day)[borrower.pk]
    assert made.loan == older
    assert made.action == "plan"
    assert made.ask_amount == Decimal("1200.00")
    assert made.facts["overdue_loans"] == 2


def test_amounts_of_another_currency_are_not_added(frozen_day: date) -> None:
    borrower = make_borrower()
    late_loan(frozen_day, days=70, amount=300, borrower=borrower)
    late_loan(frozen_day, days=10, amount=90_000, borrower=borrower, currency="NGN")
    assert recommend(frozen_day)[borrower.pk].ask_amount == Decimal("300.00")


def test_borrowers_with_nothing_due_get_no_recommendation(frozen_day: date) -> None:
    make_loan(instalments=[(frozen_day + timedelta(days=20), 500)])
    make_loan(instalments=[(frozen_day - timedelta(days=20), 500)], payments=[(frozen_day - timedelta(days=21), 500)])
    assert recommend(frozen_day) == {}


def test_second_run_of_a_day_adds_only_who_had_none(frozen_day: date) -> None:
    first = late_loan(frozen_day)
    refresh_delinquency(as_of=frozen_day)
    assert recommend_actions(as_of=frozen_day).n_new == 1
    again = recommend_actions(as_of=frozen_day)
    assert (again.n, again.n_new) == (1, 0)
    late_loan(frozen_day)
    refresh_delinquency(as_of=frozen_day)
    report = recommend_actions(as_of=frozen_day)
    assert (report.n, report.n_new, report.by_action) == (2, 1, {"call": 2})
    assert Recommendation.objects.filter(borrower=first.borrower).count() == 1


def test_recommendations_are_never_changed(frozen_day: date) -> None:
    late_loan(frozen_day)
    recommend(frozen_day)
    for sql in ("UPDATE recovery_recommendation SET action = 'visit'", "DELETE FROM recovery_recommendation"):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


def test_broken_promise_comes_first(frozen_day: date) -> None:
    large = late_loan(frozen_day, days=89, amount=100_000)
    promised = late_loan(frozen_day, days=35, amount=200)
    make_promise(promised, made_on=frozen_day - timedelta(days=10), due_on=frozen_day - timedelta(days=3), amount=200)
    recommend(frozen_day)
    order = list(Recommendation.objects.order_by("-priority").values_list("borrower_id", flat=True))
    assert order == [promised.borrower_id, large.borrower_id]


@pytest.mark.parametrize(
    ("due_days_ago", "paid", "action"),
    [
        (3, 0, "call"),  # broken
        (3, 180, "call"),  # less than 95 % of it
        (2, 0, "no_action"),  # in its days of grace
        (-5, 0, "no_action"),  # open
        (3, 190, "call"),  # kept; 310 are overdue still, and more than a month late: called for that
    ],
)
def test_promise_state_is_found_from_payments(frozen_day: date, due_days_ago: int, paid: int, action: str) -> None:
    loan = late_loan(frozen_day, payments=[(frozen_day - timedelta(days=4), paid)] if paid else [])
    make_promise(
        loan, made_on=frozen_day - timedelta(days=10), due_on=frozen_day - timedelta(days=due_days_ago), amount=200
    )
    made = recommend(frozen_day)[loan.borrower_id]
    assert made.action == action
    assert (made.facts.get("promise") == "broken") is (action == "call" and paid < 190)


def states(day: date) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state FROM promise_states(%s, now() + interval '1 day') ORDER BY made_on, promise_id", [day]
        )
        return [state for (state,) in cursor]


def test_reversal_unkeeps_a_promise_and_a_new_promise_closes_the_old_one(frozen_day: date) -> None:
    loan = late_loan(frozen_day, payments=[(frozen_day - timedelta(days=8), 100)])
    make_promise(loan, made_on=frozen_day - timedelta(days=9), due_on=frozen_day - timedelta(days=5), amount=100)
    assert states(frozen_day) == ["kept"]
    make_reversal(loan.payments.get(), frozen_day - timedelta(days=1))
    assert states(frozen_day) == ["broken"]
    assert states(frozen_day - timedelta(days=2)) == ["kept"]
    make_promise(loan, made_on=frozen_day - timedelta(days=4), due_on=frozen_day + timedelta(days=5), amount=100)
    assert states(frozen_day) == ["renegotiated", "open"]


def test_one_payment_keeps_one_promise(frozen_day: date) -> None:
    loan = late_loan(frozen_day, payments=[(frozen_day - timedelta(days=3), 100)])
    for days in (9, 5):
        make_promise(loan, made_on=frozen_day - timedelta(days=days), due_on=frozen_day - timedelta(days=3), amount=100)
    assert states(frozen_day) == ["renegotiated", "kept"]


def test_a_promise_counts_as_broken_until_the_borrower_is_spoken_to(frozen_day: date) -> None:
    loan = late_loan(frozen_day)
    make_promise(loan, made_on=frozen_day - timedelta(days=20), due_on=frozen_day - timedelta(days=10), amount=200)
    make_contact(loan.borrower, frozen_day - timedelta(days=2), outcome="refused")
    assert "promise" not in recommend(frozen_day)[loan.borrower_id].facts


def test_a_later_attempt_does_not_end_the_standstill_of_a_dispute(frozen_day: date) -> None:
    loan = late_loan(frozen_day)
    make_contact(loan.borrower, frozen_day - timedelta(days=9), outcome="dispute")
    make_contact(loan.borrower, frozen_day - timedelta(days=2), outcome="no_answer")
    assert recommend(frozen_day)[loan.borrower_id].action == "no_action"


def test_what_was_booked_later_is_not_known_on_a_past_day(frozen_day: date) -> None:
    yesterday = frozen_day - timedelta(days=1)
    loan = late_loan(yesterday)
    make_contact(loan.borrower, yesterday, outcome="dispute", booked=frozen_day)
    refresh_delinquency(as_of=yesterday)
    recommend_actions(as_of=yesterday)
    assert Recommendation.objects.get(as_of=yesterday).action == "call"


def test_figures_of_another_day_are_refused_with_the_remedy(frozen_day: date) -> None:
    late_loan(frozen_day)
    refresh_delinquency(as_of=frozen_day)
    with pytest.raises(FiguresAreOfAnotherDay, match="refresh_delinquency --as-of 2026-06-29"):
        recommend_actions(as_of=frozen_day - timedelta(days=1))


def test_command_prints_counts_by_action(frozen_day: date, capsys: pytest.CaptureFixture[str]) -> None:
    late_loan(frozen_day)
    refresh_delinquency(as_of=frozen_day)
    call_command("recommend_actions")
    assert "1 recommendations for 2026-06-30, 1 of them new: 1 call." in capsys.readouterr().out
    call_command("recommend_actions", "--json")
    assert '"by_action": {"call": 1}' in capsys.readouterr().out


def test_verify_finds_the_work_in_order(frozen_day: date) -> None:
    late_loan(frozen_day)
    recommend(frozen_day)
    names = {"a recommendation is about a loan of its borrower", "a recommended action is one of its eligible ones"}
    assert not names & {broken.name for broken in verify().broken}


def test_limits_of_calls_are_those_of_where_the_borrower_lives(frozen_day: date) -> None:
    """Massachusetts allows two calls in seven days, New York (by Regulation F) seven; the gate and the list say the same."""
    zones = {"US-MA": "America/New_York", "US-NY": "America/New_York"}
    loans = {
        place: late_loan(frozen_day, borrower=make_borrower(jurisdiction=place, time_zone=zones[place]))
        for place in zones
    }
    for loan in loans.values():
        for days in (1, 2):
            make_contact(loan.borrower, frozen_day - timedelta(days=days), loan=loan)
    made = recommend(frozen_day)
    strict, other = made[loans["US-MA"].borrower_id], made[loans["US-NY"].borrower_id]
    assert other.action == "call"
    assert strict.action != "call"
    assert [block["reason"] for block in strict.blocked if block["action"] == "call"] == [
        "2 calls in 7 days: no more are allowed for now."
    ]
    assert (strict.facts["call_limit"], other.facts["call_limit"]) == (2, 7)
    for row in (strict, other):
        answer = contact_permission(borrower=row.borrower, channel="call", loan=row.loan, instant=current_instant())
        assert answer.is_allowed == (row.action == "call"), answer.sentence


def test_a_conversation_is_waited_for_as_the_rule_says(frozen_day: date) -> None:
    """A third party waits seven days after a conversation, a first-party lender three by its own policy."""
    loan = late_loan(frozen_day, borrower=make_borrower(jurisdiction="US-NY", time_zone="America/New_York"))
    make_contact(loan.borrower, frozen_day - timedelta(days=4), loan=loan, outcome="refused")
    assert recommend(frozen_day)[loan.borrower_id].action != "call"
    choose_contact_profile(profile="first_party", reason="own debts", chosen_by=None)
    later = frozen_day + timedelta(days=1)
    set_business_date(day=later, is_frozen=True)
    assert recommend(later)[loan.borrower_id].action == "call"
