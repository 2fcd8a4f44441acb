"""A small credit data set with heavy tails, missing values and groups, and each candidate fitted on it once."""

from dataclasses import dataclass

import numpy as np
import pytest
from numpy.typing import NDArray

from scoring.ml.candidates import CANDIDATES, FittedModel
from scoring.ml.export import to_onnx
from scoring.ml.splits import inner_folds
from scoring.ml.tuning import Procedure, fit_within


@dataclass(frozen=True)
class Data:
    x: NDArray[np.float32]
    y: NDArray[np.int8]
    groups: NDArray[np.int64]


def draw(n: int = 1500, seed: int = 7) -> Data:
    """Draw rows: a heavy tail, counts, a column that says something by being missing, one never missing, one constant, noise."""
    random = np.random.default_rng(seed)
    income = random.lognormal(10, 1.5, n)
    late = random.poisson(0.4, n)
    ratio = random.normal(0, 1, n)
    log_odds = -2 + 0.9 * late - 0.4 * (np.log(income) - 10) + 0.5 * np.abs(ratio)
    y = (random.random(n) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    maybe = np.where(random.random(n) < 0.2 + 0.4 * y, np.nan, ratio * 3)
    x = np.column_stack([income, late, ratio, maybe, np.full(n, 5.0), random.normal(0, 1e-6, n)]).astype(np.float32)
    return Data(x, y, np.arange(n) // 2)


@pytest.fixture(scope="session")
def data() -> Data:
    return draw()


@dataclass(frozen=True)
class Exported:
    model: FittedModel
    onnx: bytes


def fit(data: Data, algorithm: str) -> Exported:
    folds = inner_folds(data.groups, data.y, n_folds=3)
    model = fit_within(Procedure(trials=1), algorithm, data.x, data.y, folds, seed=3)
    return Exported(model, to_onnx(model, n_features=data.x.shape[1]))


@pytest.fixture(scope="session", params=list(CANDIDATES))
def exported(request: pytest.FixtureRequest, data: Data) -> Exported:
    """Each candidate in turn, fitted and exported."""
    return fit(data, request.param)
