"""Lines of a policy as sentences that a manager reads aloud."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from recovery.policy.actions import ACTIONS, CHANNEL_OF, CHANNELS, TONES, WITHOUT_CONTACT
from recovery.policy.rules import PolicyRules, Rule
from recovery.policy.words import TIERS, count, join

ANY_CASE = "In every other case"


def describe(rule: Rule, *, currency: str = "") -> str:
    """Return a line as one sentence: "31 to 60 days past due: call, within 3 days, about 8 minutes."."""
    conditions = list(conditions_of(rule, currency=currency).values())
    when = f"If {join(conditions)}" if conditions else ANY_CASE
    return f"{when}: {do(rule)}."


def conditions_of(rule: Rule, *, currency: str = "") -> dict[str, str]:
    """Return each condition of a line in words, by what it is about."""
    found: dict[str, str] = {}
    for subject, write in _CONDITIONS.items():
        if words := write(rule, currency):
            found[subject] = words
    return found


def do(rule: Rule) -> str:
    """Return what a line asks for: the action and how, what may be tried instead, what comes next."""
    return "; ".join(part for part in (_action(rule), _alternatives(rule), _escalation(rule)) if part)


def _action(rule: Rule) -> str:
    parts = [ACTIONS[rule.action]]
    if rule.action == "settlement" and rule.settlement_limit_ratio is not None:
        parts.append(f"letting go {rule.settlement_limit_ratio * 100:.0f} % at most")
    if rule.action not in WITHOUT_CONTACT:
        if rule.channel and rule.channel != CHANNEL_OF[rule.action]:
            parts.append(f"by {CHANNELS[rule.channel]}")
        if rule.tone:
            parts.append(f"in a {TONES[rule.tone]} tone")
    if rule.deadline_days is not None:
        parts.append("today" if rule.deadline_days == 0 else f"within {count(rule.deadline_days, 'day')}")
    if rule.expected_minutes:
        parts.append(f"about {plain(rule.expected_minutes)} minute{'' if rule.expected_minutes == 1 else 's'}")
    return ", ".join(parts)


def _alternatives(rule: Rule) -> str:
    return f"may also try {join([ACTIONS[action] for action in rule.alternatives], 'or')}" if rule.alternatives else ""


def _escalation(rule: Rule) -> str:
    if not rule.escalate_to:
        return ""
    after = []
    if rule.escalate_after_attempts is not None:
        after.append(f"{count(rule.escalate_after_attempts, 'attempt')} without reaching them")
    if rule.escalate_after_days is not None:
        after.append(f"{count(rule.escalate_after_days, 'day')} of trying")
    return f"after {join(after, 'or')}: {ACTIONS[rule.escalate_to]}"


def plain(number: Decimal) -> str:
    """Write a number without idle decimals: 8.0 becomes 8."""
    return f"{number.normalize():,f}"


def _range(least: int | None, most: int | None, noun: str, after: str) -> str:
    if least is not None and most is not None:
        number = f"{least:,}" if least == most else f"{least:,} to {most:,}"
        return f"{number} {noun}{'' if most == 1 else 's'} {after}"
    if least is not None:
        return f"{count(least, noun)} {after} or more"
    return f"at most {count(most, noun)} {after}" if most is not None else ""


def _amounts(least: Decimal | None, below: Decimal | None, currency: str, after: str) -> str:
    unit = f"{currency} " if currency else ""
    if least is not None and below is not None:
        return f"{unit}{plain(least)} or more but less than {plain(below)} {after}"
    if least is not None:
        return f"{unit}{plain(least)} or more {after}"
    return f"less than {unit}{plain(below)} {after}" if below is not None else ""


def _yes_no(value: bool | None, yes: str, no: str) -> str:
    return "" if value is None else yes if value else no


_CONDITIONS: dict[str, Callable[[Rule, str], str]] = {
    "open promise": lambda rule, _: _yes_no(rule.has_open_promise, "a promise is open", "no promise is open"),
    "broken promise": lambda rule, _: _yes_no(rule.has_broken_promise, "a promise was broken", "no promise was broken"),
    "hold": lambda rule, _: _yes_no(rule.has_hold, "a hold stands", "no hold stands"),
    "vulnerability": lambda rule, _: _yes_no(
        rule.is_vulnerable, "the borrower is vulnerable or in hardship", "the borrower is not known to be vulnerable"
    ),
    "time-barred": lambda rule, _: _yes_no(
        rule.is_time_barred, "the debt is time-barred", "the debt is not time-barred"
    ),
    "days past due": lambda rule, _: (
        "nothing is past due"
        if rule.max_days_past_due == 0
        else _range(rule.min_days_past_due, rule.max_days_past_due, "day", "past due")
    ),
    "bucket": lambda rule, _: (
        f"in the bucket {join([bucket.replace('-', '–') for bucket in rule.buckets], 'or')}" if rule.buckets else ""
    ),
    "instalments past due": lambda rule, _: _range(
        rule.min_instalments_past_due, rule.max_instalments_past_due, "instalment", "past due"
    ),
    "risk": lambda rule, _: f"risk is {join([TIERS[tier] for tier in rule.tiers], 'or')}" if rule.tiers else "",
    "product": lambda rule, _: f"the product is {join(rule.products, 'or')}" if rule.products else "",
    "overdue amount": lambda rule, currency: _amounts(
        rule.min_overdue_amount, rule.overdue_below_amount, currency, "overdue"
    ),
    "balance": lambda rule, currency: _amounts(
        rule.min_outstanding_amount, rule.outstanding_below_amount, currency, "owed in all"
    ),
    "attempts": lambda rule, _: _range(rule.min_attempts, rule.max_attempts, "attempt", "in 30 days"),
    "last contact": lambda rule, _: (
        f"no contact for {count(rule.min_days_since_contact, 'day')}" if rule.min_days_since_contact is not None else ""
    ),
}


def facts_of_policy(policy: PolicyRules) -> str:
    """Return what holds for all lines: how much is tried by lot."""
    if policy.exploration_ratio <= 0:
        return "Nothing is tried by lot: effects of other actions cannot be learned under this policy."
    return (
        f"{policy.exploration_ratio * 100:.3g} % of decisions draw by lot among the actions of their line, so that effects can "
        "be learned; a household keeps its lot."
    )


def as_values(rule: Rule) -> dict[str, Any]:
    """Return what a line says, without its place and number: equal values are equal lines."""
    return {name: getattr(rule, name) for name in Rule.__dataclass_fields__ if name not in ("id", "key", "position")}
