"""From facts and a policy to one action, its reasons, and its place in the order of work."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from recovery.policy import words
from recovery.policy.actions import NO_ACTION, WITHOUT_CONTACT, channel_of
from recovery.policy.asking import Step, build_ladder
from recovery.policy.drawing import draw, pick, spread
from recovery.policy.facts import Facts, PlanState
from recovery.policy.limits import HOLDS, Blocked, find_block
from recovery.policy.priors import find_prior
from recovery.policy.rules import PolicyRules, Rule

# The order of work: whole lanes first, the expected effect inside a lane.
LANE = 1000.0
BROKEN_PROMISE, FOLLOW_UP_DUE, ORDINARY, WAITING = 3, 2, 1, 0
UNKNOWN_PD = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do. `rule` is None where no line of the policy was asked: something agreed with the borrower comes first.

    `eligible_actions` holds each action that could have been assigned with its probability, and sums to one; `drawn` is the
    number that chose among them, None where there was no choice. `blocked` are actions that the policy wanted and that may not
    be taken. `ordered_by` says what `priority` rests on: model, priors, or nothing.
    """

    action: str
    rule: Rule | None
    reasons: tuple[str, ...]
    eligible_actions: dict[str, float]
    priority: float
    expected_minutes: Decimal
    ask_amount: Decimal | None
    ladder: tuple[Step, ...] = ()
    channel: str = ""
    tone: str = ""
    deadline_on: date | None = None
    is_escalated: bool = False
    blocked: tuple[Blocked, ...] = ()
    drawn: float | None = None
    ordered_by: str = ""

    @property
    def is_explored(self) -> bool:
        """Whether the draw fell on another action than the policy's own."""
        return self.drawn is not None and self.action != next(iter(self.eligible_actions))


@dataclass(frozen=True, slots=True)
class _Choice:
    rule: Rule | None
    reason: str
    probabilities: dict[str, float]
    blocked: tuple[Blocked, ...] = ()
    is_escalated: bool = False


def decide(facts: Facts, policy: PolicyRules, *, household: str = "") -> Decision:
    """Return what the first line that fits asks for, with reasons in plain words, the most important first.

    What was agreed with the borrower stands above the policy: while a plan is kept or waits for approval nothing is asked for,
    and a follow-up on a later day is waited for unless a plan was broken. While a hold stands
    only lines that ask for holds are read, and nobody is contacted. An action that may not be taken today gives way to the
    other actions of its line, then to the next line that fits. With the policy's `exploration_ratio` the action is drawn among
    all eligible ones of the line; the draw depends on the seed, the household and the line alone. Vulnerable borrowers are
    never drawn for.
    """
    choice = _choose(facts, policy)
    drawn = None
    action = next(iter(choice.probabilities))
    if len(choice.probabilities) > 1 and choice.rule is not None:
        drawn = draw(seed=policy.seed, household=household, key=choice.rule.key or str(choice.rule.position))
        action = pick(choice.probabilities, drawn)
    rule = choice.rule
    is_own = rule is not None and action == rule.action
    ordered_by = "model" if facts.pd is not None else "priors" if find_prior(facts.bucket) else ""
    return Decision(
        action=action,
        rule=rule,
        reasons=tuple(_reasons(facts, choice, action)),
        eligible_actions=choice.probabilities,
        priority=_priority(facts, action),
        expected_minutes=rule.expected_minutes if rule else Decimal(0),
        ask_amount=facts.overdue_amount,
        ladder=build_ladder(facts, action=action, rule=rule),
        channel=channel_of(action, rule.channel if rule is not None and is_own else ""),
        tone=rule.tone if rule and action not in WITHOUT_CONTACT else "",
        deadline_on=_deadline(facts, rule),
        is_escalated=choice.is_escalated,
        blocked=choice.blocked,
        drawn=drawn,
        ordered_by=ordered_by,
    )


