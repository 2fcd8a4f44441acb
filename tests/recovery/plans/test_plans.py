"""Payment plans: what is affordable, who may agree to it, and how payments keep or break it."""

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from borrowers.models import Borrower, Loan
from borrowers.services import known_at, refresh_delinquency, set_business_date
from creditpath.accounts.models import Role, Team, User
from recovery.approvals.services import decide
from recovery.errors import PlanRefused
from recovery.models import LoanProposal, Plan, PlanEvent, PlanInstalment, Recommendation
from recovery.plans.offering import build_offers, get_standing
from recovery.plans.scheduling import build_schedule
from recovery.plans.services import activate_plan, cancel_plan, check_plans
from recovery.services import recommend_actions
from tests.factories import make_borrower, make_contact, make_loan, make_payment, make_reversal, make_user
from tests.recovery.plans.factories import make_plan

DAY = date(2026, 6, 30)
STEP = "INSERT INTO recovery_planevent (plan_id, number, state, effective_on, by_id, reason)"


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    """600 past due in two instalments, 300 still to come on 20 July."""
    made = make_loan(
        borrower=make_borrower(team=team),
        instalments=[(date(2026, 5, 1), 300), (date(2026, 6, 1), 300), (date(2026, 7, 20), 300)],
    )
    refresh_delinquency(as_of=frozen_day)
    return Loan.objects.select_related("delinquency").get(pk=made.pk)


@pytest.fixture
def agent(people: dict[Role, User]) -> User:
    return people[Role.AGENT]


def state_of(plan: Plan) -> str:
    return PlanEvent.objects.filter(plan=plan).order_by("-number")[0].state


def close(day: date) -> dict[str, Any]:
    set_business_date(day=day)
    return check_plans(as_of=day, known=known_at(as_of=day))


@pytest.mark.parametrize(
    ("amount", "n", "amounts"),
    [
        (100, 3, ["33.34", "33.34", "33.32"]),
        (90, 3, ["30.00"] * 3),
        ("0.05", 3, ["0.02", "0.02", "0.01"]),
        ("1.01", 100, None),
    ],
)
def test_instalments_sum_to_the_amount_and_the_last_is_the_smallest(
    amount: Any, n: int, amounts: list[str] | None
) -> None:
    lines = build_schedule(amount=Decimal(amount), n=n, frequency="monthly", first_on=date(2026, 1, 31))
    assert sum(line.amount for line in lines) == Decimal(amount)
    assert amounts is None or [str(line.amount) for line in lines] == amounts
    assert lines[1].due_on == date(2026, 2, 28)
    assert min(line.amount for line in lines) > 0


def test_what_is_offered_is_affordable_and_within_the_limits(loan: Loan, agent: User) -> None:
    def offers(disposable: int | None) -> list[tuple[str, int, tuple[str, ...]]]:
        made = build_offers(
            standing=get_standing(loan=loan, today=DAY), frequency="monthly", first_on=DAY + timedelta(days=7), today=DAY,
            disposable=None if disposable is None else Decimal(disposable), user=agent,
        )  # fmt: skip
        return [(offer.kind, offer.n, offer.beyond) for offer in made]

    assert offers(250)[:2] == [
        ("catch_up", 4, ()),
        ("catch_up", 6, ()),
    ]  # 900 in all, 225 a month is nine tenths of 250
    assert all(beyond == ("budget",) for _, _, beyond in offers(None) if "duration" not in beyond)
    assert all("income" in beyond for _, _, beyond in offers(10))


def test_a_plan_within_the_limits_is_active_at_once_and_made_once(loan: Loan, agent: User) -> None:
    plan = make_plan(loan, by=agent, day=DAY)
    assert state_of(plan) == "active"
    with pytest.raises(PlanRefused, match="open plan for this loan"):
        make_plan(loan, by=agent, day=DAY)
    cancel_plan(plan=plan, by=agent, reason="asked for another one")
    assert state_of(make_plan(loan, by=agent, day=DAY)) == "active"


