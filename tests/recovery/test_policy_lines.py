"""Lines of a policy: what they say in words, what is wrong with them, what changed."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from recovery.policy import PolicyRules, Rule, compare, describe, find_faults
from recovery.policy.checking import MOST_CASES
from recovery.policy.validating import find_mistakes
from tests.recovery.test_policy import starting_policy


def line(position: int = 1, action: str = "call", **fields: Any) -> Rule:
    return Rule(position=position, action=action, reason="because", key=fields.pop("key", f"k{position}"), **fields)


def policy(*rules: Rule, **fields: Any) -> PolicyRules:
    return PolicyRules(**{"version": 1, "title": "t", "currency": "USD"} | fields, rules=rules)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({}, "In every other case: call, about 5 minutes."),
        (
            {
                "min_days_past_due": 31,
                "max_days_past_due": 60,
                "tiers": ("high", "very_high"),
                "min_overdue_amount": Decimal(100),
                "channel": "letter",
                "tone": "firm",
                "deadline_days": 3,
                "expected_minutes": Decimal("8.0"),
                "alternatives": ("sms", "email"),
                "escalate_to": "visit",
                "escalate_after_attempts": 4,
                "escalate_after_days": 10,
            },
            (
                "If 31 to 60 days past due, risk is high or very high and USD 100 or more overdue: call, by letter, in a firm "
                "tone, within 3 days, about 8 minutes; may also try text message or e-mail; after 4 attempts without reaching "
                "them or 10 days of trying: visit."
            ),
        ),
        (
            {"max_days_past_due": 1, "has_hold": True, "action": "no_action", "expected_minutes": Decimal(0)},
            "If a hold stands and at most 1 day past due: no action.",
        ),
        (
            {"action": "settlement", "settlement_limit_ratio": Decimal("0.300"), "overdue_below_amount": Decimal(50)},
            "If less than USD 50 overdue: settlement, letting go 30 % at most, about 5 minutes.",
        ),
        (
            {"products": ("card",), "min_days_since_contact": 7, "min_attempts": 1, "is_vulnerable": False},
            (
                "If the borrower is not known to be vulnerable, the product is card, 1 attempt in 30 days or more and no contact "
                "for 7 days: call, about 5 minutes."
            ),
        ),
    ],
)
def test_line_is_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert describe(line(**fields), currency="USD") == sentence


def test_starting_policy_has_no_fault() -> None:
    assert find_faults(starting_policy()) == []


def test_line_below_a_wider_one_is_never_reached() -> None:
    faults = find_faults(
        policy(line(1, min_days_past_due=1), line(2, "plan", min_days_past_due=61), line(3, "no_action"))
    )
    assert [(fault.kind, fault.position, fault.sentence) for fault in faults] == [
        ("unreachable", 2, "Line 2 is never reached: line 1 takes every case that it asks for.")
    ]


def test_line_is_never_reached_where_several_lines_together_take_its_cases() -> None:
    faults = find_faults(
        policy(
            line(1, min_days_past_due=1, max_days_past_due=40),
            line(2, "sms", min_days_past_due=41),
            line(3, "plan", min_days_past_due=20, max_days_past_due=60),
            line(4, "no_action"),
        )
    )
    assert [fault.sentence for fault in faults] == [
        "Line 3 is never reached: lines 1 and 2 take every case that it asks for."
    ]


def test_two_lines_for_the_same_cases_contradict() -> None:
    faults = find_faults(policy(line(1, "sms", tiers=("low",)), line(2, "call", tiers=("low",)), line(3, "no_action")))
    assert [fault.kind for fault in faults] == ["contradiction"]
    assert faults[0].sentence == (
        "Line 2 asks for the same cases as line 1, which comes first and says text message: line 2 (call) never counts."
    )


def test_cases_that_no_line_takes_are_named() -> None:
    faults = find_faults(policy(line(1, "no_action", max_days_past_due=0), line(2, "call", min_days_past_due=31)))
    assert [fault.kind for fault in faults] == ["gap"] * len(faults)
    assert "1 day past due" in faults[0].sentence
    assert find_faults(policy())[0].kind == "gap"


def test_amounts_that_are_not_available_make_a_gap() -> None:
    rules = (
        line(1, "no_action", max_days_past_due=0),
        line(2, min_overdue_amount=Decimal(100)),
        line(3, "sms", overdue_below_amount=Decimal(100)),
    )
    assert any("amount not available" in fault.sentence for fault in find_faults(policy(*rules)))


def test_policy_with_very_many_limits_is_tried_on_a_sample() -> None:
    rules = [
        line(
            number,
            min_days_past_due=number * 3,
            min_overdue_amount=Decimal(number * 10),
            min_attempts=number,
            tiers=("high",) if number % 2 else ("low",),
        )
        for number in range(1, 30)
    ]
    values = 30 * 30 * 30
    assert values > MOST_CASES
    assert find_faults(policy(*rules, line(30, "no_action"))) == find_faults(policy(*rules, line(30, "no_action")))


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"action": "fly"}, {"action"}),
        ({"min_days_past_due": 60, "max_days_past_due": 31}, {"max_days_past_due"}),
        ({"min_overdue_amount": Decimal(100), "overdue_below_amount": Decimal(100)}, {"overdue_below_amount"}),
        ({"has_hold": True}, {"action"}),
        ({"action": "settlement"}, {"settlement_limit_ratio"}),
        ({"settlement_limit_ratio": Decimal("0.3")}, {"settlement_limit_ratio"}),
        ({"alternatives": ("call",)}, {"alternatives"}),
        ({"alternatives": ("legal_review",)}, {"alternatives"}),
        ({"action": "no_action", "channel": "sms"}, {"channel"}),
        ({"escalate_to": "visit"}, {"escalate_after_attempts"}),
        ({"escalate_after_days": 3}, {"escalate_to"}),
        ({"tiers": ("huge",)}, {"tiers"}),
        ({"buckets": ("31-59",)}, {"buckets"}),
        ({"has_open_promise": True, "has_broken_promise": True}, {"has_broken_promise"}),
        ({}, set()),
    ],
)
def test_mistakes_are_told_by_field(fields: dict[str, Any], names: set[str]) -> None:
    assert set(find_mistakes(line(**fields), currency="USD")) == names


def test_amounts_ask_for_a_currency() -> None:
    assert set(find_mistakes(line(min_overdue_amount=Decimal(1)))) == {"min_overdue_amount"}


def test_changes_between_versions_are_told_in_words() -> None:
    old = policy(
        line(1, "sms", key="a", max_days_past_due=30),
        line(2, "visit", key="b"),
        line(3, key="x"),
        line(4, "plan", key="c"),
    )
    new = policy(
        line(1, "plan", key="c"),
        line(2, "sms", key="a", max_days_past_due=45, deadline_days=2),
        line(3, "visit", key="b"),
        line(4, "email", key="d"),
        exploration_ratio=0.05,
    )
    told = [(change.kind, change.title, change.details) for change in compare(old, new)]
    assert told == [
        (
            "policy",
            "The share tried by lot",
            (
                "was: Nothing is tried by lot: effects of other actions cannot be learned under this policy.",
                (
                    "is: 5 % of decisions draw by lot among the actions of their line, so that effects can be learned; a "
                    "household keeps its lot."
                ),
            ),
        ),
        ("moved", "Line 1 was line 4", ("In every other case: payment plan, about 5 minutes.",)),
        (
            "changed",
            "Line 2 says something else",
            (
                "days past due: at most 30 days past due → at most 45 days past due",
                "what to do: text message, about 5 minutes → text message, within 2 days, about 5 minutes",
            ),
        ),
        ("added", "Line 4 is new", ("In every other case: e-mail, about 5 minutes.",)),
        ("removed", "Line 3 is gone", ("In every other case: call, about 5 minutes.",)),
    ]
    assert compare(old, replace(old, version=2)) == []
