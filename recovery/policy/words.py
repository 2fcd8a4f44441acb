"""Reasons in plain words."""

from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal

from recovery.policy.actions import CHANNELS
from recovery.policy.facts import Facts, PlanState, PromiseState
from recovery.policy.priors import SOURCE, find_prior

OUTCOMES = {
    "no_answer": "no answer",
    "left_message": "a message was left",
    "wrong_person": "wrong person",
    "wrong_number": "wrong number",
    "promise": "payment was promised",
    "refused": "payment was refused",
    "hardship": "hardship was reported",
    "dispute": "the debt was disputed",
    "call_back": "a call back was asked for",
    "paid": "said to be paid",
    "sent": "sent",
}
TIERS = {"low": "low", "medium": "medium", "high": "high", "very_high": "very high"}


def explain(facts: Facts) -> Iterator[str]:
    """Yield what the decision rests on: promise, what is owed, follow-up, risk, what was tried."""
    yield from _promise(facts)
    yield from _owed(facts)
    if facts.follow_up_is_due and facts.follow_up_on is not None:
        yield f"A follow-up was agreed for {day(facts.follow_up_on)}."
    yield _risk(facts)
    yield _tried(facts)


def _promise(facts: Facts) -> Iterator[str]:
    if facts.plan is PlanState.BROKEN:
        yield "The payment plan was broken: an instalment did not come in."
    if facts.promise_amount is None or facts.promise_due_on is None:
        return
    promised = f"{money(facts.promise_amount, facts.currency)} was promised for {day(facts.promise_due_on)}"
    paid = facts.promise_paid_amount or Decimal(0)
    came = f"{money(paid, facts.currency)} came in" if paid > 0 else "nothing came in"
    if facts.promise is PromiseState.BROKEN:
        yield f"{promised}; {came}."
    elif facts.promise is PromiseState.OPEN:
        yield f"{promised}; {came} so far."


def _owed(facts: Facts) -> Iterator[str]:
    if facts.overdue_amount is None:
        since = f" since {day(facts.oldest_unpaid_due_on)}" if facts.oldest_unpaid_due_on else ""
        late = f"{count(facts.days_past_due, 'day')} past due{since}" if facts.days_past_due else "Nothing is past due"
        yield f"{late}; the amount is not available."
    elif facts.overdue_amount > 0 and facts.oldest_unpaid_due_on is not None:
        loans = f", over {facts.overdue_loans} loans" if facts.overdue_loans > 1 else ""
        yield (
            f"{money(facts.overdue_amount, facts.currency)} is overdue{loans}, the oldest part since "
            f"{day(facts.oldest_unpaid_due_on)}: {count(facts.days_past_due, 'day')}."
        )
    elif facts.next_due_on is not None and facts.next_due_amount is not None:
        yield f"Nothing is overdue; {money(facts.next_due_amount, facts.currency)} is due on {day(facts.next_due_on)}."
    else:
        yield "Nothing is overdue."


def _risk(facts: Facts) -> str:
    if facts.pd is None or facts.tier is None:
        prior = find_prior(facts.bucket)
        if prior is None:
            return "Not scored by a model: the policy alone decides."
        again = " (still or again)" if prior.bucket == "91+" else ""
        where = "with nothing overdue" if prior.bucket == "current" else f"{prior.bucket.replace('-', '–')} days late"
        return (
            f"No model yet, so rules and priors order the list: of accounts {where}, {chance(prior.default_ratio)} were 90 or "
            f"more days late within three months{again} ({SOURCE})."
        )
    outcome = "to fall 91 or more days behind" if facts.model_is_default else "to turn out bad"
    return f"Risk is {TIERS[facts.tier]}: {chance(facts.pd)} likely {outcome} (model {facts.model})."


def _tried(facts: Facts) -> str:
    if facts.last_contact_on is None:
        return "No contact is on record."
    channel = CHANNELS.get(facts.last_channel or "", "contact")
    outcome = OUTCOMES.get(facts.last_outcome or "", "outcome unknown")
    return (
        f"Last contact on {day(facts.last_contact_on)}: {channel}, {outcome}; "
        f"{count(facts.attempts_in_30_days, 'attempt')} in 30 days."
    )


def day(value: date) -> str:
    return f"{value.day} {value:%b %Y}"


def money(amount: Decimal, currency: str) -> str:
    return f"{currency} {amount:,.2f}"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def chance(pd: float) -> str:
    if pd < 0.01:
        return "under 1 %"
    if pd > 0.99:
        return "over 99 %"
    return f"{pd * 100:.0f} %"


def join(parts: Sequence[str], word: str = "and") -> str:
    """List in words: "a", "a and b", "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {word} {parts[-1]}" if parts else ""
