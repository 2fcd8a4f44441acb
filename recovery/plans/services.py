"""The verbs of plans."""

from recovery.plans.offering import build_offer, build_offers, get_standing
from recovery.plans.progress import check_plans, find_plans, show_plans
from recovery.plans.proposing import activate_plan, cancel_plan, choose_plan, propose_plan

__all__ = [
    "activate_plan", "build_offer", "build_offers", "cancel_plan", "check_plans", "choose_plan", "find_plans", "get_standing",
    "propose_plan", "show_plans",
]  # fmt: skip
