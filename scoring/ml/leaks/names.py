"""Names that tell of what happened after the outcome began, or of the outcome itself."""

import re

# What a name proves: it speaks of what comes after default, of the end of the loan, or of a time to come.
PROVEN = {
    r"recover(y|ies|ed)?\b": "what was recovered is known after the default alone",
    r"\b(lgd|loss given)\b": "a loss given default is known after the default alone",
    r"\b(charge ?off|charged off|write ?off|written off|wo)\b": "a charge-off is the outcome or follows it",
    r"\b(settlement|settled)\b": "a settlement follows the default",
    r"\b(pay ?off|paid off|prepaid|prepayment)\b": "a pay-off ends the loan",
    r"\b(foreclos\w*|reposs\w*)\b": "it follows the default",
    r"\bdefault (date|time|day|month|amount|flag|indicator|status)\b": "it tells the default itself",
    r"\b(resolution|resolved|res time|workout)\b": "a resolution follows the default",
    r"\b(future|forward|fwd|ahead|subsequent|following)\b": "it speaks of a time to come",
    r"\b(outcome|performance|label|target) (window|period|month|\d+)\b": "it is counted over the window of the outcome",
    r"\bnext \d+ ?(d|day|days|m|month|months|q|y)\b": "it is counted over a time to come",
    r"\bcollection (fee|cost|recovery)": "collecting costs come after the default",
}
# What a name only suggests; its values have to bear it out.
SUGGESTED = {
    r"\b(total|tot) (pymnt|payment|paid|rec|received)\b": "all that was paid may include what came after",
    r"\blast (pymnt|payment|paid|credit pull|fico)\b": "the last of something may lie after the outcome",
    r"\bout (prncp|principal)\b": "what is outstanding now may be what the outcome left",
    r"\b(hardship|debt settlement)\b": "it may follow the default",
    r"\bstatus\b": "a status may tell the outcome",
    r"\bclos(ed|ing|e) (date|on|day)\b": "the end of the loan may be the outcome",
    r"\bdays? (late|past due|overdue)\b": "lateness may be measured when the outcome was",
    r"\b(after|post)\b": "it may be of a time after the decision",
}
# History from before the decision, whatever it tells of.
EARLIER = re.compile(r"\b(prev|previous|prior|past|earlier|history|historic|hist|on file|before|bureau)\b")
LENGTHS = re.compile(r"\b(duration|call length|talk time|handle time|call seconds|call minutes)\b")
CONTACTS = re.compile(r"\b(contact|call|campaign|poutcome|previous contacts|pdays)\b")


def words_of(name: str) -> str:
    """Return a header as lower-case words: "collection_recoveryFee" is "collection recovery fee"."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|[\W_]+", " ", name)
    return " ".join(split.lower().split())


def proves(name: str, others: list[str]) -> str:
    """Return why the name alone, among the other names of the table, proves that its values came too late; "" if not."""
    words = words_of(name)
    if EARLIER.search(words):
        return ""
    if LENGTHS.search(words) and any(CONTACTS.search(words_of(other)) for other in others if other != name):
        return "how long a contact took is known when it is over, and so is its outcome"
    return next((why for pattern, why in PROVEN.items() if re.search(pattern, words)), "")


def suggests(name: str) -> str:
    """Return why the name gives cause to look at the values; "" if it does not."""
    words = words_of(name)
    return next((why for pattern, why in SUGGESTED.items() if re.search(pattern, words)), "")
