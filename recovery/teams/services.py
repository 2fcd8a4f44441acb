"""The verbs of teams."""

from recovery.teams.calling_back import next_call_back
from recovery.teams.capacity import absences_to_come, is_absent, working_days
from recovery.teams.handing_over import hand_over, open_cases, room_left, who_looks_after
from recovery.teams.scheduling import end_absence, get_week, record_absence, set_week

__all__ = [
    "absences_to_come",
    "end_absence",
    "get_week",
    "hand_over",
    "is_absent",
    "next_call_back",
    "open_cases",
    "record_absence",
    "room_left",
    "set_week",
    "who_looks_after",
    "working_days",
]
