"""The verbs of teams."""

from recovery.teams.calling_back import next_call_back
from recovery.teams.capacity import absences_to_come, is_absent, working_days
from recovery.teams.handing_over import OpenCase, hand_over, open_cases, room_left, who_looks_after
from recovery.teams.overview import AgentDay, agent_days
from recovery.teams.scheduling import end_absence, get_week, get_weeks, record_absence, set_week

__all__ = [
    "AgentDay",
    "OpenCase",
    "absences_to_come",
    "agent_days",
    "end_absence",
    "get_week",
    "get_weeks",
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
