"""LightGBM's double thresholds against the float32 ones of the exported graph."""

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.ml.boosting import LightGBM
from scoring.ml.forests import (
    FLOAT32,
    LIGHTGBM_ZERO,
    CannotExport,
    Forest,
    exact_lightgbm_threshold,
    round_down_to_float32,
    with_float32_thresholds,
)
from tests.scoring.ml.conftest import Data

doubles = st.floats(min_value=-float(FLOAT32.max), allow_nan=False)
near_zero = st.floats(-2 * LIGHTGBM_ZERO, 2 * LIGHTGBM_ZERO, width=32)
singles = st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(threshold=doubles, value=singles)
def test_rounded_threshold_answers_as_the_double_one_for_every_float32(threshold: float, value: float) -> None:
    rounded = round_down_to_float32(threshold)
    assert float(np.float32(rounded)) == rounded
    assert (value <= rounded) == (value <= threshold)


@settings(deadline=None)
@given(threshold=st.floats(-1e3, 1e3), steps=st.integers(-3, 3))
def test_rounding_is_exact_right_beside_the_threshold(threshold: float, steps: int) -> None:
    value = np.float32(threshold)
    for _ in range(abs(steps)):
        value = np.nextafter(value, np.float32(np.sign(steps) * np.inf))
    assert (float(value) <= round_down_to_float32(threshold)) == (float(value) <= threshold)


@settings(deadline=None)
@given(threshold=st.floats(-2 * LIGHTGBM_ZERO, 2 * LIGHTGBM_ZERO), value=near_zero | st.just(-LIGHTGBM_ZERO))
def test_values_that_lightgbm_reads_as_zero_fall_on_the_same_side(threshold: float, value: float) -> None:
    as_read = 0.0 if abs(value) <= LIGHTGBM_ZERO else value
    assert (value <= exact_lightgbm_threshold(threshold)) == (as_read <= threshold)


def test_rounded_booster_scores_float32_rows_exactly_as_the_original(data: Data) -> None:
    learner = LightGBM(seed=0, rounds=60)
    learner._settings = learner._choose_settings(len(data.y))
    original, _ = learner._boost(data.x, data.y, 60, watch=None)
    rounded = with_float32_thresholds(original)
    thresholds = _thresholds_of(original)
    assert any(float(np.float32(t)) != t for _, t in thresholds)  # else there is nothing to prove
    rows = []
    for feature, threshold in thresholds:
        for value in (
            np.float32(round_down_to_float32(threshold)),
            np.nextafter(np.float32(round_down_to_float32(threshold)), np.float32(np.inf)),
            np.nextafter(np.float32(round_down_to_float32(threshold)), np.float32(-np.inf)),
        ):
            row = data.x[len(rows) % len(data.x)].copy()
            row[feature] = value
            rows.append(row)
    matrix = np.vstack([data.x, np.array(rows)])
    matrix = matrix[np.isfinite(matrix).all(axis=1) | np.isnan(matrix).any(axis=1)]
    assert np.array_equal(original.predict(matrix, raw_score=True), rounded.predict(matrix, raw_score=True))


def test_threshold_that_is_no_float32_is_refused() -> None:
    with pytest.raises(CannotExport):
        Forest(compare="BRANCH_LEQ").add_split(
            tree=0, node=0, feature=0, threshold=0.1, left=1, right=2, missing_goes_left=False, cover=1.0
        )


def _thresholds_of(booster: lightgbm.Booster) -> list[tuple[int, float]]:
    frame = booster.trees_to_dataframe()
    splits = frame[frame["split_feature"].notna() & (frame["threshold"].abs() < 1e30)]
    names = booster.feature_name()
    return [(names.index(f), float(t)) for f, t in zip(splits["split_feature"], splits["threshold"], strict=True)]
