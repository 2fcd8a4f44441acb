"""From a template to the exact text: fields of a fixed list, in braces. Nothing in a template is ever executed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from recovery.errors import TemplateRefused

# What each field is, for those who write templates. A field that is not here is an error.
FIELDS: Mapping[str, str] = {
    "borrower_name": "the borrower's whole name",
    "first_name": "the first word of it",
    "borrower_number": "the lender's number of the borrower",
    "loan_number": "the number of the loan",
    "overdue_amount": "what is overdue on it, such as USD 150.00",
    "outstanding_amount": "what is outstanding on it",
    "ask_amount": "what today's recommendation asks for, else what is overdue",
    "days_past_due": "days past due, such as 12",
    "next_due_on": "the next due day, such as 15 Jul 2026",
    "next_due_amount": "the next instalment",
    "today": "the business date",
    "lender_name": "the lender's name",
    "lender_phone": "where the lender is called",
    "agent_name": "who sends it",
    "opt_out_link": "how to stop such messages: a link, or what to reply",
}
_PIECE = re.compile(r"\{([^{}]*)\}")
# Line breaks and marks of direction in a value could make a text read as something else.
_NOT_IN_A_VALUE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_TWICE = frozenset("^{}\\[~]|€")


@dataclass(frozen=True)
class Rendered:
    """A text as it is sent."""

    subject: str
    text: str

    @property
    def n_parts(self) -> int:
        """Return how many text messages it makes: 160 characters in one, 153 in each of several; fewer beyond GSM 7."""
        if set(self.text) <= GSM_7 | GSM_7_TWICE:
            length, one, each = len(self.text) + sum(sign in GSM_7_TWICE for sign in self.text), 160, 153
        else:
            length, one, each = len(self.text.encode("utf-16-le")) // 2, 70, 67
        return 1 if length <= one else -(-length // each)


def fields_of(text: str) -> list[str]:
    """Return the fields of a text in order; raises TemplateRefused, naming the first that does not exist, or a lone brace."""
    names = _PIECE.findall(text)
    for name in names:
        if name not in FIELDS:
            close = get_close_matches(name, FIELDS, n=1)
            hint = f" Did you mean {{{close[0]}}}?" if close else f" There are {', '.join(FIELDS)}."
            raise TemplateRefused(f"There is no field {{{name}}}.{hint}")
    if set(_PIECE.sub("", text)) & {"{", "}"}:
        raise TemplateRefused("A brace stands alone: write fields as {first_name}, and no other braces.")
    return list(dict.fromkeys(names))


def render(*, subject: str, body: str, values: Mapping[str, str]) -> Rendered:
    """Put values in the place of fields; raises TemplateRefused where a field is not known for this borrower."""
    missing = [name for name in fields_of(f"{subject}\n{body}") if not values.get(name)]
    if missing:
        named = ", ".join(f"{{{name}}}" for name in missing)
        raise TemplateRefused(f"{named} is not known here: choose another template, or complete the books.")
    return Rendered(subject=_fill(subject, values), text=_fill(body, values))


def _fill(text: str, values: Mapping[str, str]) -> str:
    return _PIECE.sub(lambda piece: _NOT_IN_A_VALUE.sub(" ", values[piece[1]]).strip(), text)
