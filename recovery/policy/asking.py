"""What to ask for, from the best answer down to the one that needs help."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_UP, Decimal
from typing import Any

from recovery.policy import words
from recovery.policy.actions import NO_ACTION
from recovery.policy.facts import Facts
from recovery.policy.rules import Rule

PAY_OFF_DAYS = 10
REST_WITHIN_DAYS = 14
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Step:
    """One rung of the ladder: ask for it where the one above was refused."""

    kind: str  # pay_off, full, settlement, part, plan, hardship
    text: str
    amount: Decimal | None = None
    until: date | None = None

    def as_json(self) -> dict[str, Any]:
        known = {"kind": self.kind, "text": self.text}
        if self.amount is not None:
            known["amount"] = str(self.amount)
        if self.until is not None:
            known["until"] = str(self.until)
        return known


def build_ladder(facts: Facts, *, action: str, rule: Rule | None) -> tuple[Step, ...]:
    """Return what to ask for, in order; empty where nobody is to be asked for anything."""
    if action == NO_ACTION or facts.days_past_due <= 0:
        return ()
    return tuple(_steps(facts, action, rule))


def _steps(facts: Facts, action: str, rule: Rule | None) -> Iterator[Step]:
    owed = facts.overdue_amount
    if owed is None:
        yield Step(
            "full", "Ask for all that is past due; the amount is not in the books, take it from the lender's system."
        )
    else:
        yield Step("full", f"{words.money(owed, facts.currency)} now makes the loan current.", owed)
    if facts.outstanding_amount is not None and facts.outstanding_amount > (owed or 0):
        until = _good_until(facts)
        yield Step(
            "pay_off",
            f"{words.money(facts.outstanding_amount, facts.currency)} pays everything off, good until {words.day(until)}.",
            facts.outstanding_amount,
            until,
        )
    if action == "settlement" and rule is not None and rule.settlement_limit_ratio is not None:
        yield _settlement(facts, rule.settlement_limit_ratio)
    rest_by = facts.as_of + timedelta(days=REST_WITHIN_DAYS)
    if owed is not None and owed > 0:
        half = (owed / 2).quantize(CENT, ROUND_UP)
        yield Step(
            "part",
            f"If not: {words.money(half, facts.currency)} now, and a day for the rest, {words.day(rest_by)} at the latest.",
            half,
            rest_by,
        )
        months = 3 if facts.days_past_due <= 90 else 6
        monthly = (owed / months).quantize(CENT, ROUND_UP)
        yield Step(
            "plan",
            f"If not: a plan of {months} months, {words.money(monthly, facts.currency)} a month beside what falls due.",
            monthly,
        )
    else:
        yield Step(
            "part", f"If not: a part now, and a day for the rest, {words.day(rest_by)} at the latest.", None, rest_by
        )
        yield Step("plan", "If not: a plan of some months that leaves what falls due payable.")
    yield Step("hardship", "If they cannot pay: ask what has changed, record hardship, and leave them in peace.")


def _settlement(facts: Facts, limit: Decimal) -> Step:
    percent = f"{limit * 100:.0f} %"
    if facts.outstanding_amount is None:
        return Step("settlement", f"Up to {percent} of what is owed may be let go; more needs a manager.")
    least = (facts.outstanding_amount * (1 - limit)).quantize(CENT, ROUND_UP)
    return Step(
        "settlement",
        f"{words.money(least, facts.currency)} or more may settle all of it ({percent} let go at most; more needs a manager).",
        least,
    )


def _good_until(facts: Facts) -> date:
    """Return the day until which nothing is added to what is owed: the next due day, ten days ahead at most."""
    latest = facts.as_of + timedelta(days=PAY_OFF_DAYS)
    return min(facts.next_due_on or latest, latest)
