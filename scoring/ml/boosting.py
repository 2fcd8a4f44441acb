"""Boosted trees: XGBoost and LightGBM with settings that export exactly."""

from collections.abc import Sequence
from typing import Any

import lightgbm
import numpy as np
import onnx
import xgboost
from numpy.typing import NDArray

from scoring.ml.forests import Forest, forest_of_lightgbm, forest_of_xgboost, with_float32_thresholds
from scoring.ml.learner import Folds, Learner, Matrix, UnsupportedSetting

MAX_ROUNDS = 600
PATIENCE = 40


class BoostedTrees(Learner):
    """Shared by both libraries: the number of rounds is chosen by early stopping on the inner folds, then kept for the fit.

    Classes are not weighted unless that is asked for: weights bend the probabilities, which calibration has to bend back, and
    they do not change the ranking to speak of. Rows that are watched weigh as those that are learned from.
    """

    allowed: frozenset[str]

    def __init__(
        self, *, seed: int = 0, threads: int = 1, directions: Sequence[int] = (), event_weight: float = 1.0,
        **overrides: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed=seed, threads=threads, directions=directions, event_weight=event_weight)
        self.refuse_unknown(overrides, allowed=self.allowed | {"rounds"})
        if event_weight != 1 and "scale_pos_weight" in overrides:
            raise UnsupportedSetting(
                f"{self.algorithm}: class weights and scale_pos_weight would weight the classes twice: leave one out."
            )
        self.rounds: int | None = overrides.pop("rounds", None)
        self.overrides = overrides
        self.forest: Forest | None = None
        self.n_features = 0

    @property
    def parameters(self) -> dict[str, Any]:
        return {**self._settings, "rounds": self.rounds}

    @property
    def _constraints(self) -> dict[str, Any]:
        return {"monotone_constraints": self.directions} if self.directions else {}

    def tune(self, x: Matrix, y: NDArray[np.int8], folds: Folds) -> NDArray[np.float64]:
        """Choose the rounds as the median of where the folds stop improving; return margins of rows while held out."""
        self._settings = self._choose_settings(len(y))
        limit = self.rounds or MAX_ROUNDS
        boosters, stops = [], []
        for fit_rows, held_out in folds:
            booster, stop = self._boost(x[fit_rows], y[fit_rows], limit, watch=(x[held_out], y[held_out]))
            boosters.append(booster)
            stops.append(stop)
        self.rounds = self.rounds or max(1, int(np.median(stops)))
        margins = np.zeros(len(y))
        for (_, held_out), booster in zip(folds, boosters, strict=True):
            margins[held_out] = self._raw_margin(booster, x[held_out], rounds=self.rounds)
        return margins

    def fit(self, x: Matrix, y: NDArray[np.int8]) -> None:
        assert self.rounds is not None, "tune() chooses the rounds, or the caller gives them"
        self._settings = self._choose_settings(len(y))
        booster, _ = self._boost(x, y, self.rounds, watch=None)
        self.n_features = x.shape[1]
        self.booster, self.forest = self._finish(booster)

    def margin(self, x: Matrix) -> NDArray[np.float64]:
        return self._raw_margin(self.booster, x, rounds=None)

    def thresholds(self) -> list[NDArray[np.float32]]:
        assert self.forest is not None
        return self.forest.thresholds(self.n_features)

    def margin_graph(self, *, source: str, output: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        assert self.forest is not None
        return [self.forest.as_onnx_node(source=source, output=output)], []

    def _choose_settings(self, n_rows: int) -> dict[str, Any]:
        raise NotImplementedError

    def _boost(self, x: Matrix, y: NDArray[np.int8], rounds: int, *, watch: Any) -> tuple[Any, int]:
        """Return the booster and the number of rounds at which the watched rows were predicted best."""
        raise NotImplementedError

    def _raw_margin(self, booster: Any, x: Matrix, *, rounds: int | None) -> NDArray[np.float64]:
        raise NotImplementedError

    def _finish(self, booster: Any) -> tuple[Any, Forest]:
        """Return the booster that native scores come from, and its trees."""
        raise NotImplementedError


class XGBoost(BoostedTrees):
    """XGBoost with histogram trees on arrays (names would stand in the way of other readers of its trees)."""

    algorithm = "xgboost"
    allowed = frozenset(
        {"max_depth", "eta", "subsample", "colsample_bytree", "min_child_weight", "lambda", "alpha", "gamma", "max_bin",
         "scale_pos_weight"}
    )  # fmt: skip

    def _choose_settings(self, n_rows: int) -> dict[str, Any]:
        return {
            "objective": "binary:logistic",
            "eval_metric": "logloss",
            "tree_method": "hist",
            "eta": 0.05,
            "max_depth": 3 if n_rows < 5_000 else 4,
            "subsample": 0.8,
            "colsample_bytree": 0.6,
            "min_child_weight": 5,
            "lambda": 5,
            **self._constraints,
            **self.overrides,
            "seed": self.seed,
            "nthread": self.threads,
            "verbosity": 0,
        }

    def _boost(self, x: Matrix, y: NDArray[np.int8], rounds: int, *, watch: Any) -> tuple[xgboost.Booster, int]:
        rows = xgboost.DMatrix(x, label=y, weight=self.weights(y), nthread=self.threads)
        if watch is None:
            return xgboost.train(self._settings, rows, rounds), rounds
        watched = xgboost.DMatrix(watch[0], label=watch[1], weight=self.weights(watch[1]), nthread=self.threads)
        booster = xgboost.train(
            self._settings,
            rows,
            rounds,
            evals=[(watched, "held_out")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        return booster, booster.best_iteration + 1

    def _raw_margin(self, booster: xgboost.Booster, x: Matrix, *, rounds: int | None) -> NDArray[np.float64]:
        end = min(rounds or 0, booster.num_boosted_rounds())
        rows = xgboost.DMatrix(x, nthread=self.threads)
        return booster.predict(rows, output_margin=True, iteration_range=(0, end)).astype(np.float64)

    def _finish(self, booster: xgboost.Booster) -> tuple[xgboost.Booster, Forest]:
        return booster, forest_of_xgboost(booster)


class LightGBM(BoostedTrees):
    """LightGBM gbdt; random forests, linear trees and zero-as-missing are refused, since they do not export exactly."""

    algorithm = "lightgbm"
    allowed = frozenset(
        {"num_leaves", "learning_rate", "bagging_fraction", "feature_fraction", "min_data_in_leaf", "lambda_l1", "lambda_l2",
         "max_depth", "max_bin", "scale_pos_weight", "min_gain_to_split"}
    )  # fmt: skip

    def _choose_settings(self, n_rows: int) -> dict[str, Any]:
        return {
            "objective": "binary",
            "metric": "binary_logloss",
            "learning_rate": 0.05,
            "num_leaves": 7 if n_rows < 5_000 else 15,
            "min_data_in_leaf": int(np.clip(n_rows // 200, 10, 100)),
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "feature_fraction": 0.6,
            "lambda_l2": 5,
            **self._constraints,
            **self.overrides,
            "seed": self.seed,
            "deterministic": True,
            "force_row_wise": True,
            "num_threads": self.threads,
            "verbosity": -1,
        }

    def _boost(self, x: Matrix, y: NDArray[np.int8], rounds: int, *, watch: Any) -> tuple[lightgbm.Booster, int]:
        rows = lightgbm.Dataset(x, label=y, weight=self.weights(y), params={"verbosity": -1})
        if watch is None:
            return lightgbm.train(self._settings, rows, rounds), rounds
        watched = lightgbm.Dataset(watch[0], label=watch[1], weight=self.weights(watch[1]), reference=rows)
        booster = lightgbm.train(
            self._settings,
            rows,
            rounds,
            valid_sets=[watched],
            callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        )
        return booster, booster.best_iteration

    def _raw_margin(self, booster: lightgbm.Booster, x: Matrix, *, rounds: int | None) -> NDArray[np.float64]:
        end = min(rounds, booster.current_iteration()) if rounds else -1
        return np.asarray(booster.predict(x, raw_score=True, num_iteration=end, num_threads=self.threads))

    def _finish(self, booster: lightgbm.Booster) -> tuple[lightgbm.Booster, Forest]:
        rounded = with_float32_thresholds(booster)
        return rounded, forest_of_lightgbm(rounded)
