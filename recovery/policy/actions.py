"""What can be done about a debt, how it is carried out, and in which tone."""

NO_ACTION = "no_action"
LEGAL_REVIEW = "legal_review"

# How an action is named in the middle of a sentence.
ACTIONS = {
    NO_ACTION: "no action",
    "reminder": "reminder",
    "email": "e-mail",
    "sms": "text message",
    "call": "call",
    "plan": "payment plan",
    "settlement": "settlement",
    "visit": "visit",
    LEGAL_REVIEW: "legal review",
}
# How an action is carried out where its line says nothing else.
CHANNEL_OF = {
    "reminder": "sms",
    "email": "email",
    "sms": "sms",
    "call": "call",
    "plan": "call",
    "settlement": "call",
    "visit": "visit",
}
CHANNELS = {
    "call": "call",
    "sms": "text message",
    "email": "e-mail",
    "letter": "letter",
    "visit": "visit",
    "inbound": "inbound call",
}
TONES = {"friendly": "friendly", "neutral": "matter-of-fact", "firm": "firm"}
# While a hold stands, nobody is contacted: these are all that a line may name for such cases.
WITHOUT_CONTACT = frozenset({NO_ACTION, LEGAL_REVIEW})


def channel_of(action: str, channel: str = "") -> str:
    """Return how an action is carried out, "" where nobody is contacted."""
    return "" if action in WITHOUT_CONTACT else channel or CHANNEL_OF[action]
