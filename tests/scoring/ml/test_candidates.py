"""What every candidate has to keep, checked alike for all of them."""

import numpy as np
import pytest

from scoring.ml.candidates import CANDIDATES, sigmoid
from scoring.ml.export import to_onnx
from scoring.ml.learner import UnsupportedSetting
from scoring.ml.metrics import auc, log_loss
from scoring.ml.parity import check_parity, open_session, probe_rows, run_session
from scoring.ml.splits import inner_folds
from scoring.ml.tuning import Procedure, fit_within
from tests.scoring.ml.conftest import Data, Exported, draw, fit


def test_exported_graph_gives_what_the_library_gives(exported: Exported, data: Data) -> None:
    parity = check_parity(exported.onnx, exported.model.predict, data.x, thresholds=exported.model.learner.thresholds())
    assert parity.n_rows >= 100_000
    assert set(parity.max_by_part) == {
        "resampled",
        "random",
        "on_thresholds",
        "all_on_thresholds",
        "missing",
        "extreme",
    }
    assert parity.max_abs_diff <= 1e-6
    assert parity.holds


def test_probabilities_are_finite_and_between_0_and_1(exported: Exported, data: Data) -> None:
    session = open_session(exported.onnx)
    for part in probe_rows(data.x, thresholds=exported.model.learner.thresholds(), seed=1, rows=5_000).values():
        p = run_session(session, part)
        assert np.isfinite(p).all()
        assert ((p >= 0) & (p <= 1)).all()


def test_order_of_rows_does_not_matter(exported: Exported, data: Data) -> None:
    session = open_session(exported.onnx)
    shuffled = np.random.default_rng(0).permutation(len(data.x))
    assert np.array_equal(run_session(session, data.x)[shuffled], run_session(session, data.x[shuffled]))


def test_one_row_alone_scores_as_in_a_batch(exported: Exported, data: Data) -> None:
    session = open_session(exported.onnx)
    batch = run_session(session, data.x[:50])
    alone = np.concatenate([run_session(session, data.x[k : k + 1]) for k in range(50)])
    assert np.abs(batch - alone).max() <= 1e-7


def test_missing_values_are_scored_even_where_training_had_none(exported: Exported, data: Data) -> None:
    rows = np.repeat(data.x[:1], data.x.shape[1], axis=0)
    rows[np.arange(len(rows)), np.arange(len(rows))] = np.nan
    p = run_session(open_session(exported.onnx), rows)
    assert np.abs(p - exported.model.predict(rows)).max() <= 1e-6


def test_model_has_learned_what_there_is_to_learn(exported: Exported) -> None:
    fresh = draw(seed=8)
    p = exported.model.predict(fresh.x)
    assert auc(fresh.y, p) > 0.75
    assert abs(p.mean() - fresh.y.mean()) < 0.03


@pytest.mark.parametrize("algorithm", list(CANDIDATES))
def test_same_seed_gives_the_same_bytes(algorithm: str) -> None:
    data = draw(n=400)
    assert fit(data, algorithm).onnx == fit(data, algorithm).onnx


@pytest.mark.parametrize(
    ("algorithm", "setting"),
    [
        ("lightgbm", {"boosting": "rf"}),
        ("lightgbm", {"zero_as_missing": True}),
        ("lightgbm", {"linear_tree": True}),
        ("lightgbm", {"categorical_feature": [0]}),
        ("xgboost", {"booster": "dart"}),
        ("xgboost", {"enable_categorical": True}),
        ("logistic", {"penalty": "l1"}),
    ],
)
def test_setting_that_cannot_be_exported_is_refused_before_training(algorithm: str, setting: dict) -> None:
    with pytest.raises(UnsupportedSetting, match=next(iter(setting))):
        CANDIDATES[algorithm](**setting)


def test_model_without_signal_keeps_close_to_the_base_rate() -> None:
    data = draw(n=600)
    noise = np.random.default_rng(5).normal(size=data.x.shape).astype(np.float32)
    for algorithm in CANDIDATES:
        p = fit(Data(noise, data.y, data.groups), algorithm).model.predict(noise)
        assert abs(np.median(p) - data.y.mean()) < 0.1


@pytest.mark.parametrize("algorithm", list(CANDIDATES))
@pytest.mark.parametrize("directions", [(), (0, 1, 0, 0, 0, 0)])
def test_weighted_classes_leave_probabilities_calibrated_and_the_graph_exact(
    algorithm: str, directions: tuple[int, ...], data: Data
) -> None:
    names = [f"f{k}" for k in range(data.x.shape[1])]
    rises = frozenset(name for name, way in zip(names, directions, strict=False) if way)
    folds = inner_folds(data.groups, data.y, n_folds=3)
    fitted = {
        weights: fit_within(
            Procedure(trials=1, class_weights=weights, rises=rises),
            algorithm,
            data.x,
            data.y,
            folds,
            names=names,
            seed=3,
        )
        for weights in (None, "balanced", 30.0)
    }
    fresh = draw(n=6000, seed=8)
    for weights, model in fitted.items():
        p = model.predict(fresh.x)
        assert p.mean() == pytest.approx(fresh.y.mean(), abs=0.03), weights
        assert log_loss(fresh.y, p) < log_loss(fresh.y, fitted[None].predict(fresh.x)) + 0.02
    balanced = fitted["balanced"]
    share = float((data.y == 0).sum() / data.y.sum())
    assert balanced.parameters["tuning"]["class_weights"] == {"asked": "balanced", "event": pytest.approx(share)}
    assert "class_weights" not in fitted[None].parameters["tuning"]
    raw = balanced.learner.margin(fresh.x)
    assert sigmoid(raw).mean() > fresh.y.mean() + 0.05, "the fit itself was weighted"
    graph = to_onnx(balanced, n_features=data.x.shape[1])
    assert (
        check_parity(graph, balanced.predict, data.x, thresholds=balanced.learner.thresholds(), rows=2000).max_abs_diff
        < 1e-6
    )


@pytest.mark.parametrize("weight", [0.0, -1.0, 1e9, float("nan"), float("inf")])
@pytest.mark.parametrize("algorithm", list(CANDIDATES))
def test_class_weights_that_cannot_be_exported_are_refused(algorithm: str, weight: float) -> None:
    with pytest.raises(UnsupportedSetting, match=r"^Class weights go from 0.001 to 10000, not [^\n]*$"):
        CANDIDATES[algorithm](event_weight=weight)


@pytest.mark.parametrize("algorithm", ["xgboost", "lightgbm"])
def test_classes_are_not_weighted_twice(algorithm: str) -> None:
    with pytest.raises(UnsupportedSetting, match="twice"):
        CANDIDATES[algorithm](event_weight=2.0, scale_pos_weight=3)
