"""How far values have moved: bins of a reference, and the population stability index over them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

BINS = 10
LEAST_SHARE = 1e-4  # of a bin, where the index would else divide by nothing


def inner_edges(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the inner edges of BINS bins of about equal numbers of the known values; of fewer bins where many are equal."""
    known = values[~np.isnan(values)]
    return np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if len(known) else np.empty(0)


def shares_of(values: NDArray[np.floating], edges: Sequence[float] | NDArray[np.float64]) -> list[float]:
    """Return the share of values (n,) in each bin, a value on an edge above it, and at the end that of missing ones."""
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="right"), minlength=len(edges) + 1)
    return [float(n) / max(len(values), 1) for n in (*counts, len(values) - len(known))]


def psi(expected: Sequence[float], actual: Sequence[float]) -> float:
    """Return the population stability index of shares against shares of the reference, bin by bin: sum (a - e) ln(a / e)."""
    e, a = (np.maximum(np.asarray(shares, dtype=np.float64), LEAST_SHARE) for shares in (expected, actual))
    return float(np.sum((a - e) * np.log(a / e)))
