"""The verbs of contacts."""

from recovery.contacts.recording import record_action

__all__ = ["record_action"]