def test_a_discount_above_the_limit_waits_for_a_second_person_with_a_higher_one(
    loan: Loan, agent: User, people: dict[Role, User], team: Team
) -> None:
    with pytest.raises(PlanRefused) as refused:
        make_plan(loan, by=agent, day=DAY, kind="settlement", n=1, agreed=Decimal(700))
    assert refused.value.fields.keys() == {"reason"}
    plan = make_plan(
        loan, by=agent, day=DAY, kind="settlement", n=1, agreed=Decimal(700), reason="lost the job", budget=()
    )
    assert state_of(plan) == "waiting"
    for person, why in ((agent, "second person"), (make_user("agent", team=team), "own limit")):
        with pytest.raises(PlanRefused, match=why):
            activate_plan(plan=plan, by=person)
    activate_plan(plan=plan, by=people[Role.MANAGER])
    assert state_of(plan) == "active"
    with pytest.raises(PlanRefused, match="moved on"):
        activate_plan(plan=plan, by=people[Role.ADMIN])


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("UPDATE recovery_plan SET agreed_amount = 1", "recovery_plan_is_append_only"),
        ("DELETE FROM recovery_planevent", "recovery_planevent_is_append_only"),
        ("UPDATE recovery_planlimit SET discount_ratio = 1", "recovery_planlimit_is_append_only"),
        ("TRUNCATE recovery_planbudgetline", "recovery_planbudgetline_is_append_only"),
        ("INSERT INTO recovery_planinstalment (plan_id, number, due_on, amount) SELECT id, 99, ends_on + 1, 5 FROM recovery_plan",
         "plan_instalments_sum_to_what_was_agreed"),
        ("INSERT INTO recovery_planbudgetline (plan_id, kind, label, amount) SELECT id, 'income', 'x', 5 FROM recovery_plan",
         "disposable_income_is_the_sum_of_its_lines"),
        (f"{STEP} SELECT id, 9, 'active', '2026-06-30', NULL, '' FROM recovery_plan", "plan_is_approved_by_a_second_person"),
        (f"{STEP} SELECT id, 9, 'completed', '2026-06-30', NULL, '' FROM recovery_plan", "plan_takes_this_step_only_in_order"),
    ],
)  # fmt: skip
def test_the_database_refuses_what_is_against_the_rules(loan: Loan, agent: User, statement: str, name: str) -> None:
    make_plan(loan, by=agent, day=DAY, kind="settlement", n=1, agreed=Decimal(700), reason="lost the job")
    with pytest.raises(IntegrityError) as refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement)
    assert refused.value.__cause__.diag.constraint_name == name  # type: ignore[union-attr]


def test_payments_keep_a_plan_and_a_missed_instalment_breaks_it(loan: Loan, agent: User) -> None:
    plan = make_plan(loan, by=agent, day=DAY)  # 300 on 7 July, 7 August and 7 September
    assert close(date(2026, 7, 12)) == {}  # five days of grace
    make_payment(loan, date(2026, 7, 12), 285)  # 95 % will do
    assert close(date(2026, 7, 13)) == {}
    assert close(date(2026, 8, 13)) == {"defaulted": 1}
    assert close(date(2026, 8, 13)) == {}
    assert state_of(plan) == "defaulted"


def test_a_plan_is_completed_by_payments_and_opened_by_one_that_comes_back(loan: Loan, agent: User) -> None:
    plan = make_plan(loan, by=agent, day=DAY)
    paid = make_payment(loan, date(2026, 7, 7), 900)
    assert close(date(2026, 7, 8)) == {"completed": 1}
    make_reversal(paid, date(2026, 7, 9))
    assert close(date(2026, 7, 9)) == {"active": 1}
    assert close(date(2026, 7, 13)) == {"defaulted": 1}
    assert state_of(plan) == "defaulted"


