"""The verbs of recovery."""

from recovery.contacts.services import contact_permissions, record_action
from recovery.decisions.services import answer_recommendation, recommend_actions
from recovery.policymaking.services import (
    approve_policy,
    change_policy,
    delete_rule,
    draft_policy,
    ensure_default_policy,
    get_policy,
    move_rule,
    request_replay,
    return_policy,
    submit_policy,
    withdraw_policy,
    write_rule,
)
from recovery.reports import ActionReport, RecommendationReport, ReplayReport, WorklistReport
from recovery.teams.services import (
    end_absence,
    hand_over,
    next_call_back,
    record_absence,
    set_week,
)
from recovery.worklist import next_case, plan_worklists

__all__ = [
    "ActionReport",
    "RecommendationReport",
    "ReplayReport",
    "WorklistReport",
    "answer_recommendation",
    "approve_policy",
    "change_policy",
    "contact_permissions",
    "delete_rule",
    "draft_policy",
    "end_absence",
    "ensure_default_policy",
    "get_policy",
    "hand_over",
    "move_rule",
    "next_call_back",
    "next_case",
    "plan_worklists",
    "recommend_actions",
    "record_absence",
    "record_action",
    "request_replay",
    "return_policy",
    "set_week",
    "submit_policy",
    "withdraw_policy",
    "write_rule",
]
