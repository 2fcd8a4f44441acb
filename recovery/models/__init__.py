"""Tables of the work, by subject."""

from recovery.models.decisions import Recommendation
from recovery.models.policies import Action, Policy, PolicyRule
from recovery.models.worklists import WorklistItem

__all__ = ["Action", "Policy", "PolicyRule", "Recommendation", "WorklistItem"]
