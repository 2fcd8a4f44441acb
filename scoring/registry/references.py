"""Keep how the training rows were spread, so that later days can be held against them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from scoring.features.definition import FEATURE_NAMES
from scoring.ml.stability import inner_edges, shares_of
from scoring.models import ModelVersion, Purpose, TrainingReference

LEFT_OUT = -1  # the bin of scores that no training row is like
MOST_DAYS_LATE = 90  # of the training rows of "default", which asks whether a loan will be 91 days late


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


def left_out_of(model: ModelVersion) -> dict[str, int | None]:
    """Return what of a day's scores is not held against the training, which had no such loans: for sql/monitoring/*_bins.sql."""
    return {
        "late_place": FEATURE_NAMES.index("days_past_due") + 1,  # arrays of the database count from 1
        "most_days_late": MOST_DAYS_LATE if model.purpose == Purpose.DEFAULT else None,
    }
