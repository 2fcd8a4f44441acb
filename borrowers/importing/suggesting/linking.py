"""Which columns of different tables hold the same keys: found by their values, whatever the headers say."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pandas as pd

from borrowers.importing.suggesting.looks import Look
from borrowers.importing.suggesting.naming import words_of
from borrowers.importing.suggesting.sampling import Sample

LEAST_SHARED = 3
LEAST_SHARE = 0.5  # of the referring table's keys that are in the other one
KEYS_LIMIT = 60  # columns of a table that are tried as keys


@dataclass(frozen=True)
class Link:
    """Column `column` of table `table` refers to `to_column`, which is unique in `to_table`."""

    table: int
    column: str
    to_table: int
    to_column: str
    share: float


def find_links(samples: Sequence[Sample], looks: Sequence[dict[str, Look]]) -> list[Link]:
    """Return the best link of each column; samples cut off early can miss links, so shares are those of the samples."""
    keys = [
        {name: _values(sample.frame[name]) for name, look in columns.items() if _may_be_key(look)}
        for sample, columns in zip(samples, looks, strict=True)
    ]
    best: dict[tuple[int, str], Link] = {}
    for one, many in permutations(range(len(samples)), 2):
        for to_column, known in list(keys[one].items())[:KEYS_LIMIT]:
            if not looks[one][to_column].is_unique and not _is_nearly_unique(looks[one][to_column]):
                continue
            for column, used in list(keys[many].items())[:KEYS_LIMIT]:
                shared = len(known & used)
                share = shared / max(len(used), 1)
                if (
                    shared < LEAST_SHARED
                    or share < LEAST_SHARE
                    or not _are_alike(column, to_column, known, looks[many][column])
                ):
                    continue
                if (held := best.get((many, column))) is None or share > held.share:
                    best[many, column] = Link(many, column, one, to_column, share)
    return list(best.values())


def _may_be_key(look: Look) -> bool:
    return look.n_distinct >= LEAST_SHARED and (
        look.kind in ("code", "text")
        or (look.kind == "number" and look.is_whole and not look.thousands and not look.sign)
    )


def _is_nearly_unique(look: Look) -> bool:
    """Let a few double rows pass: they are a finding of their own."""
    return look.n_filled > 0 and look.n_distinct / look.n_filled > 0.97


def _values(column: pd.Series) -> set[str]:
    return set(column.dropna().str.strip().unique())


def _are_alike(column: str, other: str, known: set[str], look: Look) -> bool:
    """Refuse links of small whole numbers by chance, counts to row numbers: their headers must share a word."""
    if look.kind != "number" or (look.low or 0) >= 10_000:
        return True
    return bool(set(words_of(column)) & set(words_of(other))) and look.n_distinct > 20
