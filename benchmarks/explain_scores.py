#!/usr/bin/env python
"""How long Shapley contributions take from the registered graph alone, against the fastest of the libraries' own.

A forest of each library is trained on made-up rows and exported; the same rows are explained by the product's kernel from the
ONNX bytes, by the library's own contributions (pred_contribs, pred_contrib) and, where it is installed, by the package shap. One
thread each, medians of --runs, reference is the fastest of the others. A third figure is the largest difference between them.

    .venv/bin/python benchmarks/explain_scores.py --rows 5000
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import xgboost
from numpy.typing import NDArray

from scoring.explaining.forest import read_forest
from scoring.explaining.kernel import explain_many
from scoring.ml.boosting import LightGBM, XGBoost
from scoring.ml.candidates import FittedModel
from scoring.ml.export import to_onnx

FEATURES = 37
LEARNERS = {
    "xgboost": lambda: XGBoost(seed=0, threads=1, rounds=300, max_depth=6),
    "lightgbm": lambda: LightGBM(seed=0, threads=1, rounds=300, num_leaves=31),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--rows", type=int, default=2_000, metavar="N", help="rows to explain (default 2,000)")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each side (default 5)")
    options = parser.parse_args()
    random = np.random.default_rng(1)
    x = random.normal(size=(20_000, FEATURES)).astype(np.float32)
    x[random.random(x.shape) < 0.1] = np.nan
    log_odds = np.nan_to_num(x[:, 0]) * np.nan_to_num(x[:, 1]) + np.nan_to_num(x[:, 2:8]).sum(axis=1) - 2
    y = (random.random(len(x)) < 1 / (1 + np.exp(-log_odds))).astype(np.int8)
    for name, make in LEARNERS.items():
        learner = make()
        learner.fit(x, y)
        content = to_onnx(FittedModel(learner, 1.0, 0.0, 0.5, np.zeros(1), 0.0), n_features=FEATURES)
        measure(name, content, learner.booster, x[: options.rows], runs=options.runs)


def measure(name: str, content: bytes, booster: object, x: NDArray[np.float32], *, runs: int) -> None:
    """Print two JSON lines for one library."""
    forest = read_forest(content)
    explain_many(forest, x[:2048])  # compiles, or reads what was compiled
    others = contributions_of(booster)
    ours, theirs = [], {other: [] for other in others}
    for _ in range(runs):
        seconds, found = seconds_of(lambda: explain_many(forest, x))
        ours.append(seconds)
        for other, explain in others.items():
            seconds, reference = seconds_of(lambda explain=explain: explain(x))
            theirs[other].append(seconds)
    fastest, reference_seconds = min(
        ((other, statistics.median(taken)) for other, taken in theirs.items()), key=lambda one: one[1]
    )
    median = statistics.median(ours)
    print(
        json.dumps(
            {
                "figure": f"explain_{name}", "ours": round(median, 4), "reference": round(reference_seconds, 4),
                "fastest_other": fastest, "others": sorted(theirs), "ratio": round(median / reference_seconds, 4),
                "at_most": 1, "unit": "s", "rows": len(x), "us_per_row": round(median / len(x) * 1e6, 1), "runs": runs,
            }
        )
    )  # fmt: skip
    print(
        json.dumps(
            {"figure": f"explain_{name}_differs_by", "ours": float(np.abs(found - reference).max()), "at_most": 1e-4}
        )
    )


def contributions_of(booster: object) -> dict[str, Callable[[NDArray[np.float32]], NDArray[np.floating]]]:
    """Return what else can compute them, by name, each as rows (n, k) to contributions (n, k)."""
    if isinstance(booster, xgboost.Booster):
        booster.set_param({"nthread": 1})
        others = {"xgboost": lambda x: booster.predict(xgboost.DMatrix(x, nthread=1), pred_contribs=True)[:, :-1]}
    else:
        others = {"lightgbm": lambda x: booster.predict(x, pred_contrib=True, num_threads=1)[:, :-1]}
    if find_spec("shap"):
        import shap

        explainer = shap.TreeExplainer(booster)
        others["shap"] = explainer.shap_values
    return others


def seconds_of(work: Callable[[], NDArray[np.floating]]) -> tuple[float, NDArray[np.floating]]:
    began = time.perf_counter()
    answer = work()
    return time.perf_counter() - began, answer


if __name__ == "__main__":
    main()
