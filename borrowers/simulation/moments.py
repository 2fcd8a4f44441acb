"""Instants of many days in many zones at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]

NOON = 12 * 3600


def instants(day: Ints, second: Ints, zone: Ints, *, zones: Sequence[str]) -> Ints:
    """Return microseconds since 1970, UTC, of seconds of local days (days since 1970) in zones picked by number.

    A zone's offset at noon counts for the day, which is right from breakfast on: clocks are changed at night.
    """
    if not len(day):
        return np.zeros(0, np.int64)
    first, last = int(day.min()), int(day.max())
    offsets = np.array([[_offset(name, each) for each in range(first, last + 1)] for name in zones])
    return (day * 86_400 + second - offsets[zone, day - first]) * 1_000_000


@cache
def _offset(zone: str, day: int) -> int:
    noon = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day, seconds=NOON)).replace(tzinfo=ZoneInfo(zone))
    offset = noon.utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
