"""The difference of two models on rows of which several belong to one borrower."""

import numpy as np
import pytest

from scoring.ml.metrics import auc_gain_interval
from scoring.ml.paired import clustered_gain_interval


def draw(n: int = 1200) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(3)
    margin = random.normal(size=n)
    y = (random.random(n) < 1 / (1 + np.exp(2 - margin))).astype(np.int8)
    return y, margin + random.normal(scale=0.5, size=n), margin + random.normal(scale=1.0, size=n)


def test_with_one_row_a_borrower_it_is_delong() -> None:
    y, ours, theirs = draw()
    expected = auc_gain_interval(y, ours, theirs)
    assert clustered_gain_interval(y, ours, theirs, np.arange(len(y))) == pytest.approx(expected, abs=1e-3)


def test_repeating_a_borrowers_rows_makes_nothing_surer() -> None:
    y, ours, theirs = draw()
    once = clustered_gain_interval(y, ours, theirs, np.arange(len(y)))
    four = clustered_gain_interval(*(np.repeat(part, 4) for part in (y, ours, theirs, np.arange(len(y)))))
    assert four == pytest.approx(once, abs=1e-9)
    naive = auc_gain_interval(*(np.repeat(part, 4) for part in (y, ours, theirs)))
    assert naive[2] - naive[1] < 0.6 * (four[2] - four[1])


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(8)
    hits = 0
    for _ in range(200):
        borrower = np.repeat(np.arange(150), 3)
        effect = np.repeat(random.normal(size=150), 3)
        y = (random.random(450) < 1 / (1 + np.exp(1 - effect))).astype(np.int8)
        noise = np.repeat(random.normal(size=(2, 150)), 3, axis=1)  # the same for all rows of a borrower
        _, low, high = clustered_gain_interval(y, effect + noise[0], effect + noise[1], borrower)
        hits += low <= 0 <= high  # both are as good
    assert hits / 200 > 0.9


def test_models_that_rank_alike_differ_by_nothing() -> None:
    y, ours, _ = draw()
    assert clustered_gain_interval(y, ours, 2 * ours + 1, np.arange(len(y))) == (0.0, 0.0, 0.0)
