"""Keep how the training rows were spread, so that later days can be held against them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.ml.stability import inner_edges, shares_of
from scoring.models import ModelVersion, TrainingReference


def keep_reference(
    *,
    version: ModelVersion,
    values: npt.NDArray[np.float32],
    probabilities: npt.NDArray[np.float64],
    names: Sequence[str],
) -> TrainingReference:
    """Keep the bins of a model's training rows, values (n, k); probabilities (n,) are of rows while they were held out."""
    edges = inner_edges(probabilities)
    return TrainingReference.objects.create(
        model=version,
        n_rows=len(values),
        score_edges=edges.tolist(),
        score_shares=shares_of(probabilities, edges)[:-1],
        features={name: _describe(values[:, place].astype(np.float64)) for place, name in enumerate(names)},
    )


def _describe(column: npt.NDArray[np.float64]) -> dict[str, Any]:
    edges = inner_edges(column)
    *shares, missing = shares_of(column, edges)
    return {"edges": edges.tolist(), "shares": shares, "missing": missing}
