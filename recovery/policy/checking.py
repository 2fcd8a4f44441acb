"""What is wrong with the lines of a policy: ones that are never reached, cases that none takes, and lines that say too little."""

import itertools
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from recovery.policy.actions import ACTIONS, WITHOUT_CONTACT
from recovery.policy.facts import Facts, PromiseState
from recovery.policy.rules import PolicyRules, Rule
from recovery.policy.sentences import as_values
from recovery.policy.words import TIERS, count, join, money

MOST_CASES = 20_000
DAY = date(2026, 1, 1)
ONE_CENT = Decimal("0.01")
EDGES = ((1, 30, "1-30"), (31, 60, "31-60"), (61, 90, "61-90"))


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that a manager should look at; `position` is the line, None for the policy as a whole."""

    kind: str  # unreachable, contradiction, gap, incomplete
    position: int | None
    sentence: str


def find_faults(policy: PolicyRules) -> list[Fault]:
    """Return what to look at, in the order of the lines.

    Lines are tried on every combination of values on either side of every limit that some line names, at most 20,000 of them;
    a policy with more is tried on as many drawn ones (always the same), so that a line found unreachable there may be reached
    by a rare case and the sentence says so.
    """
    if not policy.rules:
        return [Fault("gap", None, "There is no line yet: nothing would be done in any case.")]
    cases, is_whole = _cases(policy)
    taken: dict[int, int] = {}
    takers: dict[int, set[int]] = {rule.position: set() for rule in policy.rules}
    gaps: list[Facts] = []
    for case in cases:
        fitting = [
            rule.position
            for rule in policy.rules
            if rule.fits(case, currency=policy.currency) and (not case.holds or rule.has_hold)
        ]
        if not fitting:
            gaps.append(case)
            continue
        taken[fitting[0]] = taken.get(fitting[0], 0) + 1
        for position in fitting[1:]:
            takers[position].add(fitting[0])
    faults = [
        *_incomplete(policy.rules),
        *(
            _unreachable(rule, policy, takers[rule.position], is_whole)
            for rule in policy.rules
            if not taken.get(rule.position)
        ),
    ]
    faults.sort(key=lambda fault: fault.position or 0)
    return [*faults, *_describe_gaps(gaps)]


def _unreachable(rule: Rule, policy: PolicyRules, takers: set[int], is_whole: bool) -> Fault:
    for other in policy.rules:
        if other.position < rule.position and _same_conditions(other, rule):
            return Fault(
                "contradiction",
                rule.position,
                f"Line {rule.position} asks for the same cases as line {other.position}, which comes first and says "
                f"{ACTIONS[other.action]}: line {rule.position} ({ACTIONS[rule.action]}) never counts.",
            )
    if not takers:
        return Fault(
            "unreachable", rule.position, f"Line {rule.position} fits no case at all: its conditions contradict."
        )
    lines = join([str(position) for position in sorted(takers)])
    noun, verb = ("line", "takes") if len(takers) == 1 else ("lines", "take")
    doubt = "" if is_whole else " (tried on a sample of cases)"
    return Fault(
        "unreachable",
        rule.position,
        f"Line {rule.position} is never reached: {noun} {lines} {verb} every case that it asks for{doubt}.",
    )


def _same_conditions(one: Rule, other: Rule) -> bool:
    how = {
        "action", "reason", "expected_minutes", "channel", "tone", "deadline_days", "settlement_limit_ratio", "alternatives",
        "escalate_after_attempts", "escalate_after_days", "escalate_to",
    }  # fmt: skip
    mine, theirs = as_values(one), as_values(other)
    return all(mine[name] == theirs[name] for name in mine if name not in how)


def _incomplete(rules: Iterable[Rule]) -> Iterator[Fault]:
    for rule in rules:
        if rule.has_hold and rule.action not in WITHOUT_CONTACT:
            yield Fault(
                "incomplete",
                rule.position,
                f"Line {rule.position} asks for {ACTIONS[rule.action]} while a hold stands: nobody is contacted then.",
            )
        if rule.action == "settlement" and rule.settlement_limit_ratio is None:
            yield Fault(
                "incomplete", rule.position, f"Line {rule.position} offers a settlement but sets no limit for it."
            )


def _describe_gaps(gaps: list[Facts]) -> Iterator[Fault]:
    """Name up to three kinds of cases that no line takes, the fewest words first; holds are above the policy and no gap."""
    named: list[str] = []
    for case in gaps:
        if case.holds:
            continue
        words = _in_words(case)
        if words not in named:
            named.append(words)
    for words in sorted(named, key=len)[:3]:
        more = f" ({len(named) - 3:,} more kinds of cases like it)" if len(named) > 3 and words == named[-1] else ""
        yield Fault("gap", None, f"No line takes this case: {words}{more}. Nothing would be done.")


def _in_words(case: Facts) -> str:
    parts = [f"{count(case.days_past_due, 'day')} past due"]
    if case.overdue_amount is None:
        parts.append("amount not available")
    elif case.overdue_amount:
        parts.append(f"{money(case.overdue_amount, case.currency).strip()} overdue")
    parts.append(f"risk {TIERS[case.tier]}" if case.tier else "not scored")
    if case.promise:
        parts.append(f"a promise {'broken' if case.promise is PromiseState.BROKEN else 'open'}")
    return ", ".join(parts)


# --- cases on either side of every limit --------------------------------------------------------------------------------
def _cases(policy: PolicyRules) -> tuple[Iterable[Facts], bool]:
    values = _values(policy)
    total = 1
    for options in values.values():
        total *= len(options)
    names = list(values)
    if total <= MOST_CASES:
        rows: Iterable[tuple[Any, ...]] = itertools.product(*values.values())
    else:
        chance = random.Random(20_260_101)  # noqa: S311 - the same sample each time, no secret
        rows = (tuple(chance.choice(values[name]) for name in names) for _ in range(MOST_CASES))
    return (_case(policy, dict(zip(names, row, strict=True))) for row in rows), total <= MOST_CASES


def _values(policy: PolicyRules) -> dict[str, list[Any]]:
    rules = policy.rules
    values: dict[str, list[Any]] = {
        "days": _around({0, 1}, [(rule.min_days_past_due, rule.max_days_past_due) for rule in rules], rules),
        "tier": sorted({tier for rule in rules for tier in rule.tiers}) + ([None] if _uses(rules, "tiers") else []),
        "product": [*sorted({product for rule in rules for product in rule.products}), "another"],
        "promise": ["", "open", "broken"],
        "overdue": _amounts(rules, "min_overdue_amount", "overdue_below_amount"),
        "outstanding": _amounts(rules, "min_outstanding_amount", "outstanding_below_amount"),
        "instalments": _whole(rules, "min_instalments_past_due", "max_instalments_past_due"),
        "attempts": _whole(rules, "min_attempts", "max_attempts"),
        "rest": _whole(rules, "min_days_since_contact", "min_days_since_contact"),
        "hold": [False, True] if _uses(rules, "has_hold") else [False],
        "vulnerable": [False, True] if _uses(rules, "is_vulnerable") else [False],
        "barred": [False, True] if _uses(rules, "is_time_barred") else [False],
    }
    if not _uses(rules, "tiers"):
        values["tier"] = [None]
    elif missing := [tier for tier in TIERS if tier not in values["tier"]]:
        values["tier"].append(missing[0])
    if not (_uses(rules, "has_open_promise") or _uses(rules, "has_broken_promise")):
        values["promise"] = [""]
    return values


def _uses(rules: Iterable[Rule], name: str) -> bool:
    return any(getattr(rule, name) not in (None, ()) for rule in rules)


def _around(start: set[int], limits: list[tuple[int | None, int | None]], rules: Iterable[Rule]) -> list[int]:
    found = set(start)
    for least, most in limits:
        if least is not None:
            found |= {max(least - 1, 0), least}
        if most is not None:
            found |= {most, most + 1}
    if _uses(rules, "buckets"):
        found |= {1, 31, 61, 91}
    return sorted(found)


def _whole(rules: Iterable[Rule], least: str, most: str) -> list[int]:
    return _around({0}, [(getattr(rule, least), getattr(rule, most)) for rule in rules], ())


def _amounts(rules: Iterable[Rule], least: str, below: str) -> list[Decimal | None]:
    limits = {getattr(rule, name) for rule in rules for name in (least, below)} - {None}
    if not limits:
        return [Decimal(1)]
    return [None, *sorted({Decimal(0), *limits, *(max(limit - ONE_CENT, Decimal(0)) for limit in limits)})]


def _case(policy: PolicyRules, row: dict[str, Any]) -> Facts:
    days = row["days"]
    return Facts(
        as_of=DAY,
        currency=policy.currency,
        days_past_due=days,
        bucket=next((name for least, most, name in EDGES if least <= days <= most), "91+" if days > 90 else "current"),
        overdue_amount=row["overdue"] if days else Decimal(0),
        outstanding_amount=row["outstanding"],
        overdue_loans=1,
        instalments_past_due=row["instalments"],
        tier=row["tier"],
        product=row["product"],
        promise=PromiseState(row["promise"]),
        attempts_in_30_days=row["attempts"],
        last_contact_on=DAY - timedelta(days=row["rest"]),
        holds=("hold",) if row["hold"] else (),
        is_vulnerable=row["vulnerable"],
        is_time_barred=row["barred"],
    )
