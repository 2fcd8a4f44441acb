"""The verbs of inbound calls."""

from recovery.inbound.checking import check_identity, find_passed, refuse_after_failures
from recovery.inbound.finding import Callers, find_callers

__all__ = ["Callers", "check_identity", "find_callers", "find_passed", "refuse_after_failures"]
