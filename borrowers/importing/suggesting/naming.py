"""What a header says: words, abbreviations and words written together, compared with the names of what we look for."""

import re
import unicodedata
from functools import cache

from borrowers.importing.suggesting.concepts import CONCEPTS
from borrowers.importing.suggesting.words import ABBREVIATIONS, CURRENCIES, WORDS_ALONE

CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9])|(?<=[0-9])(?=[A-Za-z])")
WORDS = re.compile(r"[^\W_]+", re.UNICODE)
FILLERS = frozenset({"of", "the", "in", "a", "de", "del", "la", "und", "to", "is", "for", "by"})
KEPT_WHOLE = ("o/s", "a/c", "w/o", "e-mail")
KNOWN = (
    frozenset(ABBREVIATIONS)
    | WORDS_ALONE
    | {word for names in CONCEPTS.values() for name in names for word in name.split()}
)
# Too short to be looked for inside a word: "at" is in "status", "no" in "nominal".
INSIDE = frozenset(word for word in KNOWN if len(word) > 2) | {"id", "no", "nr", "dt", "os"}


def without_accents(header: str) -> str:
    """Return a header in plain letters where there are such: "fällig am" is "fallig am"."""
    return "".join(c for c in unicodedata.normalize("NFKD", header) if not unicodedata.combining(c))


@cache
def words_of(header: str) -> tuple[str, ...]:
    """Return a header as words: "CustAcctNo" and "customeraccountnumber" are both customer account number."""
    text = without_accents(header)
    found: list[str] = []
    for whole in KEPT_WHOLE:
        if whole in text.lower():
            found.append(ABBREVIATIONS[whole])
            text = re.sub(re.escape(whole), " ", text, flags=re.IGNORECASE)
    # "DPD30" and "yyyymm" are taken as they are before camels are split
    for part in WORDS.findall(text):
        pieces = [part] if part.lower() in KNOWN else CAMEL.sub(" ", part).split()
        for piece in pieces:
            found += _read(piece.lower())
    return tuple(word for word in " ".join(found).split() if word not in FILLERS and word.upper() not in CURRENCIES)


def currency_of(header: str) -> str:
    """Return the currency that a header names, "Amount (NGN)"; empty if none."""
    named = [word for word in WORDS.findall(header) if word in CURRENCIES]
    return named[0] if len(named) == 1 else ""


def _read(word: str) -> list[str]:
    if word in ABBREVIATIONS:
        return [ABBREVIATIONS[word]]
    if word in KNOWN or len(word) < 5:
        return [word]
    return [ABBREVIATIONS.get(part, part) for part in _split(word)] or [word]


@cache
def _split(word: str) -> tuple[str, ...]:
    """Return the known words that one is written together from, the fewest; nothing if it is not made of them."""
    best: dict[int, tuple[str, ...]] = {0: ()}
    for end in range(1, len(word) + 1):
        for start in range(end):
            if start in best and word[start:end] in INSIDE | FILLERS:
                parts = (*best[start], word[start:end])
                if end not in best or len(parts) < len(best[end]):
                    best[end] = parts
    return best.get(len(word), ())


@cache
def match_names(header: str) -> dict[str, float]:
    """Return how well a header fits each thing we look for, 0 to 1; what does not fit at all is left out."""
    words = words_of(header)
    scores = {}
    for concept, names in CONCEPTS.items():
        best = 0.0
        for place, name in enumerate(names):
            wanted = _canonical(name)
            if not set(wanted) <= set(words):
                continue
            if set(wanted) == set(words):
                best = max(best, 1.0 - place * 0.004)
            else:
                covered = len(set(wanted)) / len(set(words))
                best = max(best, 0.35 + 0.5 * covered)
        if best > 0.4:
            scores[concept] = round(best, 3)
    return scores


@cache
def _canonical(name: str) -> tuple[str, ...]:
    return tuple(word for part in name.split() for word in ABBREVIATIONS.get(part, part).split() if word not in FILLERS)
