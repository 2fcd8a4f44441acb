"""The policy as a table: facts in, action out."""

from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from recovery.policy import Facts, PolicyRules, PromiseState, Rule, decide
from recovery.policy.default import default_rules

DAY = date(2026, 6, 30)


def starting_policy(**changes: Any) -> PolicyRules:
    lines = default_rules(small_amount=Decimal(100), large_amount=Decimal(3000))
    lists = ("tiers", "alternatives")
    return PolicyRules(
        **{"version": 1, "title": "Starting policy", "currency": "USD"} | changes,
        rules=tuple(
            Rule(
                **{
                    **line,
                    **{name: tuple(line.get(name, ())) for name in lists},
                    "expected_minutes": Decimal(line["expected_minutes"]),
                    "settlement_limit_ratio": Decimal(line["settlement_limit_ratio"])
                    if "settlement_limit_ratio" in line
                    else None,
                }
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
        ({"disputed_on": date(2026, 6, 20), "holds": ("dispute",)}, "no_action"),
        ({"hardship_on": date(2026, 6, 1), "holds": ("hardship",), "is_vulnerable": True}, "no_action"),
        ({"hardship_on": date(2026, 5, 31), "is_vulnerable": True}, "plan"),
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


# --- what stands above, limits, escalation --------------------------------------------------------------------------------
def one_line(**fields: Any) -> PolicyRules:
    values: dict[str, Any] = {"position": 1, "action": "call", "reason": "Late."} | fields
    return PolicyRules(version=1, title="One line", rules=(Rule(**values),))


@pytest.mark.parametrize(
    ("conditions", "changes", "fits"),
    [
        ({"buckets": ("31-60",)}, {"bucket": "31-60"}, True),
        ({"buckets": ("31-60",)}, {"bucket": "61-90"}, False),
        ({"products": ("card",)}, {"product": "card"}, True),
        ({"products": ("card",)}, {"product": "loan"}, False),
        ({"min_outstanding_amount": Decimal(1000)}, {"outstanding_amount": Decimal(1000)}, True),
        ({"outstanding_below_amount": Decimal(1000)}, {"outstanding_amount": Decimal(1000)}, False),
        ({"min_overdue_amount": Decimal(1)}, {"overdue_amount": None}, False),
        ({"overdue_below_amount": Decimal(1)}, {"overdue_amount": None}, False),
        ({"min_instalments_past_due": 2}, {"instalments_past_due": 2}, True),
        ({"min_instalments_past_due": 2}, {"instalments_past_due": None}, False),
        ({"max_attempts": 3}, {"attempts_in_30_days": 4}, False),
        ({"min_days_since_contact": 5}, {"last_contact_on": date(2026, 6, 25)}, True),
        ({"min_days_since_contact": 5}, {"last_contact_on": date(2026, 6, 26)}, False),
        ({"min_days_since_contact": 5}, {"last_contact_on": None}, True),
        ({"is_vulnerable": True}, {"is_vulnerable": True}, True),
        ({"is_vulnerable": False}, {"is_vulnerable": True}, False),
        ({"is_time_barred": False}, {"is_time_barred": True}, False),
        ({"has_hold": False}, {}, True),
        ({"tiers": ("high",)}, {}, False),
    ],
)
def test_condition_fits(conditions: dict[str, Any], changes: dict[str, Any], fits: bool) -> None:
    assert (decide(facts(**changes), one_line(**conditions)).rule is not None) is fits


def test_amounts_of_another_currency_fit_no_condition() -> None:
    policy = PolicyRules(
        version=1,
        title="t",
        currency="EUR",
        rules=(Rule(position=1, action="call", reason="r", min_overdue_amount=Decimal(1)),),
    )
    assert decide(facts(currency="EUR"), policy).action == "call"
    assert decide(facts(currency="NGN", overdue_amount=Decimal(900_000)), policy).action == "no_action"


def test_hold_lets_no_line_contact_the_borrower() -> None:
    held = facts(holds=("attorney",))
    assert decide(held, one_line()).action == "no_action"
    assert decide(held, one_line()).reasons[0] == (
        "No pressure: an attorney represents the borrower, and a person has to decide first."
    )
    assert decide(held, one_line(action="legal_review", has_hold=True)).action == "legal_review"
    assert decide(held, one_line(has_hold=True)).action == "no_action", "a line cannot order a call against a hold"


def test_call_that_is_not_allowed_gives_way_to_what_is() -> None:
    spoken = facts(last_conversation_on=date(2026, 6, 24), conversation_wait_days=7, bucket="31-60")
    decision = decide(spoken, one_line(alternatives=("sms",)))
    assert (decision.action, decision.eligible_actions, decision.channel) == ("sms", {"sms": 1.0}, "sms")
    assert [(block.action, block.reason) for block in decision.blocked] == [
        ("call", "They were spoken to on 24 Jun 2026: no call before 1 Jul 2026.")
    ]
    assert "no call before 1 Jul 2026" in decision.reasons[1]
    alone = decide(spoken, one_line())
    assert alone.action == "no_action"
    assert alone.reasons[0].startswith("Nothing that the policy asks for is allowed today. They were spoken to")
    assert decide(facts(last_conversation_on=date(2026, 6, 23), conversation_wait_days=7), one_line()).action == "call"


def test_seven_calls_in_seven_days_are_the_most() -> None:
    assert decide(facts(calls_in_window=6, call_limit=7), one_line()).action == "call"
    assert decide(facts(calls_in_window=7, call_limit=7), one_line()).action == "no_action"
    assert decide(facts(calls_in_window=7, call_limit=7), one_line(action="plan", channel="letter")).action == "plan"


def test_time_barred_debt_is_not_taken_to_law() -> None:
    decision = decide(facts(is_time_barred=True), one_line(action="legal_review"))
    assert decision.action == "no_action"
    assert "time-barred" in decision.reasons[0]


@pytest.mark.parametrize(
    ("changes", "action"),
    [
        ({"attempts_unanswered": 3, "first_unanswered_on": date(2026, 6, 25)}, "call"),
        ({"attempts_unanswered": 4, "first_unanswered_on": date(2026, 6, 25)}, "visit"),
        ({"attempts_unanswered": 1, "first_unanswered_on": date(2026, 6, 20)}, "visit"),
        ({"attempts_unanswered": 0, "attempts_in_30_days": 9}, "call"),
    ],
)
def test_line_escalates_after_attempts_or_days_in_vain(changes: dict[str, Any], action: str) -> None:
    rules = one_line(escalate_to="visit", escalate_after_attempts=4, escalate_after_days=10)
    assert decide(facts(**changes), rules).action == action


def test_deadline_tone_and_way_come_from_the_line() -> None:
    decision = decide(facts(), one_line(deadline_days=3, tone="firm", action="reminder", channel="letter"))
    assert (decision.deadline_on, decision.tone, decision.channel) == (date(2026, 7, 3), "firm", "letter")


def test_what_to_ask_for_goes_from_all_of_it_down_to_hardship() -> None:
    rules = one_line(action="settlement", settlement_limit_ratio=Decimal("0.3"))
    known = facts(
        days_past_due=100,
        overdue_amount=Decimal("1000.01"),
        outstanding_amount=Decimal(4000),
        next_due_on=date(2026, 7, 5),
    )
    assert [(step.kind, step.amount, step.until) for step in decide(known, rules).ladder] == [
        ("full", Decimal("1000.01"), None),
        ("pay_off", Decimal(4000), date(2026, 7, 5)),
        ("settlement", Decimal("2800.00"), None),
        ("part", Decimal("500.01"), date(2026, 7, 14)),
        ("plan", Decimal("166.67"), None),
        ("hardship", None, None),
    ]
    unknown = decide(facts(overdue_amount=None, outstanding_amount=None), one_line())
    assert [(step.kind, step.amount) for step in unknown.ladder] == [
        ("full", None), ("part", None), ("plan", None), ("hardship", None)
    ]  # fmt: skip
    assert unknown.ask_amount is None
    assert decide(facts(days_past_due=0, overdue_amount=Decimal(0)), one_line()).ladder == ()


# --- the order before there is a model --------------------------------------------------------------------------------------
def test_without_a_model_priors_of_the_bucket_order_the_work() -> None:
    policy = starting_policy()
    late = {"1-30": 20, "31-60": 40, "61-90": 70, "91+": 100}
    cold = {bucket: decide(facts(bucket=bucket, days_past_due=days), policy) for bucket, days in late.items()}
    order = sorted(cold, key=lambda bucket: -cold[bucket].priority)
    assert order == ["61-90", "91+", "31-60", "1-30"], "uncertain outcomes before certain ones"
    assert {decision.ordered_by for decision in cold.values()} == {"priors"}
    assert any("No model yet, so rules and priors order the list" in reason for reason in cold["61-90"].reasons)
    assert decide(facts(bucket="61-90", pd=0.3, tier="high", model="m"), policy).ordered_by == "model"


def test_loan_whose_amounts_are_not_available_goes_the_whole_way() -> None:
    decision = decide(
        facts(overdue_amount=None, mean_overdue_amount=None, bucket="61-90", days_past_due=70), starting_policy()
    )
    assert decision.action == "plan"
    assert decision.priority > 1000
    assert "70 days past due since 21 May 2026; the amount is not available." in decision.reasons


# --- the lot ----------------------------------------------------------------------------------------------------------------
def test_logged_probabilities_match_how_often_actions_are_drawn() -> None:
    """Chi-square of 20,000 households against the logged probabilities, seed fixed: under 13.8 is what chance allows."""
    rules = replace(
        one_line(alternatives=("sms", "email"), key="a"), exploration_ratio=0.3, seed="0123456789abcdef0123456789abcdef"
    )
    n, drawn = 20_000, Counter[str]()
    for household in range(n):
        decision = decide(facts(), rules, household=f"household {household}")
        drawn[decision.action] += 1
        assert decision.eligible_actions == pytest.approx({"call": 0.8, "sms": 0.1, "email": 0.1})
    expected = {"call": 0.8 * n, "sms": 0.1 * n, "email": 0.1 * n}
    assert sum((drawn[action] - count) ** 2 / count for action, count in expected.items()) < 13.8


def test_lot_is_kept_by_a_household_and_drawn_anew_for_another_line_or_seed() -> None:
    rules = replace(one_line(alternatives=("sms",), key="a"), exploration_ratio=0.5, seed="s")
    first = [decide(facts(), rules, household=str(number)).drawn for number in range(50)]
    later = [decide(facts(as_of=date(2026, 7, 9)), rules, household=str(number)).drawn for number in range(50)]
    other_line = replace(one_line(alternatives=("sms",), key="b"), exploration_ratio=0.5, seed="s")
    other_seed = replace(rules, seed="t")
    assert first == later
    for changed in (other_line, other_seed):
        assert [decide(facts(), changed, household=str(number)).drawn for number in range(50)] != first


def test_nothing_is_drawn_for_vulnerable_borrowers_or_where_there_is_no_choice() -> None:
    rules = replace(one_line(alternatives=("sms",)), exploration_ratio=0.5, seed="s")
    assert decide(facts(is_vulnerable=True), rules).drawn is None
    assert decide(facts(calls_in_window=9, call_limit=7), rules).eligible_actions == {"sms": 1.0}
    assert decide(facts(), replace(rules, exploration_ratio=0.0)).eligible_actions == {"call": 1.0}


def test_what_was_drawn_by_lot_says_so() -> None:
    rules = replace(one_line(alternatives=("sms",)), exploration_ratio=0.5, seed="s")
    made = [decide(facts(), rules, household=str(number)) for number in range(50)]
    assert {decision.action for decision in made} == {"call", "sms"}
    for decision in made:
        assert decision.is_explored is (decision.action == "sms")
        assert any("Drawn by lot" in reason for reason in decision.reasons) is decision.is_explored
