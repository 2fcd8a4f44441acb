"""Write a policy: versions as drafts, their lines, and the history of who changed what."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F, Max

from creditpath.accounts.models import User
from recovery.errors import PolicyIsNoDraft, PolicyRefused
from recovery.models import Policy, PolicyEvent, PolicyRule
from recovery.policy import PolicyRules, compare
from recovery.policy.validating import find_mistakes
from recovery.policymaking.reading import as_rule, as_rules

MOST_LINES = 100
DETAIL_LENGTH = 1_000
_NOT_COPIED = {"id", "policy"}


@transaction.atomic
def draft_policy(*, by: User, title: str, based_on: Policy | None = None) -> Policy:
    """Begin a new version as a draft, with the lines of another one; what that one says stays as it is.

    The draft inherits the keys of its lines and the seed of draws, so that a household keeps its lot where a line stays.
    """
    Policy.objects.select_for_update().order_by("-version").first()  # two drafts at once get two numbers
    newest = Policy.objects.aggregate(version=Max("version"))["version"] or 0
    inherited = (
        {
            "currency": based_on.currency,
            "exploration_ratio": based_on.exploration_ratio,
            "seed": based_on.seed,
        }
        if based_on
        else {}
    )
    policy = Policy.objects.create(
        version=newest + 1,
        title=title.strip() or f"Version {newest + 1}",
        based_on=based_on,
        created_by=by,
        **inherited,
    )
    if based_on is not None:
        names = [field.name for field in PolicyRule._meta.fields if field.name not in _NOT_COPIED]
        PolicyRule.objects.bulk_create(
            PolicyRule(policy=policy, **{name: getattr(row, name) for name in names}) for row in based_on.rules.all()
        )
    PolicyEvent.objects.create(
        policy=policy,
        kind=PolicyEvent.Kind.CREATED,
        by=by,
        detail=f"From version {based_on.version}." if based_on else "From nothing.",
    )
    return policy


@transaction.atomic
def change_policy(*, policy: Policy, by: User, title: str, currency: str, exploration_ratio: Any) -> Policy:
    """Change what holds for all lines of a draft; raises PolicyIsNoDraft."""
    held, before = _hold(policy)
    held.title, held.currency, held.exploration_ratio = title.strip(), currency.strip().upper(), exploration_ratio
    held.save(update_fields=["title", "currency", "exploration_ratio"])
    note = f"Title: {held.title}." if policy.title != held.title else ""
    record_edit(policy=held, by=by, before=before, note=note)
    return held


@transaction.atomic
def write_rule(*, policy: Policy, by: User, values: Mapping[str, Any], rule: PolicyRule | None = None) -> PolicyRule:
    """Add a line at the end of a draft, or at `values["position"]`, or change one; what is wrong is told by field.

    Raises PolicyIsNoDraft, and PolicyRefused with a remedy for each field.
    """
    held, before = _hold(policy)
    wanted = dict(values)
    position = wanted.pop("position", None)
    row = held.rules.get(pk=rule.pk) if rule is not None else PolicyRule(policy=held)
    for name, value in wanted.items():
        setattr(row, name, value)
    last = held.rules.aggregate(last=Max("position"))["last"] or 0
    if rule is None:
        if last >= MOST_LINES:
            raise PolicyRefused(f"A policy has at most {MOST_LINES} lines: shorten it first.")
        row.position = last + 1
    if mistakes := find_mistakes(as_rule(row), currency=held.currency):
        raise PolicyRefused(" ".join(dict.fromkeys(mistakes.values())), fields=mistakes)
    row.save()
    if position is not None:
        _place(held, row, position)
    record_edit(policy=held, by=by, before=before)
    return row


@transaction.atomic
def move_rule(*, policy: Policy, by: User, rule: PolicyRule, to: int) -> None:
    """Put a line of a draft at another place, the others closing up; places beyond the ends mean the ends."""
    held, before = _hold(policy)
    _place(held, held.rules.get(pk=rule.pk), to)
    record_edit(policy=held, by=by, before=before)


@transaction.atomic
def delete_rule(*, policy: Policy, by: User, rule: PolicyRule) -> None:
    """Take a line out of a draft, the others closing up."""
    held, before = _hold(policy)
    row = held.rules.get(pk=rule.pk)
    held.rules.filter(pk=row.pk).delete()
    held.rules.filter(position__gt=row.position).update(position=F("position") - 1)
    record_edit(policy=held, by=by, before=before)


def record_edit(*, policy: Policy, by: User, before: PolicyRules, note: str = "") -> None:
    """Keep in words what an edit changed; an edit that changed nothing leaves no trace."""
    changes = compare(before, as_rules(policy))
    lines = [f"{change.title}: {'; '.join(change.details)}" for change in changes]
    detail = " ".join([note, *lines]).strip()
    if detail:
        if len(detail) > DETAIL_LENGTH:
            detail = f"{detail[: DETAIL_LENGTH - 1]}…"
        PolicyEvent.objects.create(policy=policy, kind=PolicyEvent.Kind.EDITED, by=by, detail=detail)


def _hold(policy: Policy) -> tuple[Policy, PolicyRules]:
    """Return the draft, locked against a second editor and a submission, and what it says."""
    held = Policy.objects.select_for_update().get(pk=policy.pk)
    if not held.is_draft:
        raise PolicyIsNoDraft()
    return held, as_rules(held)


def _place(policy: Policy, rule: PolicyRule, to: int) -> None:
    others = list(policy.rules.exclude(pk=rule.pk).order_by("position"))
    others.insert(max(0, min(to - 1, len(others))), rule)
    for number, row in enumerate(others, start=1):
        row.position = number
    PolicyRule.objects.bulk_update(others, ["position"])
