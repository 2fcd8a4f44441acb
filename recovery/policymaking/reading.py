"""Versions of the policy as values that pure code decides with."""

import hashlib
import json
from datetime import date

from recovery.models import Policy, PolicyRule
from recovery.policy import PolicyRules, Rule
from recovery.policy.sentences import as_values
from recovery.policymaking.starting import ensure_default_policy

_LISTS = ("tiers", "buckets", "products", "alternatives")
SAME_NAMES = tuple(name for name in Rule.__dataclass_fields__ if name not in ("id", *_LISTS))


def get_policy(*, as_of: date) -> PolicyRules:
    """Return the policy in force on a day, the starting policy if there is none yet; two queries."""
    return as_rules(Policy.objects.in_force(as_of).first() or ensure_default_policy(as_of=as_of))


def as_rules(policy: Policy) -> PolicyRules:
    """Return a version with its lines as values; one query."""
    return PolicyRules(
        id=policy.pk,
        version=policy.version,
        title=policy.title,
        exploration_ratio=float(policy.exploration_ratio),
        seed=policy.seed,
        currency=policy.currency,
        rules=tuple(as_rule(row) for row in policy.rules.order_by("position")),
    )


def as_rule(row: PolicyRule) -> Rule:
    """Return a line as a value."""
    return Rule(
        id=row.pk,
        tiers=tuple(row.tiers),
        buckets=tuple(row.buckets),
        products=tuple(row.products),
        alternatives=tuple(row.alternatives),
        **{name: getattr(row, name) for name in SAME_NAMES},
    )


def hash_of(policy: PolicyRules) -> str:
    """Return a hash of all that a version says; two versions of one hash decide alike."""
    said = [policy.exploration_ratio, policy.currency, policy.seed, *(as_values(rule) for rule in policy.rules)]
    return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).hexdigest()