def _choose(facts: Facts, policy: PolicyRules) -> _Choice:
    if (wait := _reason_to_wait(facts)) is not None:
        return _Choice(None, wait, {NO_ACTION: 1.0})
    blocked: list[Blocked] = []
    for rule in policy.rules:
        if facts.holds and not (rule.has_hold and rule.action in WITHOUT_CONTACT):
            continue
        if not rule.fits(facts, currency=policy.currency):
            continue
        is_escalated = rule.escalates(facts)
        wanted = [rule.escalate_to] if is_escalated else [rule.action, *rule.alternatives]
        open_to = []
        for action in dict.fromkeys(wanted):
            why = find_block(action, facts, channel=rule.channel if action == rule.action else "")
            if why is None:
                open_to.append(action)
            elif all(known.action != action for known in blocked):
                blocked.append(Blocked(action, why))
        if open_to:
            ratio = 0.0 if facts.is_vulnerable else policy.exploration_ratio
            return _Choice(rule, rule.reason, spread(open_to, ratio), tuple(blocked), is_escalated)
    if facts.holds:
        reason = (
            f"No pressure: {words.join([HOLDS.get(hold, hold) for hold in facts.holds])}{_since(facts)}, "
            "and a person has to decide first."
        )
    elif blocked:
        reason = f"Nothing that the policy asks for is allowed today. {blocked[0].reason}"
    else:
        reason = "No line of the policy fits: nothing is asked for."
    return _Choice(None, reason, {NO_ACTION: 1.0}, tuple(blocked))


def _since(facts: Facts) -> str:
    days = [day for day in (facts.disputed_on, facts.hardship_on) if day is not None]
    return f" ({words.day(max(days))})" if days and len(facts.holds) == 1 else ""


def _reason_to_wait(facts: Facts) -> str | None:
    if facts.plan is PlanState.ACTIVE:
        coming = f" until the next instalment, {words.day(facts.plan_due_on)}" if facts.plan_due_on else ""
        return f"A payment plan is being kept: leave the borrower in peace{coming}."
    if facts.plan is PlanState.WAITING:
        return "A payment plan waits for approval: nothing is asked for until somebody decides."
    if facts.plan is PlanState.BROKEN:
        return None
    if facts.follow_up_on is not None and facts.follow_up_on > facts.as_of:
        return f"The next step is agreed for {words.day(facts.follow_up_on)}: wait until then."
    return None


def _reasons(facts: Facts, choice: _Choice, action: str) -> list[str]:
    reasons = [choice.reason]
    rule = choice.rule
    if rule is not None and choice.is_escalated:
        reasons.append(
            f"{words.count(facts.attempts_unanswered, 'attempt')} without reaching them: the next step of the line is due."
        )
    elif rule is not None and action != next(iter(choice.probabilities)):
        reasons.append("Drawn by lot: a small share of cases tries another allowed action, to learn what works.")
    reasons += [block.reason for block in choice.blocked if block.reason not in choice.reason]
    return [*dict.fromkeys(reasons), *words.explain(facts)]


def _deadline(facts: Facts, rule: Rule | None) -> date | None:
    if rule is None or rule.deadline_days is None:
        return None
    return facts.as_of + timedelta(days=rule.deadline_days)


def _priority(facts: Facts, action: str) -> float:
    """Place a case: broken promises, then follow-ups that are due, then the rest; inside a lane by the expected effect.

    The effect is the prior ask_amount x pd x (1 - pd): a contact changes most where the outcome is uncertain. It holds until
    effects are measured. Without a score pd is the published prior of the bucket (recovery.policy.priors). The amount is taken
    relative to the mean overdue amount of its currency, so that currencies are never weighed against each other; where it is not
    available, what is outstanding stands for it, and where that is not either, the mean.
    """
    if action == NO_ACTION:
        lane = WAITING
    elif facts.has_broken_word:
        lane = BROKEN_PROMISE
    elif facts.follow_up_is_due:
        lane = FOLLOW_UP_DUE
    else:
        lane = ORDINARY
    pd = facts.pd
    if pd is None:
        prior = find_prior(facts.bucket)
        pd = prior.default_ratio if prior else UNKNOWN_PD
    amount = facts.outstanding_amount if facts.overdue_amount is None else facts.overdue_amount
    if amount is None or not facts.mean_overdue_amount:
        relative = 1.0 if amount is None else 0.0
    else:
        relative = float(amount / facts.mean_overdue_amount)
    return lane * LANE + min(relative * pd * (1 - pd) * 100, LANE - 1)
