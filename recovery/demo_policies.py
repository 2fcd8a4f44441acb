"""The demo's policies: two versions in force after each other, a draft that was tried on past days, and what an agent said."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from borrowers.services import get_business_date
from creditpath.accounts.models import User
from recovery.models import Policy, PolicyRule, WorklistItem
from recovery.policymaking.services import plan_replay, run_replay
from recovery.services import (
    answer_recommendation,
    approve_policy,
    change_policy,
    draft_policy,
    ensure_default_policy,
    submit_policy,
    write_rule,
)

HISTORY = timedelta(days=90)
TRIED_DAYS, TRIED_EVERY = 60, 10


def make_policies() -> dict[str, Any]:
    """Let the starting policy have counted for three months, and a second version take its place on the business date."""
    today = get_business_date()
    manager, admin = (User.objects.get(username=name) for name in ("manager", "admin"))
    first = ensure_default_policy(as_of=today - HISTORY)
    second = draft_policy(by=manager, title="Write sooner, visit later", based_on=first)
    _change(second, manager, "sms-week", {"deadline_days": 1})
    _change(second, manager, "broken-promise", {"escalate_after_attempts": 8})
    submit_policy(policy=second, by=manager, waiver="The demonstration begins: nothing was decided before.")
    approve_policy(policy=second, by=admin, effective_from=today)
    return {"in_force": second.version, "before": first.version}


def try_draft() -> dict[str, Any]:
    """Draft a third version and try it on past days, for somebody to submit."""
    manager = User.objects.get(username="manager")
    today = get_business_date()
    draft = draft_policy(
        by=manager, title="Fewer calls in the first month", based_on=Policy.objects.in_force(today).get()
    )
    change_policy(
        policy=draft, by=manager, title=draft.title, currency=draft.currency, exploration_ratio=Decimal("0.08")
    )
    _change(
        draft,
        manager,
        "call-week",
        {"action": "email", "alternatives": ["sms", "call"], "expected_minutes": 2, "min_days_past_due": 8},
    )
    _change(draft, manager, "call-31", {"min_days_since_contact": 3})
    replay = plan_replay(policy=draft, by=manager, days=TRIED_DAYS, every_days=TRIED_EVERY)
    return run_replay(replay=replay, tell=lambda done, total, message: None).as_json()


def answer_as_an_agent() -> dict[str, Any]:
    """Let an agent accept the first case of the list and decide otherwise on the second."""
    agent = User.objects.get(username="agent")
    items = WorklistItem.objects.on(get_business_date()).filter(agent=agent).order_by("rank")
    cases = [item.recommendation for item in items.select_related("recommendation")[:10]]
    calls = [case for case in cases if case.action == "call"] or cases
    if calls:
        answer_recommendation(recommendation=calls[0], by=agent)
    if len(calls) > 1:
        other = "email" if calls[1].action != "email" else "sms"
        answer_recommendation(
            recommendation=calls[1], by=agent, action=other, reason="Works nights and asked to be written to."
        )
    return {"answers": min(len(calls), 2)}


def _change(policy: Policy, by: User, key: str, values: dict[str, Any]) -> None:
    write_rule(policy=policy, by=by, rule=PolicyRule.objects.get(policy=policy, key=key), values=values)
