"""Tuning keeps to its budget and to the inner folds; the threshold is where it was asked to be; points add up."""

from typing import Any

import numpy as np
import pytest

from scoring.ml.candidates import CANDIDATES, FittedModel, sigmoid
from scoring.ml.experiment import run_experiment
from scoring.ml.export import to_onnx
from scoring.ml.learner import UnsupportedSetting
from scoring.ml.metrics import cheapest_threshold
from scoring.ml.parity import open_session, run_session
from scoring.ml.points import points_of_probabilities, points_table
from scoring.ml.splits import Split, inner_folds
from scoring.ml.tuning import Procedure, fit_within
from tests.scoring.ml.conftest import Data


@pytest.fixture(scope="module")
def small() -> Data:
    """Return 600 rows whose outcome depends on two columns together."""
    random = np.random.default_rng(5)
    x = random.normal(size=(600, 4)).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    known = np.nan_to_num(x)
    y = (random.random(600) < sigmoid(1.5 * known[:, 0] * known[:, 1] - 1 + known[:, 2])).astype(np.int8)
    return Data(x, y, np.arange(600))


def fit(data: Data, name: str, **budget: Any) -> FittedModel:
    folds = inner_folds(data.groups, data.y, n_folds=3, seed=1)
    return fit_within(Procedure(**budget), name, data.x, data.y, folds, seed=1)


@pytest.mark.parametrize("name", ["xgboost", "lightgbm"])
def test_more_trials_find_no_worse_and_the_same_each_time(small: Data, name: str) -> None:
    one = fit(small, name, trials=1)
    many = fit(small, name, trials=6)
    again = fit(small, name, trials=6)
    assert (one.tuning["tried"], many.tuning["tried"]) == (1, 6)
    assert many.tuning["log_loss"] <= one.tuning["log_loss"] == many.tuning["log_loss_of_the_first"]
    assert many.tuning["chosen"] == again.tuning["chosen"]
    assert np.array_equal(many.predict(small.x), again.predict(small.x))
    assert many.parameters["tuning"]["budget"] == {"trials": 6, "seconds": 600.0}


def test_seconds_end_a_search_that_trials_would_not(small: Data) -> None:
    found = fit(small, "xgboost", trials=10_000, seconds=0.01)
    assert 2 <= found.tuning["tried"] <= 4, "the shipped settings are tried whatever it takes"


def test_scorecard_chooses_its_one_setting_by_itself(small: Data) -> None:
    assert fit(small, "logistic", trials=50).tuning["tried"] == 1


def test_settings_that_were_given_are_kept(small: Data) -> None:
    everything = np.arange(len(small.y))
    split = Split(everything[:400], everything[400:], "")
    options = {"names": list("abcd"), "candidates": ["xgboost"], "parity_rows": 1000, "procedure": Procedure(trials=5)}
    done = run_experiment(small.x, small.y, everything, split, settings={"xgboost": {"max_depth": 2}}, **options)  # type: ignore[arg-type]
    assert done.trained[0].model.parameters["max_depth"] == 2
    assert done.trained[0].model.tuning["tried"] == 1
    with pytest.raises(UnsupportedSetting):
        run_experiment(small.x, small.y, everything, split, settings={"xgboost": {"booster": "dart"}}, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("false_alarm", "missed"), [(1, 1), (1, 10), (10, 1), (1, 1e6), (1e6, 1)])
def test_threshold_is_where_wrong_calls_cost_least(false_alarm: float, missed: float) -> None:
    random = np.random.default_rng(3)
    p = random.integers(0, 40, 500) / 40
    y = (random.random(500) < p).astype(np.int8)

    def cost(threshold: float) -> float:
        called = p >= threshold
        return float(false_alarm * (called & (y == 0)).sum() + missed * (~called & (y == 1)).sum())

    found = cheapest_threshold(y, p, false_alarm=false_alarm, missed=missed)
    assert cost(found) == min(cost(each) for each in [*np.unique(p), 2.0])


def test_costs_move_the_threshold_and_are_told(small: Data) -> None:
    careful = fit(small, "logistic", false_alarm_cost=1, missed_cost=10)
    strict = fit(small, "logistic", false_alarm_cost=10, missed_cost=1)
    assert careful.threshold < fit(small, "logistic").threshold < strict.threshold
    assert (
        Procedure(false_alarm_cost=1, missed_cost=10).threshold_words
        == "the least cost, at 1 a false alarm and 10 a missed one"
    )


def test_points_of_all_features_add_up_to_the_answer(small: Data) -> None:
    model = fit(small, "logistic")
    table = points_table(model, list("abcd"))
    assert table is not None
    total = np.full(len(small.y), table["base"])
    for k, feature in enumerate(table["features"]):
        column = small.x[:, k]
        bins = np.searchsorted(np.array(feature["edges"], dtype=np.float32), column)
        values = np.array([*feature["points"], 0])[np.minimum(bins, len(feature["points"]))]
        total += np.where(np.isnan(column), feature["missing"], values)
    assert np.abs(total - points_of_probabilities(model.predict(small.x))).max() <= 0.5 * (1 + 4) + 0.5
    assert points_table(fit(small, "xgboost", trials=1), list("abcd")) is None


@pytest.mark.parametrize("name", list(CANDIDATES))
def test_a_feature_held_to_a_direction_never_goes_the_other_way(small: Data, name: str) -> None:
    folds = inner_folds(small.groups, small.y, n_folds=3, seed=1)
    held = Procedure(trials=1, rises=frozenset("a"), falls=frozenset("c"))

    def steps(procedure: Procedure, column: int) -> np.ndarray:
        model = fit_within(procedure, name, small.x, small.y, folds, names=list("abcd"), seed=1)
        session = open_session(to_onnx(model, n_features=4))
        grid = np.linspace(-3, 3, 60, dtype=np.float32)
        rows = np.repeat(small.x[:40], len(grid), axis=0)
        rows[:, column] = np.tile(grid, 40)
        return np.diff(run_session(session, rows).reshape(40, len(grid)), axis=1)

    assert steps(held, 0).min() >= -1e-7
    assert steps(held, 2).max() <= 1e-7
    assert steps(Procedure(trials=1), 0).min() < -1e-3
    assert steps(Procedure(trials=1), 2).max() > 1e-3


def test_points_mean_odds() -> None:
    assert points_of_probabilities(np.array([1 / 51, 1 / 101, 1 / 26])).tolist() == [600, 620, 580]
