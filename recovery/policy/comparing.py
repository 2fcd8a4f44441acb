"""What changed between two versions of a policy, in words."""

from collections.abc import Iterator
from dataclasses import dataclass

from recovery.policy.rules import PolicyRules, Rule
from recovery.policy.sentences import as_values, conditions_of, describe, do, facts_of_policy


@dataclass(frozen=True, slots=True)
class Change:
    """One difference; `kind` is added, removed, changed, moved or policy."""

    kind: str
    title: str
    details: tuple[str, ...] = ()


def compare(old: PolicyRules, new: PolicyRules) -> list[Change]:
    """Return the differences in the order of the new version, removed lines last.

    Lines are the same if they have the same key, which drafts inherit. A line counts as moved where its order among the lines
    that both versions have differs.
    """
    before = {rule.key: rule for rule in old.rules}
    after = {rule.key: rule for rule in new.rules}
    changes = list(_of_policy(old, new))
    moved = _moved([key for key in before if key in after], [key for key in after if key in before])
    for key, rule in after.items():
        if key not in before:
            changes.append(Change("added", f"Line {rule.position} is new", (describe(rule, currency=new.currency),)))
            continue
        was = before[key]
        if key in moved:
            changes.append(
                Change(
                    "moved", f"Line {rule.position} was line {was.position}", (describe(rule, currency=new.currency),)
                )
            )
        if as_values(was) != as_values(rule) or (old.currency != new.currency and _has_amounts(rule)):
            details = tuple(_of_line(was, rule, old.currency, new.currency))
            changes.append(Change("changed", f"Line {rule.position} says something else", details))
    for key, rule in before.items():
        if key not in after:
            changes.append(Change("removed", f"Line {rule.position} is gone", (describe(rule, currency=old.currency),)))
    return changes


def _of_policy(old: PolicyRules, new: PolicyRules) -> Iterator[Change]:
    if old.exploration_ratio != new.exploration_ratio:
        yield Change(
            "policy", "The share tried by lot", (f"was: {facts_of_policy(old)}", f"is: {facts_of_policy(new)}")
        )
    if old.currency != new.currency:
        yield Change(
            "policy", "The currency of amounts", (f"was: {old.currency or 'any'}", f"is: {new.currency or 'any'}")
        )


def _of_line(was: Rule, is_now: Rule, old_currency: str, new_currency: str) -> Iterator[str]:
    old, new = conditions_of(was, currency=old_currency), conditions_of(is_now, currency=new_currency)
    for subject in dict.fromkeys([*old, *new]):
        if old.get(subject) != new.get(subject):
            yield f"{subject}: {old.get(subject, 'any')} → {new.get(subject, 'any')}"
    if do(was) != do(is_now):
        yield f"what to do: {do(was)} → {do(is_now)}"
    if was.reason != is_now.reason:
        yield f"reason: “{was.reason}” → “{is_now.reason}”"


def _has_amounts(rule: Rule) -> bool:
    return any(
        amount is not None
        for amount in (
            rule.min_overdue_amount,
            rule.overdue_below_amount,
            rule.min_outstanding_amount,
            rule.outstanding_below_amount,
        )
    )


def _moved(old: list[str], new: list[str]) -> set[str]:
    """Return the keys that are not on a longest common order of both lists: the fewest lines that must have moved."""
    longest = [[0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in range(len(old) - 1, -1, -1):
        for j in range(len(new) - 1, -1, -1):
            longest[i][j] = 1 + longest[i + 1][j + 1] if old[i] == new[j] else max(longest[i + 1][j], longest[i][j + 1])
    stayed, i, j = set(), 0, 0
    while i < len(old) and j < len(new):
        if old[i] == new[j]:
            stayed.add(old[i])
            i, j = i + 1, j + 1
        elif longest[i + 1][j] >= longest[i][j + 1]:
            i += 1
        else:
            j += 1
    return set(new) - stayed
