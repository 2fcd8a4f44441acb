"""What is wrong with one line, by field, in words that say how to mend it."""

from collections.abc import Iterator

from recovery.policy.actions import ACTIONS, CHANNELS, TONES, WITHOUT_CONTACT
from recovery.policy.rules import Rule
from recovery.policy.words import TIERS

BUCKETS = ("current", "1-30", "31-60", "61-90", "91+")
RANGES = (
    ("min_days_past_due", "max_days_past_due"),
    ("min_instalments_past_due", "max_instalments_past_due"),
    ("min_attempts", "max_attempts"),
)
AMOUNTS = (("min_overdue_amount", "overdue_below_amount"), ("min_outstanding_amount", "outstanding_below_amount"))


def find_mistakes(rule: Rule, *, currency: str = "") -> dict[str, str]:
    """Return field -> message; empty for a line that says something a person can carry out."""
    parts = (_action(rule), _way(rule), _alternatives(rule), _escalation(rule), _ranges(rule, currency), _cases(rule))
    return dict(reversed([mistake for part in parts for mistake in part]))


def _ranges(rule: Rule, currency: str) -> Iterator[tuple[str, str]]:
    for least, most in RANGES:
        low, high = getattr(rule, least), getattr(rule, most)
        if low is not None and high is not None and high < low:
            yield most, f"Less than the first number: enter {low} or more, or leave it empty."
    for least, below in AMOUNTS:
        low, high = getattr(rule, least), getattr(rule, below)
        if low is not None and low < 0:
            yield least, "Enter an amount of zero or more."
        if high is not None and high <= (low or 0):
            yield below, f"Nothing is left between the two amounts: enter more than {low or 0}, or leave it empty."
        if not currency and not (low is None and high is None):
            yield least, "Set the currency of the policy first: an amount without one fits no two currencies."


def _cases(rule: Rule) -> Iterator[tuple[str, str]]:
    for tier in rule.tiers:
        if tier not in TIERS:
            yield "tiers", f"There is no tier {tier!r}: choose from {', '.join(TIERS)}."
    for bucket in rule.buckets:
        if bucket not in BUCKETS:
            yield "buckets", f"There is no bucket {bucket!r}: choose from {', '.join(BUCKETS)}."
    if rule.has_open_promise and rule.has_broken_promise:
        yield "has_broken_promise", "A promise is open or broken, never both: the newest one counts."
    if rule.has_hold and rule.action not in WITHOUT_CONTACT:
        yield "action", "While a hold stands nobody is contacted: choose no action or legal review."


def _action(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.action not in ACTIONS:
        yield "action", "Choose what is to be done."
    if not rule.reason.strip():
        yield "reason", "Say in a sentence why: agents read it first."
    if rule.expected_minutes < 0:
        yield "expected_minutes", "Enter the minutes that one case takes, 0 or more."
    if rule.settlement_limit_ratio is not None and not 0 < rule.settlement_limit_ratio <= 1:
        yield "settlement_limit_ratio", "Enter a share above 0 and at most 1, such as 0.3 for 30 %."
    if rule.action == "settlement" and rule.settlement_limit_ratio is None:
        yield "settlement_limit_ratio", "Enter how much may be let go at most, such as 0.3 for 30 %."
    if rule.action != "settlement" and rule.settlement_limit_ratio is not None:
        yield "settlement_limit_ratio", "Only a settlement lets something go: leave this empty."


def _way(rule: Rule) -> Iterator[tuple[str, str]]:
    if rule.channel and (rule.channel not in CHANNELS or rule.channel == "inbound"):
        yield (
            "channel",
            f"There is no such way: choose from {', '.join(name for name in CHANNELS if name != 'inbound')}.",
        )
    if rule.channel and rule.action in WITHOUT_CONTACT:
        yield "channel", "Nobody is contacted: leave this empty."
    if rule.tone and rule.tone not in TONES:
        yield "tone", f"There is no such tone: choose from {', '.join(TONES)}."


def _alternatives(rule: Rule) -> Iterator[tuple[str, str]]:
    for action in rule.alternatives:
        if action not in ACTIONS or action in WITHOUT_CONTACT or action == rule.action:
            yield "alternatives", "Choose other ways of contact than the line's own action."
    if rule.alternatives and rule.action in WITHOUT_CONTACT:
        yield "alternatives", "Where nobody is contacted nothing is tried by lot: leave this empty."


def _escalation(rule: Rule) -> Iterator[tuple[str, str]]:
    says_when = rule.escalate_after_attempts is not None or rule.escalate_after_days is not None
    if rule.escalate_to and not says_when:
        yield "escalate_after_attempts", "Enter after how many attempts or days the next action comes."
    if says_when and not rule.escalate_to:
        yield "escalate_to", "Choose the action that comes next."
    if rule.escalate_to and rule.escalate_to == rule.action:
        yield "escalate_to", "This is the line's own action: choose another one."
    if rule.escalate_to and rule.escalate_to not in ACTIONS:
        yield "escalate_to", "Choose the action that comes next."
