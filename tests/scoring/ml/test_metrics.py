"""Figures against scikit-learn's and against hand-made cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import average_precision_score, brier_score_loss, roc_auc_score
from sklearn.metrics import log_loss as sklearn_log_loss

from scoring.ml import metrics


@st.composite
def labelled_scores(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    n = draw(st.integers(4, 60))
    y = np.array([0, 1, *draw(st.lists(st.integers(0, 1), min_size=n - 2, max_size=n - 2))], dtype=np.int8)
    p = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n))) / 20  # many ties
    return y, p


@settings(deadline=None)
@given(labelled_scores())
def test_figures_agree_with_scikit_learn(case: tuple[np.ndarray, np.ndarray]) -> None:
    y, p = case
    assert metrics.auc(y, p) == pytest.approx(roc_auc_score(y, p))
    assert metrics.average_precision(y, p) == pytest.approx(average_precision_score(y, p))
    assert metrics.ks(y, p) == pytest.approx(ks_2samp(p[y == 1], p[y == 0], method="asymp").statistic)
    figures = metrics.evaluate(y, p, threshold=0.5)
    assert figures.brier == pytest.approx(brier_score_loss(y, p))
    assert figures.log_loss == pytest.approx(sklearn_log_loss(y, np.clip(p, 1e-15, 1 - 1e-15)), rel=1e-6)
    assert figures.gini == pytest.approx(2 * figures.auc - 1)
    assert 0 <= figures.auc_low <= figures.auc <= figures.auc_high <= 1


def test_interval_covers_the_true_auc_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    true_auc = 0.7602  # of two normals one standard deviation apart: Phi(1 / sqrt 2)
    covered = 0
    for _ in range(400):
        y = (random.random(200) < 0.2).astype(np.int8)
        _, low, high = metrics.auc_interval(y, random.normal(size=200) + y)
        covered += low <= true_auc <= high
    assert 0.92 <= covered / 400 <= 0.98


def test_perfect_separation_of_few_rows_still_has_an_interval() -> None:
    value, low, high = metrics.auc_interval(np.array([0] * 20 + [1] * 10), np.arange(30.0))
    assert (value, low, high) == (1.0, pytest.approx(0.7), 1.0)


def test_calibration_error_is_zero_where_groups_match_and_large_where_not() -> None:
    y = np.array(([1] + [0] * 9) * 100, dtype=np.int8)
    assert metrics.expected_calibration_error(y, np.full(1000, 0.1), bins=1) == pytest.approx(0)
    assert metrics.expected_calibration_error(y, np.full(1000, 0.6), bins=1) == pytest.approx(0.5)


def test_threshold_balances_precision_and_recall() -> None:
    y = np.array([1, 1, 0, 1, 0, 0, 0, 0], dtype=np.int8)
    p = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2])
    threshold = metrics.break_even_threshold(y, p)
    assert 0.6 < threshold < 0.7 or 0.5 < threshold < 0.6
    precision, recall = metrics.precision_recall(y, p, threshold=threshold)
    assert min(precision, recall) >= 2 / 3


def test_nothing_called_bad_has_precision_0_rather_than_an_error() -> None:
    assert metrics.precision_recall(np.array([0, 1]), np.array([0.1, 0.2]), threshold=0.9) == (0.0, 0.0)


def test_gain_of_the_same_scores_is_nothing() -> None:
    random = np.random.default_rng(3)
    y, p = (random.random(100) < 0.5).astype(np.int8), random.random(100)
    assert metrics.auc_gain_interval(y, p, p) == (0.0, 0.0, 0.0)
