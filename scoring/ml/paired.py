"""Two models on the same rows, where several rows belong to one borrower."""

import numpy as np
from numpy.typing import NDArray

from scoring.ml.metrics import Z_95, auc


def clustered_gain_interval(
    y: NDArray[np.int8], score: NDArray[np.floating], other: NDArray[np.floating], clusters: NDArray[np.int64]
) -> tuple[float, float, float]:
    """Return how much score's AUC exceeds the other's on the same rows (n,), with a 95 % interval.

    DeLong's paired variance with whole clusters as the units (Obuchowski, 1997): rows of one borrower on several days are not
    independent, and counting them so would make the interval too narrow. With one row a cluster it is DeLong's own, but for
    C / (C - 1). Both classes must be present.
    """
    gain = auc(y, score) - auc(y, other)
    _, index = np.unique(clusters, return_inverse=True)
    n_clusters = int(index.max()) + 1
    if n_clusters < 2:
        return gain, -1.0, 1.0
    difference = _placements(y, score) - _placements(y, other)
    sums = np.zeros(n_clusters)
    for label in (0, 1):
        rows = y == label
        part = difference[rows]
        sums += np.bincount(index[rows], weights=(part - part.mean()) / rows.sum(), minlength=n_clusters)
    half = Z_95 * float(np.sqrt(n_clusters / (n_clusters - 1) * np.sum(sums**2)))
    return gain, gain - half, gain + half


def _placements(y: NDArray[np.int8], score: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return for each bad row the share of good rows below it, for each good row the share of bad rows above; ties half."""
    placed = np.empty(len(y))
    bad, good = np.sort(score[y == 1]), np.sort(score[y == 0])
    placed[y == 1] = _share_below(good, score[y == 1])
    placed[y == 0] = 1 - _share_below(bad, score[y == 0])
    return placed


def _share_below(sorted_values: NDArray[np.floating], values: NDArray[np.floating]) -> NDArray[np.float64]:
    below = np.searchsorted(sorted_values, values, side="left")
    up_to = np.searchsorted(sorted_values, values, side="right")
    return (below + up_to) / (2 * len(sorted_values))
