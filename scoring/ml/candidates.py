"""The candidates by name, and how one becomes a calibrated model with a threshold."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.ml.boosting import LightGBM, XGBoost
from scoring.ml.learner import Folds, Learner, Matrix
from scoring.ml.logistic import BinnedLogistic
from scoring.ml.metrics import break_even_threshold, log_loss

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

    @property
    def algorithm(self) -> str:
        return self.learner.algorithm

    @property
    def parameters(self) -> dict[str, Any]:
        return {
            **self.learner.parameters,
            "seed": self.learner.seed,
            "calibration": {"slope": self.slope, "intercept": self.intercept},
        }

    def predict(self, x: Matrix) -> NDArray[np.float64]:
        """Return P(bad) (n,) from the training library: what the exported graph is held against."""
        return sigmoid(self.slope * self.learner.margin(x) + self.intercept)


def fit_candidate(learner: Learner, x: Matrix, y: NDArray[np.int8], folds: Folds) -> FittedModel:
    """Tune, calibrate and set the threshold on rows while they were held out by an inner fold, then fit on all rows."""
    begun = time.perf_counter()
    return fit_tuned(learner, learner.tune(x, y, folds), x, y, begun=begun)


def fit_best_of(learners: Sequence[Learner], x: Matrix, y: NDArray[np.int8], folds: Folds) -> FittedModel:
    """Tune each of several settings of one algorithm on the same inner folds; fit the one with the least held-out log-loss."""
    begun = time.perf_counter()
    tuned = [(learner, learner.tune(x, y, folds)) for learner in learners]

    def loss(margins: NDArray[np.float64]) -> float:
        slope, intercept = fit_sigmoid(margins, y)
        return log_loss(y, sigmoid(slope * margins + intercept))

    learner, margins = min(tuned, key=lambda pair: loss(pair[1]))
    return fit_tuned(learner, margins, x, y, begun=begun)


def fit_tuned(
    learner: Learner, margins: NDArray[np.float64], x: Matrix, y: NDArray[np.int8], *, begun: float
) -> FittedModel:
    """Calibrate and set the threshold on the margins of rows while they were held out, then fit on all rows."""
    slope, intercept = fit_sigmoid(margins, y)
    held_out = sigmoid(slope * margins + intercept)
    learner.fit(x, y)
    return FittedModel(
        learner=learner,
        slope=slope,
        intercept=intercept,
        threshold=break_even_threshold(y, held_out),
        held_out_probabilities=held_out,
        train_seconds=time.perf_counter() - begun,
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
