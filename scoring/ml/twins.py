"""Rows that repeat an earlier one nearly: a split that tears them apart shows a model its own training rows."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WITHIN_DEVIATIONS = 0.2
SAMPLE = 3_000
GIANT_SHARE = 0.25  # of a sample in one cluster: the columns are too coarse to tell rows apart
PAIRS_AT_ONCE = 2_000_000
Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True)
class Twins:
    """The cluster of each row (n,), numbered from 0, and the share of rows that have a near twin."""

    cluster: NDArray[np.int64]
    share: float

    @property
    def n_clusters(self) -> int:
        return int(self.cluster.max(initial=-1)) + 1


def find_twins(numbers: NDArray[np.float64], categories: NDArray[np.int64]) -> Twins | None:
    """Return connected components of rows alike on every column, or None where likeness tells nothing.

    numbers: (n, k), alike within .2 standard deviations of the column, NaN is like anything; categories: (n, j) codes, alike
    if equal, missing ones among themselves. Where the columns are so coarse that neighbouring rows hang together in one
    giant cluster, likeness is no sign of a copy, and None is returned. Pairs are made by sorting on the column that parts
    rows best, so the cost is n times the rows that are alike there.
    """
    n = len(numbers)
    if n < 2 or numbers.shape[1] + categories.shape[1] < 3:
        return None
    deviation = np.nanstd(np.where(np.isfinite(numbers), numbers, np.nan), axis=0) if numbers.shape[1] else np.empty(0)
    scaled = (numbers / np.where(deviation > 0, deviation, np.inf)).astype(np.float32)
    if n > 2 * SAMPLE:
        for rows in _neighbourhoods(scaled):
            if np.bincount(_components(scaled[rows], categories[rows])).max() > GIANT_SHARE * len(rows):
                return None
    cluster = _components(scaled, categories)
    sizes = np.bincount(cluster)
    if sizes.max() > GIANT_SHARE * n:
        return None
    return Twins(cluster, float((sizes[cluster] > 1).mean()))


def _neighbourhoods(scaled: NDArray[np.float32]) -> Iterator[NDArray[np.intp]]:
    """Yield rows that follow each other on the number that parts rows best, as dense as they lie: from a fifth to four fifths."""
    order = np.argsort(_key(scaled), kind="stable")
    for share in (0.2, 0.5, 0.8):
        begin = int(share * len(order)) - SAMPLE // 2
        yield order[begin : begin + SAMPLE]


def _key(scaled: NDArray[np.float32]) -> NDArray[np.float32]:
    first = next(
        (k for is_number, k in _most_telling_first(scaled, np.empty((len(scaled), 0), np.int64)) if is_number), None
    )
    return scaled[:, first] if first is not None else np.zeros(len(scaled), dtype=np.float32)


def _components(scaled: NDArray[np.float32], categories: NDArray[np.int64]) -> NDArray[np.int64]:
    parent = np.arange(len(scaled))
    order_of_columns = _most_telling_first(scaled, categories)
    for left, right in _candidate_pairs(scaled):
        alike = np.ones(len(left), dtype=bool)
        for is_number, column in order_of_columns:
            a, b = left[alike], right[alike]
            if not len(a):
                break
            if is_number:
                gap = np.abs(scaled[a, column] - scaled[b, column])
                same = ~(gap > WITHIN_DEVIATIONS)  # a gap to a missing value is NaN and hinders nothing
            else:
                same = categories[a, column] == categories[b, column]
            alike[np.flatnonzero(alike)[~same]] = False
        _join(parent, left[alike], right[alike])
    _, cluster = np.unique(_roots(parent), return_inverse=True)
    return cluster.astype(np.int64)


def _most_telling_first(scaled: NDArray[np.float32], categories: NDArray[np.int64]) -> list[tuple[bool, int]]:
    """Return (is a number, column) with the one first on which the fewest random pairs are alike."""
    random = np.random.default_rng(0)
    a, b = random.integers(len(scaled), size=(2, 4_000))
    likeness = [
        (float((~(np.abs(scaled[a, k] - scaled[b, k]) > WITHIN_DEVIATIONS)).mean()), True, k)
        for k in range(scaled.shape[1])
    ] + [(float((categories[a, k] == categories[b, k]).mean()), False, k) for k in range(categories.shape[1])]
    return [(is_number, column) for _, is_number, column in sorted(likeness)]


def _candidate_pairs(scaled: NDArray[np.float32]) -> Iterator[Pairs]:
    """Yield pairs of rows, each once, that are alike on the number that parts rows best; in parts of bounded size."""
    n = len(scaled)
    key = _key(scaled)
    missing = np.flatnonzero(np.isnan(key))
    order = np.argsort(key, kind="stable")[: n - len(missing)]
    ends = np.searchsorted(key[order], key[order] + np.float32(WITHIN_DEVIATIONS), side="right")
    counts = ends - np.arange(len(order)) - 1
    yield from _ranges(order, counts)
    for row in missing:  # like every row on this column
        others = np.delete(np.arange(n), row)
        yield np.full(n - 1, row), others


def _ranges(order: NDArray[np.intp], counts: NDArray[np.intp]) -> Iterator[Pairs]:
    totals = np.cumsum(counts)
    begin = 0
    while begin < len(order):
        base = totals[begin - 1] if begin else 0
        end = max(begin + 1, int(np.searchsorted(totals, base + PAIRS_AT_ONCE, side="right")))
        part = counts[begin:end]
        place = np.repeat(np.arange(begin, end), part)
        offset = np.arange(len(place)) - np.repeat(np.cumsum(part) - part, part)
        yield order[place], order[place + 1 + offset]
        begin = end


def _join(parent: NDArray[np.intp], left: NDArray[np.intp], right: NDArray[np.intp]) -> None:
    """Put the rows of each pair into one component: the smaller root wins until nothing moves."""
    while len(left):
        roots = _roots(parent)
        a, b = roots[left], roots[right]
        apart = a != b
        if not apart.any():
            return
        left, right, a, b = left[apart], right[apart], a[apart], b[apart]
        np.minimum.at(parent, np.maximum(a, b), np.minimum(a, b))


def _roots(parent: NDArray[np.intp]) -> NDArray[np.intp]:
    roots = parent
    while True:
        higher = roots[roots]
        if np.array_equal(higher, roots):
            parent[:] = roots
            return roots.copy()
        roots = higher


def same_label_share(cluster: NDArray[np.int64], y: NDArray[np.int8]) -> float:
    """Return the share of rows in clusters of several whose cluster has one label alone."""
    sizes = np.bincount(cluster)
    bad = np.bincount(cluster, weights=y)
    several = sizes[cluster] > 1
    pure = (bad == 0) | (bad == sizes)
    return float(pure[cluster][several].mean()) if several.any() else 0.0
