"""The verbs of contacts."""

from recovery.contacts.calling_back import due_call_backs, open_call_backs
from recovery.contacts.holds import lift_hold, record_validation_notice, set_hold
from recovery.contacts.permission import Answer, Reason, contact_permission, contact_permissions, read_answer
from recovery.contacts.recording import record_action
from recovery.contacts.reserving import (
    ReservationReport,
    ask_again,
    expire_reservations,
    log_refusal,
    record_block,
    release_contact,
    reserve_contact,
)
from recovery.contacts.rules import approve_rule, choose_contact_profile
from recovery.contacts.shipped import ensure_shipped_rules

__all__ = [
    "Answer",
    "Reason",
    "ReservationReport",
    "approve_rule",
    "ask_again",
    "choose_contact_profile",
    "contact_permission",
    "contact_permissions",
    "due_call_backs",
    "ensure_shipped_rules",
    "expire_reservations",
    "lift_hold",
    "log_refusal",
    "open_call_backs",
    "read_answer",
    "record_action",
    "record_block",
    "record_validation_notice",
    "release_contact",
    "reserve_contact",
    "set_hold",
]
