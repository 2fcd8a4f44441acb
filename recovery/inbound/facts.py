"""What a caller can be asked to prove who they are, and whether an answer fits the books."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from django.conf import settings

from borrowers.models import Borrower, ContactPoint

_POSTCODE = re.compile(r"(?=[a-z0-9]*[0-9])[a-z0-9]{4,}")


@dataclass(frozen=True)
class Fact:
    """One question: its words, the kind of field, what the books hold, and whether an answer is one of these."""

    label: str
    hint: str
    input_type: str
    read: Callable[[Borrower], frozenset[str]]
    write: Callable[[str], str]


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text.strip()).isoformat()
    except ValueError:
        return ""


def _birth_date(borrower: Borrower) -> frozenset[str]:
    return frozenset({borrower.birth_date.isoformat()} if borrower.birth_date else ())


def _postcodes(borrower: Borrower) -> frozenset[str]:
    """Return the parts of postal addresses that look like a postcode, two that stand together as one too, such as SW1A 1AA."""
    found: set[str] = set()
    for address in borrower.contact_points.filter(kind=ContactPoint.Kind.ADDRESS).values_list("value", flat=True):
        for part in address.split(",")[1:] or [address]:  # the street's number is in the first part
            words = [_plain(word) for word in part.split()]
            found |= {word for word in words if _POSTCODE.fullmatch(word)}
            found |= {a + b for a, b in pairwise(words) if _POSTCODE.fullmatch(a + b)}
    return frozenset(found)


def _loan_ends(borrower: Borrower) -> frozenset[str]:
    numbers = (_plain(number) for number in borrower.loans.values_list("external_id", flat=True))
    return frozenset(number[-4:] for number in numbers if len(number) >= 4)


def _customer_number(borrower: Borrower) -> frozenset[str]:
    return frozenset({_plain(borrower.external_id)} - {""})


KNOWN: Mapping[str, Fact] = {
    "birth_date": Fact("Date of birth", "", "date", _birth_date, _day),
    "postcode": Fact("Postcode", "Of an address that we know.", "text", _postcodes, _plain),
    "loan_last_4": Fact("Last 4 of the loan's number", "Of any of their loans.", "text", _loan_ends, _plain),
    "customer_number": Fact("Customer number", "", "text", _customer_number, _plain),
}


def asked_facts() -> Mapping[str, Fact]:
    """Return what the lender asks for, in its order."""
    return {name: KNOWN[name] for name in settings.IDENTITY_FACTS if name in KNOWN}


def held_facts(borrower: Borrower) -> Mapping[str, frozenset[str]]:
    """Return what the books hold of each fact that is asked for; at most two queries."""
    return {name: held for name, fact in asked_facts().items() if (held := fact.read(borrower))}


def given_answers(answers: Mapping[str, str]) -> dict[str, str]:
    """Return what was answered of the facts that are asked for, in their order."""
    return {name: said for name in asked_facts() if (said := answers.get(name, "").strip())}


def find_wrong(borrower: Borrower, given: Mapping[str, str]) -> list[str]:
    """Return which answers do not fit what the books hold; what they do not hold fits nothing. At most two queries."""
    facts, held = asked_facts(), held_facts(borrower)
    return [name for name, said in given.items() if facts[name].write(said) not in held.get(name, frozenset())]
