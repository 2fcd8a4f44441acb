"""The candidates by name, and how one becomes a calibrated model with a threshold."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.ml.boosting import LightGBM, XGBoost
from scoring.ml.learner import Learner, Matrix
from scoring.ml.logistic import BinnedLogistic
from scoring.ml.metrics import break_even_threshold

CANDIDATES: dict[str, type[Learner]] = {learner.algorithm: learner for learner in (BinnedLogistic, XGBoost, LightGBM)}
MIN_SLOPE = 0.01  # calibration may flatten a model without signal, not turn its order round


@dataclass(frozen=True)
class FittedModel:
    """A learner fitted on all training rows; P(bad) = sigmoid(slope x margin + intercept)."""

    learner: Learner
    slope: float
    intercept: float
    threshold: float
    held_out_probabilities: NDArray[np.float64]
    train_seconds: float
    tuning: Mapping[str, Any] = field(default_factory=dict)

    @property
    def algorithm(self) -> str:
        return self.learner.algorithm

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            **self.learner.parameters,
            "seed": self.learner.seed,
            "calibration": {"slope": self.slope, "intercept": self.intercept},
            **({"tuning": dict(self.tuning)} if self.tuning else {}),
        }

    def predict(self, x: Matrix) -> NDArray[np.float64]:
        """Return P(bad) (n,) from the training library: what the exported graph is held against."""
        return sigmoid(self.slope * self.learner.margin(x) + self.intercept)


def fit_tuned(
    learner: Learner,
    margins: NDArray[np.float64],
    x: Matrix,
    y: NDArray[np.int8],
    *,
    begun: float,
    tuning: Mapping[str, Any] | None = None,
    choose_threshold: Callable[[NDArray[np.int8], NDArray[np.float64]], float] = break_even_threshold,
) -> FittedModel:
    """Calibrate and set the threshold on the margins of rows while they were held out, then fit on all rows."""
    slope, intercept = fit_sigmoid(margins, y)
    held_out = sigmoid(slope * margins + intercept)
    learner.fit(x, y)
    return FittedModel(
        learner=learner,
        slope=slope,
        intercept=intercept,
        threshold=choose_threshold(y, held_out),
        held_out_probabilities=held_out,
        train_seconds=time.perf_counter() - begun,
        tuning=dict(tuning or {}),
    )


def fit_sigmoid(margins: NDArray[np.float64], y: NDArray[np.int8]) -> tuple[float, float]:
    """Return slope and intercept of the logistic regression of y on margins (Platt, 1999), by Newton's method.

    Labels are Platt's: (n+ + 1)/(n+ + 2) and 1/(n- + 2), which keep a perfect separation finite.
    """
    n_bad = int(y.sum())
    aim = np.where(y == 1, (n_bad + 1) / (n_bad + 2), 1 / (len(y) - n_bad + 2))
    design = np.column_stack([margins, np.ones_like(margins)])
    weights = np.array([0.0, np.log(n_bad / (len(y) - n_bad))])
    loss = np.inf
    for _ in range(100):
        scores = design @ weights
        p = sigmoid(scores)
        curvature = (design * (p * (1 - p))[:, None]).T @ design + 1e-9 * np.eye(2)
        step = np.linalg.solve(curvature, design.T @ (aim - p))
        for _halving in range(30):
            new_loss = float(np.sum(np.logaddexp(0, design @ (weights + step)) - aim * (design @ (weights + step))))
            if new_loss <= loss:
                break
            step = step / 2
        weights, loss = weights + step, new_loss
        if np.abs(step).max() < 1e-8:
            break
    if weights[0] < MIN_SLOPE:
        return MIN_SLOPE, float(np.log(n_bad / (len(y) - n_bad)) - MIN_SLOPE * margins.mean())
    return float(weights[0]), float(weights[1])


def sigmoid(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -scores))
