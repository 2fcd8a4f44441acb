"""A labelled table from text to proven candidates: nested evaluation, then the fit that is registered."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.candidates import CANDIDATES, FittedModel
from scoring.ml.experiment import KPI, find_baseline
from scoring.ml.learner import Matrix
from scoring.ml.metrics import Figures, evaluate
from scoring.ml.specification.applying import Typed, apply_specification
from scoring.ml.specification.learning import learn_specification
from scoring.ml.specification.schema import Specification
from scoring.ml.splits import Split, inner_folds
from scoring.ml.tuning import MANY_ROWS, Procedure, fit_within
from scoring.ml.twins import Twins, find_twins

OUTER_FOLDS = 5
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Evaluated:
    """A candidate's figures on rows that took no part in its fit; means over the repeats where there are several."""

    algorithm: str
    figures: Figures
    spread: float  # standard deviation of the AUC over the repeats, 0 of one
    seconds: float

    @property
    def meets_kpi(self) -> bool:
        return all(getattr(self.figures, name) >= least for name, least in KPI.items())

    @property
    def has_signal(self) -> bool:
        return self.figures.auc_low > 0.5


@dataclass(frozen=True)
class Evaluation:
    """All candidates and the best single column on the same held-out rows."""

    candidates: dict[str, Evaluated]
    baseline_column: str
    baseline_auc: float


def evaluate_table(
    frame: pd.DataFrame,
    y: NDArray[np.int8],
    groups: NDArray[np.int64],
    *,
    split: Split | None = None,
    candidates: Sequence[str] = tuple(CANDIDATES),
    procedure: Procedure = Procedure(),  # noqa: B008  frozen
    repeats: int = 1,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = lambda done, total, message: None,
) -> Evaluation:
    """Measure the whole procedure: specification, tuning, calibration and threshold are learned anew without the test rows.

    frame: n rows of text; y: (n,) 1 is bad; groups: (n,) kept on one side. With a split, that split alone; else each of
    `repeats` rounds of 5 outer folds of whole groups, bad ones spread evenly, with another seed each. Inner folds are of whole
    groups too.
    """
    rounds = [[split]] if split else [_outer_folds(groups, y, seed=seed + n) for n in range(repeats)]
    total = sum(map(len, rounds)) * len(candidates)
    figures: dict[str, list[Figures]] = {name: [] for name in candidates}
    seconds = dict.fromkeys(candidates, 0.0)
    baselines: list[tuple[str, float]] = []
    done = 0
    for number, sides in enumerate(rounds):
        p = {name: np.full(len(y), np.nan) for name in candidates}
        called = {name: np.zeros(len(y), dtype=bool) for name in candidates}
        thresholds: dict[str, list[float]] = {name: [] for name in candidates}
        for side in sides:
            x, names = _features(frame, side)
            fit_y, test_y = y[side.train], y[side.test]
            baseline = find_baseline(x[side.train], fit_y, x[side.test], test_y, names=names)
            baselines.append((baseline.column, baseline.auc))
            for name in candidates:
                progress(done, total, f"evaluating {name}")
                began = time.perf_counter()
                model = fit_one(
                    name,
                    x[side.train],
                    fit_y,
                    groups[side.train],
                    names=names,
                    procedure=procedure,
                    seed=seed + number,
                    threads=threads,
                )
                p[name][side.test] = model.predict(x[side.test])
                called[name][side.test] = p[name][side.test] >= model.threshold
                thresholds[name].append(model.threshold)
                seconds[name] += time.perf_counter() - began
                done += 1
        tested = np.concatenate([side.test for side in sides])
        for name in candidates:
            found = evaluate(y[tested], p[name][tested], threshold=float(np.mean(thresholds[name])))
            hits = int((called[name][tested] & (y[tested] == 1)).sum())
            figures[name].append(
                replace(
                    found,
                    precision=hits / max(int(called[name][tested].sum()), 1),
                    recall=hits / int(y[tested].sum()),
                )
            )
    columns = [column for column, _ in baselines]
    return Evaluation(
        {name: Evaluated(name, _mean(found), _spread(found), seconds[name]) for name, found in figures.items()},
        max(set(columns), key=columns.count),
        float(np.mean([value for _, value in baselines])),
    )


def find_groups(columns: Sequence[Typed]) -> Twins | None:
    """Return the near copies among rows by all their columns, or None where likeness tells nothing."""
    n = len(columns[0].codes) if columns else 0
    numbers = [column.numbers for column in columns if column.numbers is not None]
    texts = [column.codes for column in columns if column.numbers is None]
    return find_twins(
        np.column_stack([np.empty((n, 0)), *numbers]), np.column_stack([np.empty((n, 0), dtype=np.int64), *texts])
    )


def fit_one(
    name: str,
    x: Matrix,
    y: NDArray[np.int8],
    groups: NDArray[np.int64],
    *,
    names: Sequence[str] = (),
    procedure: Procedure = Procedure(),  # noqa: B008  frozen
    seed: int = 0,
    threads: int | None = None,
) -> FittedModel:
    """Fit one candidate by name on rows (n, k); inner folds of whole groups choose its settings and its threshold."""
    folds = inner_folds(groups, y, n_folds=3 if len(y) > MANY_ROWS else 5, seed=seed)
    return fit_within(procedure, name, x, y, folds, names=names, seed=seed, threads=threads)


def _outer_folds(groups: NDArray[np.int64], y: NDArray[np.int8], *, seed: int) -> list[Split]:
    return [Split(train, test, "") for train, test in inner_folds(groups, y, n_folds=OUTER_FOLDS, seed=seed)]


def _features(frame: pd.DataFrame, side: Split) -> tuple[Matrix, list[str]]:
    specification: Specification = learn_specification(frame.iloc[side.train])
    return apply_specification(specification, frame), specification.features


def _mean(found: Sequence[Figures]) -> Figures:
    means = {name: float(np.mean([getattr(one, name) for one in found])) for name in found[0].as_dict()}
    del means["n_rows"], means["n_bad"]
    return replace(found[0], **means)  # type: ignore[arg-type]


def _spread(found: Sequence[Figures]) -> float:
    return float(np.std([one.auc for one in found], ddof=1)) if len(found) > 1 else 0.0
