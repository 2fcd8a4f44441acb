"""The decision log: every decision with its probabilities, what people said to it, what was done. Nothing is ever changed."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.conf import LazySettings
from django.db import IntegrityError, connection, transaction

from borrowers.models import Borrower
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from creditpath.invariants import verify
from recovery.errors import AnswerRefused, BorrowerOutOfReach, FormAlreadyUsed
from recovery.models import DecisionAnswer, PerformedAction, Recommendation
from recovery.policy.drawing import draw, pick
from recovery.services import answer_recommendation, recommend_actions, record_action
from scoring.engine.services import score_loans
from tests.factories import make_borrower, make_contact, make_loan, make_promise, make_user
from tests.models import promote_logistic
from tests.recovery.policies import make_draft, put_in_force

pytestmark = pytest.mark.django_db


def make_late(day: date, *, days: int = 40, **fields: object) -> Borrower:
    borrower = make_borrower(**fields)
    make_loan(borrower=borrower, instalments=[(day - timedelta(days=days), 500), (day + timedelta(days=9), 500)])
    return borrower


def recommend(day: date) -> dict[int, Recommendation]:
    refresh_delinquency(as_of=day)
    recommend_actions(as_of=day)
    return {row.borrower_id: row for row in Recommendation.objects.filter(as_of=day)}


def use_policy(day: date, *lines: dict[str, object], share: str = "0") -> None:
    by = make_user(Role.MANAGER)
    policy = make_draft(by, *lines)
    policy.exploration_ratio = Decimal(share)
    policy.save()
    put_in_force(policy, submitter=by, approver=make_user(Role.MANAGER), day=day)


@pytest.fixture
def agent(people: dict[Role, User]) -> User:
    return people[Role.AGENT]


@pytest.fixture
def made(frozen_day: date, team: Team) -> Recommendation:
    borrower = make_late(frozen_day, team=team)
    return recommend(frozen_day)[borrower.pk]


# --- what a row holds -----------------------------------------------------------------------------------------------------
def test_row_holds_all_that_decided_and_can_be_decided_again(frozen_day: date, settings: LazySettings) -> None:
    settings.STARTING_EXPLORATION_RATIO = "0.05"
    borrower = make_late(frozen_day, household="H7")
    make_contact(borrower, frozen_day - timedelta(days=20), outcome="refused")
    make_contact(borrower, frozen_day - timedelta(days=2), outcome="no_answer")
    row = recommend(frozen_day)[borrower.pk]
    assert (row.policy.version, row.policy_rule.key, row.household) == (1, "call-31", "H7")
    assert row.facts["attempts_unanswered"] == 1
    assert row.facts["calls_in_window"] == 1
    assert (row.facts["bucket"], row.facts["product"], row.facts["instalments_past_due"]) == ("31-60", "personal", 1)
    assert row.versions | {"code": ""} == {"policy": 1, "line": 11, "line_key": "call-31", "code": ""}
    assert len(row.versions["code"]) == 16
    assert sum(row.eligible_actions.values()) == pytest.approx(1)
    assert set(row.eligible_actions) == {"call", "sms", "email"}
    assert row.drawn == draw(seed=row.seed, household="H7", key="call-31")
    again = pick(row.eligible_actions, row.drawn)
    assert (again, row.probability) == (row.action, row.eligible_actions[row.action])
    assert (row.deadline_on, row.tone, row.ordered_by) == (frozen_day + timedelta(days=3), "neutral", "priors")
    assert [step["kind"] for step in row.ladder] == ["full", "pay_off", "part", "plan", "hardship"]


def test_model_and_feature_set_are_named_once_a_model_is_live(frozen_day: date) -> None:
    borrower = make_late(frozen_day)
    refresh_delinquency(as_of=frozen_day)
    model = promote_logistic()
    score_loans(as_of=frozen_day)
    row = recommend(frozen_day)[borrower.pk]
    assert (row.versions["model"], row.versions["feature_set"]) == (model.name, model.feature_set)
    assert row.ordered_by == "model"
    assert not any("No model yet" in reason for reason in row.reasons)


def test_share_drawn_by_lot_is_what_the_policy_says_and_households_stay_together(frozen_day: date) -> None:
    """A hundred households of two: a quarter gets the alternative, four standard deviations either way."""
    use_policy(frozen_day, {"alternatives": ["sms"]}, share="0.5")
    for number in range(100):
        for _ in range(2):
            make_late(frozen_day, household=f"H{number}")
    rows = recommend(frozen_day).values()
    assert all(row.eligible_actions == {"call": 0.75, "sms": 0.25} for row in rows)
    of_household: dict[str, set[str]] = {}
    for row in rows:
        of_household.setdefault(row.household, set()).add(row.action)
    assert all(len(actions) == 1 for actions in of_household.values())
    drawn = Counter(next(iter(actions)) for actions in of_household.values())
    assert abs(drawn["sms"] - 25) < 4 * (100 * 0.25 * 0.75) ** 0.5


def test_blocked_action_is_kept_with_the_reason(frozen_day: date) -> None:
    use_policy(frozen_day, {"alternatives": ["sms"]})
    borrower = make_late(frozen_day)
    make_contact(borrower, frozen_day - timedelta(days=3), outcome="refused")
    row = recommend(frozen_day)[borrower.pk]
    assert (row.action, row.channel) == ("sms", "sms")
    assert row.blocked == [
        {"action": "call", "reason": "They were spoken to on 27 Jun 2026: no call before 4 Jul 2026."}
    ]


def test_borrower_with_several_loans_and_promises_gets_one_message(frozen_day: date) -> None:
    borrower = make_borrower()
    for days in (10, 40, 70):
        loan = make_loan(borrower=borrower, instalments=[(frozen_day - timedelta(days=days), 100 * days)])
        make_promise(loan, made_on=frozen_day - timedelta(days=9), due_on=frozen_day - timedelta(days=5), amount=50)
    rows = recommend(frozen_day)
    assert len(rows) == 1
    assert rows[borrower.pk].ask_amount == Decimal(12_000)
    assert rows[borrower.pk].facts["overdue_loans"] == 3


@pytest.mark.parametrize(
    "table", ["recovery_recommendation", "recovery_decisionanswer", "recovery_performedaction", "recovery_policyevent"]
)
def test_raw_sql_cannot_change_the_log(table: str, made: Recommendation, agent: User) -> None:
    answer_recommendation(recommendation=made, by=agent)
    record_action(borrower=made.borrower, agent=agent, channel="call", outcome="no_answer")
    connection.check_constraints()  # TRUNCATE waits for none that are deferred
    for sql in (f"UPDATE {table} SET id = id", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


# --- answers --------------------------------------------------------------------------------------------------------------
def test_agent_accepts(made: Recommendation, agent: User) -> None:
    answer = answer_recommendation(recommendation=made, by=agent, form_key="k")
    assert (answer.answer, answer.action, answer.answered_by) == ("accepted", made.action, agent)
    assert answer_recommendation(recommendation=made, by=agent, form_key="k") == answer, "sent twice, kept once"


def test_agent_does_something_else_with_a_reason_and_the_latest_counts(made: Recommendation, agent: User) -> None:
    answer_recommendation(recommendation=made, by=agent)
    other = answer_recommendation(recommendation=made, by=agent, action="visit", reason=" No phone any more. ")
    assert (other.answer, other.action, other.reason) == ("other", "visit", "No phone any more.")
    assert made.answers.first() == other
    assert Recommendation.objects.get(pk=made.pk).action == made.action, "what was assigned stays"


def test_another_action_asks_for_a_reason(made: Recommendation, agent: User) -> None:
    with pytest.raises(AnswerRefused) as wrong:
        answer_recommendation(recommendation=made, by=agent, action="visit")
    assert set(wrong.value.fields) == {"reason"}
    with pytest.raises(AnswerRefused) as same:
        answer_recommendation(recommendation=made, by=agent, action=made.action, reason="x")
    assert set(same.value.fields) == {"action"}
    with pytest.raises(IntegrityError, match="another_action_has_a_reason"), transaction.atomic():
        DecisionAnswer.objects.create(recommendation=made, answer="other", action="visit", answered_by=agent)


def test_nobody_decides_to_contact_against_a_hold(frozen_day: date, team: Team, agent: User) -> None:
    borrower = make_late(frozen_day, team=team)
    make_contact(borrower, frozen_day - timedelta(days=2), outcome="dispute")
    held = recommend(frozen_day)[borrower.pk]
    assert held.action == "no_action"
    with pytest.raises(AnswerRefused, match="the debt is disputed"):
        answer_recommendation(recommendation=held, by=agent, action="call", reason="I know them")
    assert answer_recommendation(recommendation=held, by=agent, action="legal_review", reason="Odd").pk


def test_answers_stay_within_reach_and_to_their_form(
    made: Recommendation, agent: User, frozen_day: date, team: Team
) -> None:
    stranger = make_user(Role.AGENT)
    with pytest.raises(BorrowerOutOfReach):
        answer_recommendation(recommendation=made, by=stranger)
    other = make_late(frozen_day, team=team)
    second = recommend(frozen_day)[other.pk]
    answer_recommendation(recommendation=made, by=agent, form_key="k")
    with pytest.raises(FormAlreadyUsed):
        answer_recommendation(recommendation=second, by=agent, form_key="k")


# --- what was done --------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("instead", "channel", "outcome", "performed"),
    [
        ("", "call", "no_answer", ("plan", True)),
        ("", "sms", "sent", ("sms", False)),
        ("visit", "visit", "no_answer", ("visit", False)),
        ("settlement", "call", "refused", ("settlement", False)),
        ("", "inbound", "call_back", None),
    ],
)
def test_contact_is_linked_to_the_decision_that_it_carries_out(
    instead: str,
    channel: str,
    outcome: str,
    performed: tuple[str, bool] | None,
    frozen_day: date,
    team: Team,
    agent: User,
) -> None:
    use_policy(frozen_day, {"action": "plan"})
    borrower = make_late(frozen_day, team=team)
    row = recommend(frozen_day)[borrower.pk]
    if instead:
        answer_recommendation(recommendation=row, by=agent, action=instead, reason="asked for")
    record_action(
        borrower=borrower,
        agent=agent,
        channel=channel,
        outcome=outcome,
        follow_up_on=frozen_day if outcome == "call_back" else None,
    )
    done = PerformedAction.objects.filter(recommendation=row).values_list("action", "is_as_assigned").first()
    assert done == performed


def test_verify_finds_the_log_in_order(made: Recommendation, agent: User) -> None:
    answer_recommendation(recommendation=made, by=agent)
    record_action(borrower=made.borrower, agent=agent, channel="call", outcome="no_answer")
    assert not [broken.name for broken in verify().broken if "decision" in broken.name or "polic" in broken.name]
