"""The verbs of recovery."""

from recovery.contacts.services import contact_permissions, record_action
from recovery.recommending import ensure_default_policy, get_policy, recommend_actions
from recovery.reports import ActionReport, RecommendationReport, WorklistReport
from recovery.worklist import next_case, plan_worklists

__all__ = [
    "ActionReport",
    "RecommendationReport",
    "WorklistReport",
    "contact_permissions",
    "ensure_default_policy",
    "get_policy",
    "next_case",
    "plan_worklists",
    "recommend_actions",
    "record_action",
]
