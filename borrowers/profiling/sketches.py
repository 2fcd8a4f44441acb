"""Counting in bounded memory: a sample of rows, and a sample of keys by their hash."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

KEYS_LIMIT = 200_000
FULL = 1 << 64


@dataclass
class RowSample:
    """A uniform sample of rows: each gets a random number, the smallest stay."""

    limit: int
    seed: int = 1
    frame: pd.DataFrame = field(default_factory=pd.DataFrame)
    tickets: np.ndarray = field(default_factory=lambda: np.empty(0))

    def __post_init__(self) -> None:
        self.random = np.random.default_rng(self.seed)

    def add(self, frame: pd.DataFrame) -> None:
        tickets = self.random.random(len(frame))
        worst = self.tickets.max() if len(self.tickets) == self.limit else 1.0
        fresh = tickets < worst
        if not fresh.any():
            return
        tickets = np.concatenate([self.tickets, tickets[fresh]])
        frame = pd.concat([self.frame, frame[fresh]], ignore_index=True) if len(self.frame) else frame[fresh]
        if len(tickets) > self.limit:
            kept = np.sort(np.argpartition(tickets, self.limit)[: self.limit])
            tickets, frame = tickets[kept], frame.iloc[kept]
        self.tickets, self.frame = tickets, frame.reset_index(drop=True)


@dataclass
class KeySample:
    """The keys whose hash is small: every row of such a key, so that shares of repeats and of links are those of all rows."""

    limit: int = KEYS_LIMIT
    threshold: int = FULL
    counts: pd.Series = field(default_factory=lambda: pd.Series(dtype="int64", index=pd.Index([], dtype="uint64")))

    def add(self, hashes: np.ndarray) -> None:
        if self.threshold < FULL:
            hashes = hashes[hashes < np.uint64(self.threshold)]
        distinct, counts = np.unique(hashes, return_counts=True)
        self.counts = self.counts.add(pd.Series(counts, index=distinct), fill_value=0).astype("int64")
        while len(self.counts) > self.limit:
            self.threshold //= 2
            self.counts = self.counts[self.counts.index.to_numpy() < np.uint64(self.threshold)]

    @property
    def share(self) -> float:
        """The part of all keys that is in the sample."""
        return self.threshold / FULL

    @property
    def n_distinct(self) -> int:
        return round(len(self.counts) / self.share)

    @property
    def n_repeats(self) -> int:
        """Rows beyond the first of each key, estimated for all rows."""
        return round(float((self.counts - 1).sum()) / self.share)

    def share_unknown_to(self, other: "KeySample") -> float | None:
        """Return the part of our keys that the other does not have; None where the samples share too little to tell."""
        least = min(self.threshold, other.threshold)
        ours = self.counts.index.to_numpy()
        if least < FULL:
            ours = ours[ours < np.uint64(least)]
        if not len(ours):
            return None
        return float((~np.isin(ours, other.counts.index.to_numpy())).mean())


def hash_cells(cells: pd.Series) -> np.ndarray:
    """Return a 64-bit hash of each filled cell, trimmed."""
    text = cells.dropna().str.strip()
    text = text[text != ""]
    return pd.util.hash_array(text.to_numpy(dtype=object), categorize=True) if len(text) else np.empty(0, np.uint64)


def hash_rows(frame: pd.DataFrame) -> np.ndarray:
    """Return a 64-bit hash of each row as a whole."""
    return pd.util.hash_pandas_object(frame.fillna("\0"), index=False).to_numpy()
