"""Contributions from the exported graph alone: they sum to the margin and are what the training libraries say."""

import lightgbm
import numpy as np
import pytest
import xgboost
from numpy.typing import NDArray
from onnx import helper, load_from_string

from scoring.errors import CannotExplain
from scoring.explaining.forest import read_forest
from scoring.explaining.kernel import explain_many
from scoring.explaining.shapley import explain_rows
from scoring.ml.boosting import LightGBM, XGBoost
from scoring.ml.candidates import FittedModel
from scoring.ml.export import to_onnx
from scoring.ml.learner import Learner
from scoring.ml.logistic import BinnedLogistic
from tests.scoring.ml.conftest import draw

LEARNERS = {
    "xgboost": (XGBoost, {"rounds": 40, "max_depth": 6}),
    "lightgbm": (LightGBM, {"rounds": 40, "num_leaves": 31}),
    "logistic": (BinnedLogistic, {"strength": 0.1}),
}


def fit(name: str) -> tuple[Learner, bytes, NDArray[np.float32]]:
    data = draw()
    kind, settings = LEARNERS[name]
    learner = kind(seed=0, threads=1, **settings)
    learner.fit(data.x, data.y)
    model = FittedModel(learner, 0.9, 0.1, 0.5, np.zeros(1), 0.0)
    rows = np.vstack([data.x, np.full((1, data.x.shape[1]), np.nan, dtype=np.float32)])
    return learner, to_onnx(model, n_features=data.x.shape[1]), rows


@pytest.fixture(scope="module", params=list(LEARNERS))
def fitted(request: pytest.FixtureRequest) -> tuple[Learner, bytes, NDArray[np.float32]]:
    return fit(request.param)


def test_contributions_sum_to_the_margin(fitted: tuple[Learner, bytes, NDArray[np.float32]]) -> None:
    learner, content, x = fitted
    forest = read_forest(content)

    found = explain_many(forest, x)

    assert np.abs(found.sum(axis=1) + forest.expected_margin - learner.margin(x)).max() < 1e-5


def test_single_rows_and_many_rows_are_explained_alike(fitted: tuple[Learner, bytes, NDArray[np.float32]]) -> None:
    _, content, x = fitted
    forest = read_forest(content)

    many = explain_many(forest, x, threads=2)

    assert np.abs(explain_rows(forest, x[-20:]) - many[-20:]).max() < 1e-12
    assert np.abs(explain_many(forest, x[:3]) - many[:3]).max() < 1e-12  # too few for looking patterns up


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_contributions_are_those_of_the_training_library(name: str) -> None:
    learner, content, x = fit(name)
    booster = learner.booster  # type: ignore[attr-defined]
    if isinstance(booster, xgboost.Booster):
        theirs = booster.predict(xgboost.DMatrix(x), pred_contribs=True)
    else:
        assert isinstance(booster, lightgbm.Booster)
        theirs = booster.predict(x, pred_contrib=True)

    forest = read_forest(content)
    ours = explain_many(forest, x)

    assert np.abs(ours - theirs[:, :-1]).max() < 1e-4
    assert abs(forest.expected_margin - float(theirs[0, -1])) < 1e-4


def test_a_feature_that_no_split_asks_for_contributes_nothing() -> None:
    _, content, x = fit("xgboost")

    assert not explain_many(read_forest(content), x)[:, 4].any()  # constant in training


def test_a_graph_without_covers_is_refused_with_the_remedy() -> None:
    _, content, _ = fit("logistic")
    proto = load_from_string(content)
    (node,) = [node for node in proto.graph.node if node.op_type == "TreeEnsembleRegressor"]
    for attribute in list(node.attribute):
        if attribute.name == "nodes_hitrates":
            node.attribute.remove(attribute)
            node.attribute.append(helper.make_attribute("nodes_hitrates", [1.0] * len(attribute.floats)))

    with pytest.raises(CannotExplain, match="train it again"):
        read_forest(proto.SerializeToString())
