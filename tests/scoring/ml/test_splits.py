"""Rows on the right side of every split."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.ml.experiment import run_experiment
from scoring.ml.splits import inner_folds, split_by_time, split_within_window
from scoring.ml.tuning import Procedure, fit_within
from tests.scoring.ml.conftest import Data

FIRST_DAY = np.datetime64("2025-01-31")


@settings(deadline=None)
@given(
    seed=st.integers(0, 10_000),
    n_days=st.integers(1, 9),
    horizon_days=st.integers(1, 200),
    n_borrowers=st.integers(60, 200),
)
def test_label_windows_of_training_end_before_the_test_day_and_no_borrower_is_on_both_sides(
    seed: int, n_days: int, horizon_days: int, n_borrowers: int
) -> None:
    random = np.random.default_rng(seed)
    n = 600
    days = FIRST_DAY + np.timedelta64(30, "D") * random.integers(n_days, size=n)
    borrowers = random.integers(n_borrowers, size=n)
    y = (random.random(n) < 0.2).astype(np.int8)
    split = split_by_time(days, borrowers, y, horizon_days=horizon_days, seed=seed)
    assert not set(borrowers[split.train]) & set(borrowers[split.test])
    if split.words.startswith("by time"):
        assert days[split.train].max() + np.timedelta64(horizon_days, "D") < days[split.test].min()
        assert (days[split.test] == days.max()).all()
        assert not split.warnings
    else:
        assert "no embargo" in split.words
        assert "history is too short" in split.warnings[0]


@settings(deadline=None)
@given(seed=st.integers(0, 10_000), n_borrowers=st.integers(5, 300))
def test_window_is_split_by_instant_and_borrower(seed: int, n_borrowers: int) -> None:
    random = np.random.default_rng(seed)
    instants = np.datetime64("2017-07-01T00:00") + random.integers(0, 40_000, 300).astype("timedelta64[m]")
    borrowers = random.integers(n_borrowers, size=300)
    split = split_within_window(instants, borrowers)
    assert 85 <= len(split.test) <= 95
    assert not set(borrowers[split.train]) & set(borrowers[split.test])
    if len(split.train):
        assert instants[split.train].max() < instants[split.test].min()


@settings(deadline=None)
@given(seed=st.integers(0, 1000), n_folds=st.integers(2, 5))
def test_inner_folds_hold_each_row_out_once_and_keep_groups_together(seed: int, n_folds: int) -> None:
    random = np.random.default_rng(seed)
    groups, y = random.integers(80, size=200), (random.random(200) < 0.3).astype(np.int8)
    folds = inner_folds(groups, y, n_folds=n_folds, seed=seed)
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(200))
    for fit_rows, held_out in folds:
        assert not set(groups[fit_rows]) & set(groups[held_out])
        assert y[held_out].any()


def test_bad_groups_are_spread_evenly_over_the_folds() -> None:
    y = np.zeros(1000, dtype=np.int8)
    y[:50] = 1
    sizes = [int(y[held_out].sum()) for _, held_out in inner_folds(np.arange(1000), y, n_folds=5)]
    assert sizes == [10] * 5


def test_threshold_calibration_and_rounds_never_see_test_rows(data: Data) -> None:
    split = split_within_window(np.arange(len(data.y)).astype("datetime64[s]"), data.groups)
    other_labels = data.y.copy()
    other_labels[split.test] = 1 - other_labels[split.test]
    names = [f"f{k}" for k in range(data.x.shape[1])]
    first, second = (
        run_experiment(data.x, y, data.groups, split, names=names, parity_rows=1000) for y in (data.y, other_labels)
    )
    for ours, theirs in zip(first.trained, second.trained, strict=True):
        assert ours.onnx == theirs.onnx
        assert ours.model.threshold == theirs.model.threshold
        assert ours.tier_edges == theirs.tier_edges
        assert ours.figures.auc != theirs.figures.auc
    assert first.recommend().model.algorithm == second.recommend().model.algorithm


def test_threshold_is_the_break_even_of_held_out_rows(data: Data) -> None:
    folds = inner_folds(data.groups, data.y, n_folds=3)
    model = fit_within(Procedure(trials=1), "logistic", data.x, data.y, folds)
    called = model.held_out_probabilities >= model.threshold
    precision = data.y[called].mean()
    recall = data.y[called].sum() / data.y.sum()
    assert abs(precision - recall) < 0.02
