"""A scorecard in points: what each bin of a feature adds to the score that lenders read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.ml.candidates import FittedModel
from scoring.ml.logistic import BinnedLogistic

BASE_POINTS = 600
BASE_ODDS = 50  # good to bad, at the base points
DOUBLING_POINTS = 20  # that double the odds
FACTOR = DOUBLING_POINTS / np.log(2)
OFFSET = BASE_POINTS - FACTOR * np.log(BASE_ODDS)


def points_of_probabilities(p: NDArray[np.floating]) -> NDArray[np.int64]:
    """Return whole points (n,) for P(bad) (n,): 600 at odds of 50 to 1, 20 more where the odds are twice as good."""
    p = np.clip(p.astype(np.float64), 1e-9, 1 - 1e-9)
    return np.round(OFFSET + FACTOR * np.log((1 - p) / p)).astype(np.int64)


def points_table(model: FittedModel, names: Sequence[str]) -> dict[str, Any] | None:
    """Return the points of each bin of each of the named features, or None for a model that is no scorecard.

    base: points before any feature; of a feature edges (m,) and points (m + 1,), the first up to and with the first edge, the
    last above the last; missing: points where it is not known. Their sum is points_of_probabilities() of the model's answer, to
    half a point for the base and each feature.
    """
    if not isinstance(model.learner, BinnedLogistic):
        return None
    scale = FACTOR * model.slope
    features = [
        {
            "feature": name,
            "edges": [float(edge) for edge in edges],
            "points": [round(-scale * float(value)) for value in values],
            "missing": round(-scale * missing),
        }
        for name, (edges, values, missing) in zip(names, model.learner.effects(), strict=True)
    ]
    base = OFFSET - scale * model.learner.intercept - FACTOR * model.intercept
    return {
        "base": round(base),
        "base_points": BASE_POINTS,
        "base_odds": BASE_ODDS,
        "doubling_points": DOUBLING_POINTS,
        "features": features,
    }
