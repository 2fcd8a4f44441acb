"""Tables of the work, by subject."""

from recovery.models.contact_rules import ContactProfile, ContactRule, Jurisdiction, LimitationPeriod, Profile
from recovery.models.decisions import Recommendation
from recovery.models.holds import Hold, ValidationNotice
from recovery.models.policies import Action, Policy, PolicyRule
from recovery.models.reservations import ContactBlock, ContactReservation
from recovery.models.worklists import WorklistItem

__all__ = [
    "Action",
    "ContactBlock",
    "ContactProfile",
    "ContactReservation",
    "ContactRule",
    "Hold",
    "Jurisdiction",
    "LimitationPeriod",
    "Policy",
    "PolicyRule",
    "Profile",
    "Recommendation",
    "ValidationNotice",
    "WorklistItem",
]
