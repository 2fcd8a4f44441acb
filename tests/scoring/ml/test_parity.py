"""A graph that differs is caught; leaks are named."""

import numpy as np

from scoring.ml.candidates import FittedModel
from scoring.ml.export import sha256_of_matrix, to_onnx
from scoring.ml.leaks.ledger import find_leaks
from scoring.ml.parity import check_parity, probe_rows
from tests.scoring.ml.conftest import Data, Exported


def test_graph_of_another_model_does_not_pass(exported: Exported, data: Data) -> None:
    other = FittedModel(
        learner=exported.model.learner,
        slope=exported.model.slope,
        intercept=exported.model.intercept + 1e-4,
        threshold=0.5,
        held_out_probabilities=np.empty(0),
        train_seconds=0.0,
    )
    graph = to_onnx(other, n_features=data.x.shape[1])
    parity = check_parity(graph, exported.model.predict, data.x, thresholds=[], rows=2_000)
    assert parity.max_abs_diff > 1e-6
    assert not parity.holds


def test_answer_that_is_not_finite_does_not_pass(exported: Exported, data: Data) -> None:
    parity = check_parity(exported.onnx, lambda x: np.full(len(x), np.nan), data.x, thresholds=[], rows=100)
    assert not parity.holds


def test_probe_has_rows_on_below_and_above_each_threshold(data: Data) -> None:
    thresholds = [np.array([1.5], dtype=np.float32)] + [np.empty(0, dtype=np.float32)] * (data.x.shape[1] - 1)
    rows = probe_rows(data.x, thresholds=thresholds, seed=0, rows=10)["on_thresholds"][:, 0]
    assert sorted(float(v) for v in rows) == [
        float(np.nextafter(np.float32(1.5), np.float32(0))),
        1.5,
        float(np.nextafter(np.float32(1.5), np.float32(2))),
    ]


def test_probe_meets_every_threshold_however_many_there_are(data: Data) -> None:
    values = np.linspace(-3, 3, 20_000, dtype=np.float32)
    few = np.array([0.5, 1.5], dtype=np.float32)
    thresholds = [values, few] + [np.empty(0, dtype=np.float32)] * (data.x.shape[1] - 2)
    rows = probe_rows(data.x, thresholds=thresholds, seed=0, rows=10)["all_on_thresholds"]
    assert len(rows) == 60_000
    assert set(values) <= set(rows[:, 0])
    assert set(np.nextafter(values, np.float32(9))) <= set(rows[:, 0])
    assert set(few) <= set(rows[:, 1])


def test_probe_makes_each_feature_missing_and_extreme_alone(data: Data) -> None:
    parts = probe_rows(data.x, thresholds=[], seed=0, rows=10)
    k, huge = data.x.shape[1], np.finfo(np.float32).max
    assert len(parts["missing"]) == 1 + k
    assert all(((np.abs(parts["extreme"]) == huge).sum(axis=1) == 1)[-2 * k :])


def test_probe_goes_a_tenth_beyond_the_range_of_each_column(data: Data) -> None:
    spread = probe_rows(data.x, thresholds=[], seed=0, rows=20_000)["random"][:, 2]
    low, high = data.x[:, 2].min(), data.x[:, 2].max()
    assert np.nanmin(spread) < low
    assert np.nanmax(spread) > high
    assert np.nanmin(spread) >= low - 0.11 * (high - low)


def test_column_that_gives_the_answer_away_is_named(data: Data) -> None:
    x = np.column_stack([data.x, data.y + np.random.default_rng(0).normal(0, 0.05, len(data.y))]).astype(np.float32)
    leaks = find_leaks(x, data.y, [*"abcdef", "answer"])
    assert [(leak.column, leak.kind) for leak in leaks] == [("answer", "near_perfect_predictor")]


def test_hash_knows_a_matrix_by_values_shape_and_type(data: Data) -> None:
    hashes = {
        sha256_of_matrix(data.x),
        sha256_of_matrix(data.x.T),
        sha256_of_matrix(data.x.astype(np.float64)),
        sha256_of_matrix(np.nextafter(data.x, np.float32(0))),
    }
    assert len(hashes) == 4
    assert sha256_of_matrix(data.x) == sha256_of_matrix(data.x.copy())
