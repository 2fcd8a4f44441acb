"""What the rows of a block have in common: its ids, its clock, the staff it meets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import Model
from numpy.typing import NDArray

from borrowers.simulation.blocks import Block
from borrowers.simulation.lending import Calendar
from borrowers.simulation.moments import instants
from borrowers.simulation.parameters import Parameters

Ints = NDArray[np.int64]
Text = NDArray[np.bytes_]

BUSINESS_OPENS, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES = 8 * 3600, 10 * 3600 + 1800, 18 * 3600


@dataclass(frozen=True)
class Staff:
    """Who services: team ids, and the agents of each."""

    team_ids: tuple[int, ...]
    agent_ids: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Rows:
    """Columns of one table, and how many of the rows are of a kind that is reported."""

    model: type[Model]
    columns: Mapping[str, Any]
    n: int
    kinds: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Frame:
    """A block on its way into the tables; `first_ids` are the next free ids of each."""

    block: Block
    first_ids: Mapping[type[Model], int]
    products: Sequence[int]
    staff: Staff
    calendar: Calendar
    parameters: Parameters

    def ids(self, model: type[Model], n: int) -> Ints:
        return self.first_ids[model] + np.arange(n)

    def id_of(self, model: type[Model], index: Ints) -> Ints:
        return self.first_ids[model] + index

    def lender_time(self, day: Ints, second: Ints | int) -> Ints:
        """Return instants of the lender's zone."""
        zone = np.zeros(len(day), np.int64)
        return instants(day, np.broadcast_to(second, len(day)), zone, zones=[settings.TIME_ZONE])

    def approved_at(self) -> Ints:
        return self.lender_time(self.block.loans.approved_day, self.block.loans.approved_minute * 60)

    def first_loan_day(self) -> Ints:
        """Return the day on which each borrower's first loan was approved."""
        first = np.full(len(self.block.people), self.calendar.as_of)
        np.minimum.at(first, self.block.loans.borrower, self.block.loans.approved_day)
        return first

    def booked(self, day: Ints) -> Ints:
        """Draw the second of the day at which entries are booked; of the business date there was only the morning."""
        closes = np.where(day == self.calendar.as_of, BOOKED_UNTIL_TODAY, BUSINESS_CLOSES)
        return BUSINESS_OPENS + np.floor(self.block.rng.random(len(day)) * (closes - BUSINESS_OPENS)).astype(np.int64)


def words(texts: Sequence[str]) -> Text:
    return np.array([text.encode() for text in texts])


def numbered(prefix: bytes, number: Ints) -> Text:
    return joined(prefix, np.strings.zfill(number.astype("S7"), 7)) if len(number) else np.zeros(0, "S1")


def joined(*parts: Any) -> Text:
    text = parts[0]
    for part in parts[1:]:
        text = np.strings.add(text, part)
    return text
