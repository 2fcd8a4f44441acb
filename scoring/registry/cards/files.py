"""A card as one file: HTML that needs nothing beside it, or Markdown."""

import re
from pathlib import Path

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone

from scoring.models import ModelVersion
from scoring.registry.cards.building import build_card
from scoring.registry.cards.sections import Card, Section, Table

STYLE = Path(settings.BASE_DIR) / "static" / "css" / "model_card.css"
MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-!|~])")


def write_html(model: ModelVersion) -> str:
    """Return the card as one HTML file: its style inside, its charts drawn, no script, nothing loaded from anywhere."""
    style = STYLE.read_text(encoding="utf-8")
    given = {"card": build_card(model), "style": style, "made_at": timezone.now()}
    return render_to_string("scoring/card_file.html", given)


def write_markdown(model: ModelVersion) -> str:
    """Return the card as Markdown, without its charts; what people typed cannot become markup or HTML."""
    card: Card = build_card(model)
    lines = [f"# Model card: {escape(model.name)}", "", escape(card.status), ""]
    if model.is_simulated:
        lines += ["**Simulated data.**", ""]
    for section in card.sections:
        lines += [f"## {escape(section.title)}", "", *_section(section)]
    lines.append(f"Made {timezone.now():%Y-%m-%d %H:%M} UTC.")
    return "\n".join(lines) + "\n"


def escape(text: object) -> str:
    """Return text that Markdown shows as it is, on one line."""
    plain = " ".join(str(text).split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return MARKDOWN.sub(r"\\\1", plain)


def _section(section: Section) -> list[str]:
    if section.is_empty:
        return [escape(section.empty), ""]
    lines: list[str] = []
    for words in section.words:
        lines += [escape(words), ""]
    if section.facts:
        lines += [f"- {escape(name)}: {escape(value)}" for name, value in section.facts] + [""]
    for table in section.tables:
        lines += _table(table)
    if section.charts:
        lines += ["Drawn in the HTML file: " + ", ".join(escape(title) for title, _ in section.charts) + ".", ""]
    return lines


def _table(table: Table) -> list[str]:
    def row(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(escape(cell) for cell in cells) + " |"

    return [row(table.heads), "|" + " --- |" * len(table.heads), *map(row, table.rows), ""]
