"""The verbs of model cards."""

from scoring.registry.cards.building import build_card, card_part
from scoring.registry.cards.files import write_html, write_markdown
from scoring.registry.cards.sections import Section, Table

__all__ = ["Section", "Table", "build_card", "card_part", "write_html", "write_markdown"]
