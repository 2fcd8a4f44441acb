"""From facts and a policy to one action, its reasons, and its place in the order of work."""

from dataclasses import dataclass
from decimal import Decimal

from recovery.policy import words
from recovery.policy.facts import Facts, PromiseState
from recovery.policy.rules import PolicyRules, Rule

NO_ACTION = "no_action"

# The order of work: whole lanes first, the expected effect inside a lane.
LANE = 1000.0
BROKEN_PROMISE, FOLLOW_UP_DUE, ORDINARY, WAITING = 3, 2, 1, 0
UNKNOWN_PD = 0.5

# After these the next step is a person's, not a list's.
STANDSTILL_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do. `rule` is None where no line of the policy was asked: something agreed with the borrower comes first."""

    action: str
    rule: Rule | None
    reasons: tuple[str, ...]
    eligible_actions: dict[str, float]
    ask_amount: Decimal
    priority: float
    expected_minutes: Decimal


def decide(facts: Facts, policy: PolicyRules) -> Decision:
    """Return the action of the first line that fits, with reasons in plain words, the most important first.

    What was agreed with the borrower stands above the policy: a follow-up on a later day is waited for, and after a dispute
    or a report of hardship there is no pressure for 30 days. `eligible_actions` holds each action that some fitting line
    names with the probability that it is assigned: today the first fitting line always wins.
    """
    fitting = [rule for rule in policy.rules if rule.fits(facts)]
    wait = _reason_to_wait(facts)
    if wait is not None or not fitting:
        reason = wait or "No line of the policy fits: nothing is asked for."
        rule, action, minutes = None, NO_ACTION, Decimal(0)
    else:
        rule = fitting[0]
        reason, action, minutes = rule.reason, rule.action, rule.expected_minutes
    eligible = {candidate.action: 0.0 for candidate in fitting} | {action: 1.0}
    return Decision(
        action=action,
        rule=rule,
        reasons=(reason, *words.explain(facts)),
        eligible_actions=eligible,
        ask_amount=facts.overdue_amount,
        priority=_priority(facts, action),
        expected_minutes=minutes,
    )


def _reason_to_wait(facts: Facts) -> str | None:
    if facts.follow_up_on is not None and facts.follow_up_on > facts.as_of:
        return f"The next step is agreed for {words.day(facts.follow_up_on)}: wait until then."
    for said_on, what in ((facts.disputed_on, "the debt was disputed"), (facts.hardship_on, "hardship was reported")):
        if said_on is not None and (facts.as_of - said_on).days < STANDSTILL_DAYS:
            return f"No pressure: {what} on {words.day(said_on)}, and a person has to decide first."
    return None


def _priority(facts: Facts, action: str) -> float:
    """Place a case: broken promises, then follow-ups that are due, then the rest; inside a lane by the expected effect.

    The effect is the prior ask_amount x pd x (1 - pd): a contact changes most where the outcome is uncertain. It holds until
    effects are measured. The amount is taken relative to the mean overdue amount of its currency, so that currencies are
    never weighed against each other. A loan without a score counts as the most uncertain one.
    """
    if action == NO_ACTION:
        lane = WAITING
    elif facts.promise is PromiseState.BROKEN:
        lane = BROKEN_PROMISE
    elif facts.follow_up_is_due:
        lane = FOLLOW_UP_DUE
    else:
        lane = ORDINARY
    pd = UNKNOWN_PD if facts.pd is None else facts.pd
    relative = float(facts.overdue_amount / facts.mean_overdue_amount) if facts.mean_overdue_amount > 0 else 0.0
    effect = relative * pd * (1 - pd)
    return lane * LANE + min(effect * 100, LANE - 1)
