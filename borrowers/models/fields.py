"""How money and clocks are stored."""

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

MONEY_LIMIT = Decimal("1000000000000")


class MoneyField(models.DecimalField):
    """An exact amount with two decimals in the currency of its loan."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("max_digits", 14)
        options.setdefault("decimal_places", 2)
        super().__init__(**options)


def booked_at_field() -> models.DateTimeField:
    """Return the second clock of an entry: when it was known, an aware instant, by default now."""
    return models.DateTimeField(
        db_default=Now(), help_text="When the entry was known, which may be later than it counts."
    )


def is_money(field: str, *, above_zero: bool = False) -> Q:
    """Return the CHECK of an amount of zero or more; the upper edge also keeps NUMERIC's NaN out, which sorts above all."""
    return Q(**{f"{field}__gt" if above_zero else f"{field}__gte": 0, f"{field}__lt": MONEY_LIMIT})