def test_rest_of_a_settlement_that_was_paid_is_proposed_once_and_decided_by_another(
    loan: Loan, agent: User, people: dict[Role, User]
) -> None:
    plan = make_plan(loan, by=agent, day=DAY, kind="settlement", n=1, agreed=Decimal(700), reason="lost the job")
    activate_plan(plan=plan, by=people[Role.MANAGER])
    make_payment(loan, date(2026, 7, 6), 700)
    owed = plan.owed_amount - 700

    def refreshed(day: date) -> dict[str, Any]:
        set_business_date(day=day)
        refresh_delinquency(as_of=day)
        return close(day)

    assert refreshed(date(2026, 7, 8)) == {"completed": 1, "rests_proposed": 1}
    assert refreshed(date(2026, 7, 9)) == {}
    proposal = LoanProposal.objects.get()
    assert (proposal.kind, proposal.amount, proposal.proposed_by) == ("write_off", owed, agent)
    decide(proposal=proposal, is_approved=False, reason="not yet", decided_by=people[Role.MANAGER])
    assert refreshed(date(2026, 7, 10)) == {}


def recommended(day: date) -> Recommendation:
    set_business_date(day=day)
    refresh_delinquency(as_of=day)
    check_plans(as_of=day, known=known_at(as_of=day))
    recommend_actions(as_of=day)
    return Recommendation.objects.get(as_of=day)


def test_an_active_plan_stops_the_pressure_and_a_broken_one_returns_the_borrower(loan: Loan, agent: User) -> None:
    make_contact(loan.borrower, DAY, agent=agent, loan=loan, outcome="call_back", follow_up_on=date(2026, 9, 1))
    make_plan(loan, by=agent, day=DAY)
    kept = recommended(date(2026, 7, 1))
    assert (kept.action, kept.facts["plan"]) == ("no_action", "active")
    assert "7 Jul 2026" in kept.reasons[0]
    broken = recommended(date(2026, 7, 13))
    assert (broken.action, broken.facts["plan"]) != ("no_action", "active")
    assert broken.facts["plan"] == "broken"
    assert broken.action != "no_action"
    assert broken.priority >= 3000


def test_the_page_offers_makes_and_shows_a_plan(loan: Loan, client_of: Callable[[Role], Client]) -> None:
    client = client_of(Role.AGENT)
    page = f"/borrowers/{loan.borrower_id}/plan/"
    said = {
        "key": "k1", "loan": loan.pk, "frequency": "monthly", "first_on": "2026-07-07", "income": "1500", "housing": "1200",
    }  # fmt: skip
    offered = client.post(f"{page}new/", said | {"do": "offers"})
    assert offered.status_code == 200
    assert not Plan.objects.exists()
    assert "affordable" in offered.content.decode()
    for _ in range(2):
        made = client.post(f"{page}new/", said | {"do": "make", "offer": "catch_up:4"})
        assert made.status_code == 302
    plan = Plan.objects.get()
    assert (plan.disposable_amount, plan.agreed_amount, state_of(plan)) == (Decimal(300), Decimal(900), "active")
    assert PlanInstalment.objects.filter(plan=plan).count() == 4
    for address in (page, "/plans/", f"/borrowers/{loan.borrower_id}/"):
        assert "USD 900.00" in client.get(address).content.decode()


@pytest.mark.django_db(transaction=True)
def test_two_approvals_at_once_take_one_step(team: Team, people: dict[Role, User]) -> None:
    set_business_date(day=DAY)
    loan = make_loan(borrower=make_borrower(team=team), instalments=[(date(2026, 5, 1), 300)])
    refresh_delinquency(as_of=DAY)
    plan = make_plan(loan, by=people[Role.AGENT], day=DAY, kind="settlement", n=1, agreed=Decimal(250), reason="ill")
    together, answers = threading.Barrier(2), []

    def approve(person: User) -> None:
        together.wait()
        try:
            activate_plan(plan=plan, by=person)
            answers.append("active")
        except PlanRefused as refused:
            answers.append(refused.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[people[role]]) for role in (Role.MANAGER, Role.ADMIN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["active", "plan_takes_this_step_only_in_order"]
    assert PlanEvent.objects.filter(plan=plan, state="active").count() == 1
    assert Borrower.objects.count() == 1
