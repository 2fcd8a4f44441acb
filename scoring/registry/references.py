"""Keep how the training rows were spread, so that later days can be held against them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.models import ModelVersion, TrainingReference

BINS = 10


def keep_reference(
    *,
    version: ModelVersion,
    values: npt.NDArray[np.float32],
    probabilities: npt.NDArray[np.float64],
    names: Sequence[str],
) -> TrainingReference:
    """Keep the bins of a model's training rows, values (n, k); probabilities (n,) are of rows while they were held out."""
    edges, shares = bin_values(probabilities)
    return TrainingReference.objects.create(
        model=version,
        n_rows=len(values),
        score_edges=edges,
        score_shares=shares,
        features={name: _describe(values[:, place].astype(np.float64)) for place, name in enumerate(names)},
    )


def bin_values(values: npt.NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Return inner edges of up to ten bins of about equal numbers, and the share of each; a value on an edge is above it."""
    edges = np.unique(np.quantile(values, np.linspace(0, 1, BINS + 1)[1:-1])) if len(values) else np.empty(0)
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return edges.tolist(), (counts / max(len(values), 1)).tolist()


def _describe(column: npt.NDArray[np.float64]) -> dict[str, Any]:
    known = column[~np.isnan(column)]
    edges, shares = bin_values(known)
    missing = 1 - len(known) / max(len(column), 1)
    return {"edges": edges, "shares": [share * (1 - missing) for share in shares], "missing": missing}
