"""Learn from the cells of a table what each column is. No label is looked at, so nothing of it can leak into the features."""

import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.specification.parsing import find_date_format, find_decimal, read_numbers, strip_nothing
from scoring.ml.specification.schema import MISSING, RARE, Column, Specification

MOST = 0.97  # of the filled cells must be of a kind
LEVELS_LIMIT = 40
LEAST_SHARE_OF_LEVEL = 0.002
LEAST_ROWS_OF_LEVEL = 10
SENTINEL_ROWS = 5
SENTINELS_LIMIT = 4
ID_WORDS = frozenset({"id", "no", "nr", "number", "key", "uuid", "guid", "index", "unnamed", "serial", "rownum", "ssn"})
FREE_TEXT_SHARE = 0.5


def learn_specification(frame: pd.DataFrame) -> Specification:
    """Return what each column of a frame of text becomes; linear in the cells."""
    return Specification(tuple(learn_column(str(name), frame[name]) for name in frame.columns))


def learn_column(name: str, text: pd.Series) -> Column:
    cells = strip_nothing(text).dropna()
    if not len(cells):
        return Column(name, "left_out", why="it is empty")
    n_distinct = cells.nunique()
    if n_distinct == 1 and len(cells) == len(text):
        return Column(name, "left_out", why=f"every row says {cells.iloc[0][:40]!r}")
    decimal = find_decimal(cells)
    numbers = read_numbers(cells, decimal=decimal)
    if np.isfinite(numbers).mean() >= MOST:
        present = numbers[np.isfinite(numbers)]
        if why := _is_identifier(name, present, n_rows=len(text)):
            return Column(name, "left_out", why=why)
        if find_date_format(cells) == "%Y%m%d":
            return Column(name, "date", form="%Y%m%d")
        return Column(name, "number", decimal=decimal, sentinels=find_sentinels(present))
    if form := find_date_format(cells):
        return Column(name, "date", form=form)
    if n_distinct > LEVELS_LIMIT and n_distinct > FREE_TEXT_SHARE * len(cells):
        return Column(
            name, "left_out", why=f"{n_distinct:,} different texts in {len(cells):,} rows: an identifier or free text"
        )
    counts = cells.value_counts()
    least = max(LEAST_ROWS_OF_LEVEL, LEAST_SHARE_OF_LEVEL * len(text))
    frequent = counts[counts >= least].head(LEVELS_LIMIT)
    levels = sorted(map(str, frequent.index))
    if not levels:
        return Column(name, "left_out", why=f"none of its {n_distinct:,} values is in {least:.0f} rows or more")
    others = [RARE] if len(frequent) < n_distinct else []
    missing = [MISSING] if len(cells) < len(text) else []
    return Column(name, "category", levels=(*levels, *others, *missing))


def find_sentinels(values: NDArray[np.float64]) -> tuple[float, ...]:
    """Return at most four values that stand far off all others and repeat: codes such as 98, 999 or -999 for something else."""
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 6:
        return ()
    found: list[float] = []
    for side in (1, -1):
        ordered, repeated = (distinct, counts) if side == 1 else (-distinct[::-1], counts[::-1])
        for n_above in range(1, SENTINELS_LIMIT + 1):
            below, above = ordered[:-n_above], ordered[-n_above:]
            if len(below) < 5:
                break
            spread = below[-1] - below[0]
            if above[0] - below[-1] > 3 * spread > 0 and (repeated[-n_above:] >= SENTINEL_ROWS).all():
                found = [*found, *(side * above).tolist()]
                break
    return tuple(sorted(found)[:SENTINELS_LIMIT])


def _is_identifier(name: str, present: NDArray[np.float64], *, n_rows: int) -> str:
    """Say why a column of numbers names rows and measures nothing; empty where it measures."""
    n = len(present)
    if n < 50 or n < n_rows or len(np.unique(present)) < n or not (present == np.round(present)).all():
        return ""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    is_counted = np.ptp(present) < 2 * n or (np.diff(present) > 0).all()
    if words & ID_WORDS or is_counted or not words:
        return "a whole number of its own in every row: an identifier"
    return ""
