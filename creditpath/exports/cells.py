"""What stands in a cell: text is never run as a formula, numbers stay numbers."""

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from typing import Any

from django.db.models import BinaryField, Model
from django.utils import timezone

Column = tuple[str, Callable[[Any], Any]]

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff￾￿]")
LONGEST_IN_EXCEL = 32_767


def csv_cell(value: Any) -> Any:
    """Return what a spreadsheet shows as it is: text that it would run as a formula gets an apostrophe, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, bool | int | float | Decimal):
        return value
    text = _text(value).replace("\x00", "")
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA_STARTS) else text


def excel_cell(value: Any) -> Any:
    """Return a number, a day, an instant in the lender's zone, or text; the caller types text as text."""
    if value is None or isinstance(value, bool | int | float | Decimal):
        return value
    if isinstance(value, datetime):
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    if isinstance(value, date):
        return value
    return NOT_IN_XML.sub("", _text(value))[:LONGEST_IN_EXCEL]


def _text(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def columns_of(model: type[Model], related: tuple[str, ...]) -> tuple[Column, ...]:
    """Return a column for each field of a model; a related row is called by its name where the list reads it anyhow."""
    columns: list[Column] = []
    for field in model._meta.concrete_fields:
        if isinstance(field, BinaryField):
            continue
        name = field.name if not field.is_relation or field.name in related else field.attname
        columns.append((str(field.verbose_name), attrgetter(name)))
    return tuple(columns)
