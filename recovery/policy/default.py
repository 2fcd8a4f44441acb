"""The policy that a new installation starts with: common practice of first-party lenders, to be changed by the lender."""

from decimal import Decimal
from typing import Any

TITLE = "Starting policy"
EXPLORATION_RATIO = Decimal("0.05")


def default_rules(*, small_amount: Decimal, large_amount: Decimal) -> list[dict[str, Any]]:
    """Return the lines in order. Below `small_amount` a reminder is enough; from `large_amount` on, old debt is reviewed.

    Lines for old and large debt come before those by days, so that a loan whose amounts are not available still meets the
    lines by days.
    """
    high = ["high", "very_high"]
    lines: list[dict[str, Any]] = [
        {
            "key": "open-promise",
            "has_open_promise": True,
            "action": "no_action",
            "expected_minutes": 0,
            "reason": "A promise is open: leave the borrower in peace until it is due.",
        },
        {
            "key": "broken-promise",
            "has_broken_promise": True,
            "min_days_past_due": 1,
            "action": "call",
            "tone": "neutral",
            "deadline_days": 1,
            "expected_minutes": 7,
            "alternatives": ["sms"],
            "escalate_to": "visit",
            "escalate_after_attempts": 6,
            "reason": "A promise was not kept: ask what happened and agree on a new date or a plan.",
        },
        {
            "key": "before-due",
            "max_days_past_due": 0,
            "tiers": high,
            "action": "reminder",
            "tone": "friendly",
            "deadline_days": 3,
            "expected_minutes": 1,
            "reason": "A payment falls due soon and the risk is high: a friendly reminder beforehand.",
        },
        {
            "key": "nothing-due",
            "max_days_past_due": 0,
            "action": "no_action",
            "expected_minutes": 0,
            "reason": "Nothing is overdue: no contact is needed.",
        },
        {
            "key": "vulnerable",
            "is_vulnerable": True,
            "action": "plan",
            "tone": "friendly",
            "deadline_days": 5,
            "expected_minutes": 15,
            "reason": "Vulnerable or lately in hardship: nothing but a plan that the borrower can keep.",
        },
        {
            "key": "small",
            "overdue_below_amount": small_amount,
            "action": "reminder",
            "tone": "friendly",
            "deadline_days": 3,
            "expected_minutes": 1,
            "reason": "The overdue amount is small: a reminder is enough.",
        },
        {
            "key": "legal",
            "min_days_past_due": 181,
            "min_overdue_amount": large_amount,
            "is_time_barred": False,
            "action": "legal_review",
            "deadline_days": 14,
            "expected_minutes": 20,
            "reason": "More than half a year late and a large amount: a manager reviews whether to go to law.",
        },
        {
            "key": "settle",
            "min_days_past_due": 91,
            "tiers": ["very_high"],
            "action": "settlement",
            "settlement_limit_ratio": "0.300",
            "tone": "neutral",
            "deadline_days": 5,
            "expected_minutes": 15,
            "alternatives": ["plan"],
            "reason": "In default and unlikely to pay all of it: see what could be settled now.",
        },
        {
            "key": "plan-91",
            "min_days_past_due": 91,
            "action": "plan",
            "tone": "neutral",
            "deadline_days": 5,
            "expected_minutes": 12,
            "alternatives": ["email"],
            "escalate_to": "visit",
            "escalate_after_attempts": 8,
            "reason": "In default: agree on a plan that the borrower can keep.",
        },
        {
            "key": "plan-61",
            "min_days_past_due": 61,
            "action": "plan",
            "tone": "neutral",
            "deadline_days": 3,
            "expected_minutes": 10,
            "alternatives": ["sms"],
            "reason": "Close to 91 days: offer a plan before the loan counts as defaulted.",
        },
        {
            "key": "call-31",
            "min_days_past_due": 31,
            "action": "call",
            "tone": "neutral",
            "deadline_days": 3,
            "expected_minutes": 8,
            "alternatives": ["sms", "email"],
            "escalate_to": "email",
            "escalate_after_attempts": 5,
            "reason": "More than a month late: call, and ask for the overdue amount.",
        },
        {
            "key": "call-early",
            "tiers": high,
            "action": "call",
            "tone": "friendly",
            "deadline_days": 2,
            "expected_minutes": 6,
            "alternatives": ["sms"],
            "reason": "Late for the first month and the risk is high: call early.",
        },
        {
            "key": "sms-early",
            "tiers": ["low", "medium"],
            "action": "sms",
            "tone": "friendly",
            "deadline_days": 2,
            "expected_minutes": 1,
            "alternatives": ["email", "call"],
            "reason": "Late for the first month and likely to pay: a text message is enough.",
        },
        {
            "key": "call-week",
            "min_days_past_due": 8,
            "action": "call",
            "tone": "friendly",
            "deadline_days": 3,
            "expected_minutes": 6,
            "alternatives": ["sms"],
            "reason": "More than a week late: call, and ask for the overdue amount.",
        },
        {
            "key": "sms-week",
            "min_days_past_due": 1,
            "action": "sms",
            "tone": "friendly",
            "deadline_days": 2,
            "expected_minutes": 1,
            "alternatives": ["email"],
            "reason": "Late for the first week: a text message is enough.",
        },
    ]
    return [{"position": position, **line} for position, line in enumerate(lines, start=1)]
