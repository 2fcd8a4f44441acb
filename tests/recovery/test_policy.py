"""The policy as a table: facts in, action out."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from recovery.policy import Facts, PolicyRules, PromiseState, Rule, decide
from recovery.policy.default import default_rules

DAY = date(2026, 6, 30)


def starting_policy() -> PolicyRules:
    lines = default_rules(small_amount=Decimal(100), large_amount=Decimal(3000))
    return PolicyRules(
        version=1,
        title="Starting policy",
        rules=tuple(
            Rule(
                **{**line, "tiers": tuple(line.get("tiers", ())), "expected_minutes": Decimal(line["expected_minutes"])}
            )
            for line in lines
        ),
    )


def facts(**changes: Any) -> Facts:
    values: dict[str, Any] = {
        "as_of": DAY,
        "currency": "USD",
        "days_past_due": 40,
        "overdue_amount": Decimal(500),
        "overdue_loans": 1,
        "mean_overdue_amount": Decimal(500),
        "oldest_unpaid_due_on": date(2026, 5, 21),
    }
    return Facts(**(values | changes))


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"days_past_due": 0, "overdue_amount": Decimal(0)}, "no_action"),
        ({"days_past_due": 0, "overdue_amount": Decimal(0), "tier": "high", "pd": 0.5}, "reminder"),
        ({"days_past_due": 5}, "sms"),
        ({"days_past_due": 12}, "call"),
        ({"days_past_due": 5, "tier": "very_high", "pd": 0.8}, "call"),
        ({"days_past_due": 12, "tier": "low", "pd": 0.05}, "sms"),
        ({"days_past_due": 30, "tier": "medium", "pd": 0.2}, "sms"),
        ({"days_past_due": 31, "tier": "low", "pd": 0.05}, "call"),
        ({"days_past_due": 60}, "call"),
        ({"days_past_due": 61}, "plan"),
        ({"days_past_due": 91}, "plan"),
        ({"days_past_due": 91, "tier": "very_high", "pd": 0.9}, "settlement"),
        ({"days_past_due": 181, "overdue_amount": Decimal(3000)}, "legal_review"),
        ({"days_past_due": 181, "overdue_amount": Decimal(2999)}, "plan"),
        ({"days_past_due": 40, "overdue_amount": Decimal("99.99")}, "reminder"),
        ({"days_past_due": 200, "overdue_amount": Decimal(99)}, "reminder"),
        ({"promise": PromiseState.OPEN}, "no_action"),
        ({"promise": PromiseState.BROKEN, "days_past_due": 5}, "call"),
        ({"promise": PromiseState.BROKEN, "days_past_due": 200, "overdue_amount": Decimal(9000)}, "call"),
        ({"promise": PromiseState.BROKEN, "days_past_due": 0, "overdue_amount": Decimal(0)}, "no_action"),
        ({"follow_up_on": date(2026, 7, 1)}, "no_action"),
        ({"follow_up_on": DAY}, "call"),
        ({"disputed_on": date(2026, 6, 20), "last_outcome": "no_answer"}, "no_action"),
        ({"hardship_on": date(2026, 6, 1)}, "no_action"),
        ({"hardship_on": date(2026, 5, 31)}, "call"),
    ],
)
def test_first_fitting_line_decides(changes: dict[str, Any], action: str) -> None:
    decision = decide(facts(**changes), starting_policy())
    assert decision.action == action
    assert decision.eligible_actions[action] == 1.0
    assert sum(decision.eligible_actions.values()) == 1.0


def test_reasons_say_in_plain_words_what_the_decision_rests_on() -> None:
    decision = decide(
        facts(
            overdue_loans=2,
            pd=0.81,
            tier="very_high",
            model="default-xgboost-3",
            promise=PromiseState.BROKEN,
            promise_amount=Decimal("1200"),
            promise_due_on=date(2026, 6, 20),
            promise_paid_amount=Decimal("50"),
            last_contact_on=date(2026, 6, 12),
            last_channel="call",
            last_outcome="promise",
            attempts_in_30_days=4,
        ),
        starting_policy(),
    )
    assert decision.reasons == (
        "A promise was not kept: ask what happened and agree on a new date or a plan.",
        "USD 1,200.00 was promised for 20 Jun 2026; USD 50.00 came in.",
        "USD 500.00 is overdue, over 2 loans, the oldest part since 21 May 2026: 40 days.",
        "Risk is very high: 81 % likely to fall 91 or more days behind (model default-xgboost-3).",
        "Last contact on 12 Jun 2026: call, payment was promised; 4 attempts in 30 days.",
    )
    assert decision.ask_amount == Decimal(500)


def test_without_a_score_the_reasons_say_that_the_policy_alone_decides() -> None:
    assert "Not scored by a model: the policy alone decides." in decide(facts(), starting_policy()).reasons


def test_broken_promise_comes_first_then_follow_up_then_the_rest() -> None:
    policy = starting_policy()
    broken = decide(facts(promise=PromiseState.BROKEN, overdue_amount=Decimal(10)), policy)
    due = decide(facts(follow_up_on=DAY, overdue_amount=Decimal(200)), policy)
    large = decide(facts(overdue_amount=Decimal(10_000_000)), policy)
    waiting = decide(facts(promise=PromiseState.OPEN, overdue_amount=Decimal(10_000_000)), policy)
    assert broken.priority > due.priority > large.priority > waiting.priority


def test_an_uncertain_outcome_comes_before_a_certain_one_of_the_same_amount() -> None:
    policy = starting_policy()
    even, lost, safe = (decide(facts(pd=pd, tier="high"), policy).priority for pd in (0.5, 0.97, 0.02))
    assert even > lost > safe


def test_currencies_are_weighed_against_their_own_mean() -> None:
    policy = starting_policy()
    naira = facts(currency="NGN", overdue_amount=Decimal(500_000), mean_overdue_amount=Decimal(500_000))
    assert decide(naira, policy).priority == decide(facts(), policy).priority


def test_no_fitting_line_means_no_action() -> None:
    decision = decide(facts(), PolicyRules(version=1, title="Empty", rules=()))
    assert (decision.action, decision.rule) == ("no_action", None)
