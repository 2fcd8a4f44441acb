"""Makers of policies for tests."""

from datetime import date
from typing import Any

from creditpath.accounts.models import User
from recovery.models import Policy
from recovery.policymaking.services import approve_policy, draft_policy, submit_policy, write_rule

LINE: dict[str, Any] = {"action": "call", "reason": "Late.", "expected_minutes": 5}


def make_draft(by: User, *lines: dict[str, Any], title: str = "Draft", based_on: Policy | None = None) -> Policy:
    """Return a draft with lines; each takes from LINE what it leaves out."""
    policy = draft_policy(by=by, title=title, based_on=based_on)
    for line in lines:
        write_rule(policy=policy, by=by, values=LINE | line)
    return policy


def put_in_force(policy: Policy, *, submitter: User, approver: User, day: date) -> Policy:
    submit_policy(policy=policy, by=submitter, waiver="a test")
    return approve_policy(policy=policy, by=approver, effective_from=day)
