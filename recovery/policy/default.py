"""The policy that a new installation starts with: common practice of first-party lenders, to be changed by the lender."""

from decimal import Decimal
from typing import Any

TITLE = "Starting policy"


def default_rules(*, small_amount: Decimal, large_amount: Decimal) -> list[dict[str, Any]]:
    """Return the lines in order. Below `small_amount` a reminder is enough; from `large_amount` on, old debt is reviewed."""
    high = ["high", "very_high"]
    lines: list[dict[str, Any]] = [
        {
            "has_open_promise": True,
            "action": "no_action",
            "expected_minutes": 0,
            "reason": "A promise is open: leave the borrower in peace until it is due.",
        },
        {
            "has_broken_promise": True,
            "min_days_past_due": 1,
            "action": "call",
            "expected_minutes": 7,
            "reason": "A promise was not kept: ask what happened and agree on a new date or a plan.",
        },
        {
            "max_days_past_due": 0,
            "tiers": high,
            "action": "reminder",
            "expected_minutes": 1,
            "reason": "A payment falls due soon and the risk is high: a friendly reminder beforehand.",
        },
        {
            "max_days_past_due": 0,
            "action": "no_action",
            "expected_minutes": 0,
            "reason": "Nothing is overdue: no contact is needed.",
        },
        {
            "min_days_past_due": 181,
            "min_overdue_amount": large_amount,
            "action": "legal_review",
            "expected_minutes": 20,
            "reason": "More than half a year late and a large amount: a manager reviews whether to go to law.",
        },
        {
            "min_days_past_due": 91,
            "tiers": ["very_high"],
            "min_overdue_amount": small_amount,
            "action": "settlement",
            "expected_minutes": 15,
            "reason": "In default and unlikely to pay all of it: see what could be settled now.",
        },
        {
            "min_days_past_due": 91,
            "min_overdue_amount": small_amount,
            "action": "plan",
            "expected_minutes": 12,
            "reason": "In default: agree on a plan that the borrower can keep.",
        },
        {
            "min_days_past_due": 61,
            "max_days_past_due": 90,
            "min_overdue_amount": small_amount,
            "action": "plan",
            "expected_minutes": 10,
            "reason": "Close to 91 days: offer a plan before the loan counts as defaulted.",
        },
        {
            "min_days_past_due": 31,
            "max_days_past_due": 60,
            "min_overdue_amount": small_amount,
            "action": "call",
            "expected_minutes": 8,
            "reason": "More than a month late: call, and ask for the overdue amount.",
        },
        {
            "min_days_past_due": 1,
            "max_days_past_due": 30,
            "tiers": high,
            "min_overdue_amount": small_amount,
            "action": "call",
            "expected_minutes": 6,
            "reason": "Late for the first month and the risk is high: call early.",
        },
        {
            "min_days_past_due": 1,
            "max_days_past_due": 30,
            "tiers": ["low", "medium"],
            "min_overdue_amount": small_amount,
            "action": "sms",
            "expected_minutes": 1,
            "reason": "Late for the first month and likely to pay: a text message is enough.",
        },
        {
            "min_days_past_due": 8,
            "max_days_past_due": 30,
            "min_overdue_amount": small_amount,
            "action": "call",
            "expected_minutes": 6,
            "reason": "More than a week late: call, and ask for the overdue amount.",
        },
        {
            "min_days_past_due": 1,
            "max_days_past_due": 7,
            "min_overdue_amount": small_amount,
            "action": "sms",
            "expected_minutes": 1,
            "reason": "Late for the first week: a text message is enough.",
        },
        {
            "min_days_past_due": 1,
            "action": "reminder",
            "expected_minutes": 1,
            "reason": "The overdue amount is small: a reminder is enough.",
        },
    ]
    return [{"position": position, **line} for position, line in enumerate(lines, start=1)]
