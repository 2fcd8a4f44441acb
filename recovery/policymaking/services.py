"""The verbs of policies."""

from recovery.policymaking.approving import (
    approve_policy,
    earliest_day,
    find_replay,
    return_policy,
    submit_policy,
    withdraw_policy,
)
from recovery.policymaking.drafting import change_policy, delete_rule, draft_policy, move_rule, write_rule
from recovery.policymaking.reading import as_rule, as_rules, get_policy
from recovery.policymaking.replaying import plan_replay, request_replay, run_replay
from recovery.policymaking.starting import ensure_default_policy

__all__ = [
    "approve_policy",
    "as_rule",
    "as_rules",
    "change_policy",
    "delete_rule",
    "draft_policy",
    "earliest_day",
    "ensure_default_policy",
    "find_replay",
    "get_policy",
    "move_rule",
    "plan_replay",
    "request_replay",
    "return_policy",
    "run_replay",
    "submit_policy",
    "withdraw_policy",
    "write_rule",
]
