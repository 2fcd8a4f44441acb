"""What stands in the way of an action on a day, as far as the facts tell. The contact gate in the database has the last word."""

from dataclasses import dataclass
from datetime import timedelta

from recovery.policy import words
from recovery.policy.actions import CHANNELS, LEGAL_REVIEW, WITHOUT_CONTACT, channel_of
from recovery.policy.facts import Facts

HOLDS = {
    "dispute": "the debt is disputed",
    "hardship": "hardship was reported",
    "cease": "the borrower asked not to be contacted",
    "attorney": "an attorney represents the borrower",
    "bankruptcy": "a bankruptcy is open",
    "deceased": "the borrower has died",
    "breathing_space": "a breathing space runs",
}


@dataclass(frozen=True, slots=True)
class Blocked:
    """An action that the policy wanted and that may not be taken, with the reason."""

    action: str
    reason: str


def find_block(action: str, facts: Facts, *, channel: str = "") -> str | None:
    """Return why an action may not be taken today, None if nothing known stands in its way.

    Limits of calls come with the facts, from the contact rule of where the borrower lives.
    """
    if facts.holds and action not in WITHOUT_CONTACT:
        return f"No contact: {words.join([HOLDS.get(hold, hold) for hold in facts.holds])}."
    if action == LEGAL_REVIEW and facts.is_time_barred:
        return "The debt is time-barred: no legal action may be taken or threatened."
    way = channel_of(action, channel)
    if way and ("" in facts.closed_channels or way in facts.closed_channels):
        return f"The borrower asked not to be contacted by {CHANNELS[way]}."
    if way != "call":
        return None
    if facts.last_conversation_on is not None and facts.conversation_wait_days is not None:
        again = facts.last_conversation_on + timedelta(days=facts.conversation_wait_days)
        if facts.as_of < again:
            return f"They were spoken to on {words.day(facts.last_conversation_on)}: no call before {words.day(again)}."
    if facts.call_limit is not None and facts.calls_in_window >= facts.call_limit:
        return f"{facts.calls_in_window} calls in {facts.call_days} days: no more are allowed for now."
    return None
