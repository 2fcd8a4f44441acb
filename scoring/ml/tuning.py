"""How a candidate is tuned within a stated budget, and where its threshold is put; both on inner folds alone."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.ml.candidates import CANDIDATES, FittedModel, fit_sigmoid, fit_tuned, sigmoid
from scoring.ml.learner import Folds, Learner, Matrix
from scoring.ml.metrics import break_even_threshold, cheapest_threshold, log_loss

MANY_ROWS = 50_000  # from here on the shallow trees alone are shipped, and threads pay
MAX_THREADS = 2
BALANCED = "balanced"
# What is tried first: shallow trees for weak signals, deep ones for strong.
SHIPPED: dict[str, tuple[dict[str, Any], ...]] = {
    "logistic": ({},),
    "xgboost": ({}, {"max_depth": 8, "min_child_weight": 2, "lambda": 1}),
    "lightgbm": ({}, {"num_leaves": 31, "min_data_in_leaf": 10}),
}


@dataclass(frozen=True)
class Procedure:
    """A budget of settings for each algorithm, and what a wrong call costs where that is known.

    trials: settings tried, the shipped ones first, then Optuna's; seconds: after which no new one is begun. The costs are of a
    good row called bad and of a bad row that is missed, in any one unit; without them the threshold is where precision and
    recall meet, as the project's target asks for both. class_weights: how often a row with the event counts in a fit, or
    "balanced", as often as both classes then weigh alike; calibration takes the weight out of the probabilities again. rises
    and falls: features with which the event may only become likelier, or less likely.
    """

    trials: int = 2
    seconds: float = 600.0
    false_alarm_cost: float | None = None
    missed_cost: float | None = None
    class_weights: str | float | None = None
    rises: frozenset[str] = frozenset()
    falls: frozenset[str] = frozenset()

    def directions(self, names: Sequence[str]) -> tuple[int, ...]:
        """Return for each named feature 1, -1 or 0, as a learner takes them."""
        return tuple((name in self.rises) - (name in self.falls) for name in names)

    def directions_told(self, names: Sequence[str]) -> dict[str, list[str]]:
        """Return the features of a model that are held to a direction, for the register."""
        told = {
            "rises": [name for name in names if name in self.rises],
            "falls": [name for name in names if name in self.falls],
        }
        return {side: held for side, held in told.items() if held}

    def event_weight(self, y: NDArray[np.int8]) -> float:
        """Return how often a row with the event counts where y (n,) is learned from."""
        if self.class_weights is None:
            return 1.0
        return (
            float((y == 0).sum() / max((y == 1).sum(), 1))
            if self.class_weights == BALANCED
            else float(self.class_weights)
        )

    @property
    def has_costs(self) -> bool:
        return self.false_alarm_cost is not None and self.missed_cost is not None

    @property
    def threshold_words(self) -> str:
        if not self.has_costs:
            return "where the smaller of precision and recall is largest: the target asks for both, and no costs were stated"
        return f"the least cost, at {self.false_alarm_cost:g} a false alarm and {self.missed_cost:g} a missed one"

    def choose_threshold(self, y: NDArray[np.int8], p: NDArray[np.floating]) -> float:
        """Return the threshold for rows (n,) that were held out."""
        if self.false_alarm_cost is None or self.missed_cost is None:
            return break_even_threshold(y, p)
        return cheapest_threshold(y, p, false_alarm=self.false_alarm_cost, missed=self.missed_cost)


def fit_within(
    procedure: Procedure,
    name: str,
    x: Matrix,
    y: NDArray[np.int8],
    folds: Folds,
    *,
    names: Sequence[str] = (),
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    threads: int | None = None,
) -> FittedModel:
    """Fit one candidate on x (n, k), y (n,): the settings with the least held-out log-loss after calibration, or those given.

    names: the k features, where the procedure holds some of them to a direction.
    The same seed tries the same settings, unless the seconds run out. Raises UnsupportedSetting before any training.
    """
    begun = time.perf_counter()
    is_large = len(y) > MANY_ROWS
    threads = threads or (MAX_THREADS if is_large else 1)  # few rows: threads only wait

    weight = procedure.event_weight(y)

    def build(each: Mapping[str, Any]) -> Learner:
        return CANDIDATES[name](
            seed=seed, threads=threads, directions=procedure.directions(names), event_weight=weight, **each
        )

    shipped = [settings] if settings is not None else list(SHIPPED[name][: 1 if is_large else None])
    search = _Search(x, y, folds)
    for each in shipped[: max(procedure.trials, 1)]:
        search.tries(build(each), each)
    if settings is None and name in SPACES and (left := procedure.trials - len(search.attempts)) > 0:
        _search_with_optuna(
            lambda each: search.tries(build(each), each), SPACES[name], trials=left,
            seconds=procedure.seconds - (time.perf_counter() - begun), seed=seed,
        )  # fmt: skip
    tuning = {
        "tried": len(search.attempts),
        "budget": {"trials": procedure.trials, "seconds": procedure.seconds},
        "log_loss": round(search.least, 6),
        "log_loss_of_the_first": search.attempts[0]["log_loss"],
        "chosen": search.chosen,
        "attempts": search.attempts,
        **({"class_weights": {"asked": procedure.class_weights, "event": weight}} if procedure.class_weights else {}),
    }
    return fit_tuned(
        search.best, search.margins, x, y, begun=begun, tuning=tuning, choose_threshold=procedure.choose_threshold
    )


class _Search:
    """The best of the settings that were tried on the same folds."""

    def __init__(self, x: Matrix, y: NDArray[np.int8], folds: Folds) -> None:
        self.x, self.y, self.folds = x, y, folds
        self.least = np.inf
        self.attempts: list[dict[str, Any]] = []
        self.best: Learner
        self.margins: NDArray[np.float64]
        self.chosen: dict[str, Any] = {}

    def tries(self, learner: Learner, settings: Mapping[str, Any]) -> float:
        """Return the log-loss of calibrated margins while they were held out, and remember the best learner."""
        margins = learner.tune(self.x, self.y, self.folds)
        slope, intercept = fit_sigmoid(margins, self.y)
        loss = log_loss(self.y, sigmoid(slope * margins + intercept))
        self.attempts.append({"log_loss": round(loss, 6), "settings": dict(settings)})
        if loss < self.least:
            self.least, self.best, self.margins, self.chosen = loss, learner, margins, dict(settings)
        return loss


def _of_xgboost(trial: Any) -> dict[str, Any]:
    return {
        "max_depth": trial.suggest_int("max_depth", 2, 9),
        "min_child_weight": trial.suggest_float("min_child_weight", 1, 20, log=True),
        "lambda": trial.suggest_float("lambda", 0.1, 20, log=True),
        "subsample": trial.suggest_float("subsample", 0.6, 1),
        "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1),
        "eta": trial.suggest_float("eta", 0.02, 0.1, log=True),
    }


def _of_lightgbm(trial: Any) -> dict[str, Any]:
    return {
        "num_leaves": trial.suggest_int("num_leaves", 4, 63, log=True),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 5, 200, log=True),
        "lambda_l2": trial.suggest_float("lambda_l2", 0.1, 20, log=True),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.6, 1),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.3, 1),
        "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.1, log=True),
    }


# The scorecard chooses its one setting, the strength of the penalty, on the folds by itself.
SPACES: dict[str, Callable[[Any], dict[str, Any]]] = {"xgboost": _of_xgboost, "lightgbm": _of_lightgbm}


def _search_with_optuna(
    tries: Callable[[Mapping[str, Any]], float],
    space: Callable[[Any], dict[str, Any]],
    *,
    trials: int,
    seconds: float,
    seed: int,
) -> None:
    """Let a tree-structured Parzen estimator propose settings (Bergstra et al., 2011) until trials or seconds are used up."""
    import optuna  # takes a while to load, and most trainings keep to what is shipped

    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=5))
    study.optimize(lambda trial: tries(space(trial)), n_trials=trials, timeout=max(seconds, 0.001))
