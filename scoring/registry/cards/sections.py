"""What a card is made of, and the words for what is in it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.safestring import SafeString

from scoring.models import ModelVersion


@dataclass(frozen=True)
class Table:
    """Rows under headings; the first column is what a row is about."""

    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Section:
    """A part of a card: sentences, then facts, tables and charts."""

    title: str
    words: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[tuple[str, SafeString], ...] = ()
    empty: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.words or self.facts or self.tables or self.charts)


@dataclass(frozen=True)
class Card:
    """All of a card, in the order in which it is read."""

    model: ModelVersion
    status: str
    sections: tuple[Section, ...] = field(default_factory=tuple)


def known(facts: Sequence[tuple[str, Any]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(value)) for name, value in facts if value not in (None, ""))


def percent(value: Any) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else ""


def words_of(value: Any) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{name}: {words_of(one)}" for name, one in value.items())[:1500]
    if isinstance(value, list | tuple):
        return ", ".join(words_of(one) for one in value)[:600]
    return f"{value:.6g}" if isinstance(value, float) else str(value)
