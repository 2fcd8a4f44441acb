"""What the values of a column are, as a record that pages can keep."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["empty", "date", "number", "percent", "phone", "email", "code", "currency", "flag", "text"]


@dataclass(frozen=True)
class Look:
    """What the values of one column are, judged by a sample."""

    kind: Kind
    n: int
    n_filled: int
    n_distinct: int
    examples: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()  # of dates that are not ISO
    order_is_known: bool = True  # of day and month
    has_clock: bool = False
    decimal: str = "."
    thousands: str = ""
    sign: str = ""  # the currency written into the amounts
    is_whole: bool = False
    places: int = 0
    low: float | None = None
    high: float | None = None
    middle: float | None = None
    sentinels: tuple[str, ...] = ()
    nothings: tuple[str, ...] = ()  # written for "no value", beyond the ones always understood
    n_odd: int = 0  # filled cells that are not of the kind
    odd: str = ""

    @property
    def is_unique(self) -> bool:
        return self.n_filled > 0 and self.n_distinct == self.n_filled

    @property
    def is_filled(self) -> bool:
        return self.n_filled == self.n > 0
