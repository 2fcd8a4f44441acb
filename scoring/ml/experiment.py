"""All candidates on one split: fitted, exported, proven, measured."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.ml.candidates import CANDIDATES, FittedModel
from scoring.ml.export import to_onnx
from scoring.ml.learner import Matrix
from scoring.ml.metrics import Figures, auc, auc_gain_interval, evaluate
from scoring.ml.parity import Parity, check_parity
from scoring.ml.splits import MIN_EVENTS, Split, inner_folds
from scoring.ml.tuning import MANY_ROWS, Procedure, fit_within

KPI = {"auc": 0.80, "precision": 0.70, "recall": 0.70}
TIER_ODDS = (1.0, 2.5, 6.0)
SIMPLEST_FIRST = list(CANDIDATES)


@dataclass(frozen=True)
class Baseline:
    """A rule that needs no model: one column, in the direction that it has on training rows."""

    column: str
    auc: float
    scores: NDArray[np.float64]


@dataclass(frozen=True)
class Trained:
    """One candidate with everything that a register asks for."""

    model: FittedModel
    onnx: bytes
    parity: Parity
    figures: Figures
    validation_auc: float
    gain_over_baseline: tuple[float, float, float]
    by_segment: dict[str, dict[str, float]]
    tier_edges: tuple[float, float, float]

    @property
    def meets_kpi(self) -> bool:
        return all(getattr(self.figures, name) >= least for name, least in KPI.items())

    @property
    def has_signal(self) -> bool:
        return self.figures.auc_low > 0.5


@dataclass(frozen=True)
class Experiment:
    """All candidates on the same rows, in the order in which they were asked for."""

    trained: list[Trained]
    baseline: Baseline
    fit_y: NDArray[np.int8]

    def recommend(self) -> Trained:
        """Return the simplest proven candidate that does not rank clearly worse than the best one on the inner folds.

        Clearly: the 95 % interval of the difference in AUC, on the same held-out rows, leaves zero out. Within noise a simpler
        model is easier to explain and cheaper to score. Test rows take no part in the choice. Raises ValueError where no
        candidate is proven.
        """
        proven = [one for one in self.trained if one.parity.holds]
        if not proven:
            raise ValueError("no candidate is proven")
        best = max(proven, key=lambda one: one.validation_auc)
        for one in sorted(proven, key=lambda one: SIMPLEST_FIRST.index(one.model.algorithm)):
            ours, theirs = one.model.held_out_probabilities, best.model.held_out_probabilities
            if one is best or auc_gain_interval(self.fit_y, theirs, ours)[1] <= 0:
                return one
        return best


def run_experiment(
    x: Matrix,
    y: NDArray[np.int8],
    groups: NDArray[np.int64],
    split: Split,
    *,
    names: Sequence[str],
    candidates: Sequence[str] = tuple(CANDIDATES),
    baseline_column: str | None = None,
    segments: NDArray[np.str_] | None = None,
    settings: Mapping[str, Mapping[str, Any]] | None = None,
    procedure: Procedure = Procedure(trials=1),  # noqa: B008  frozen
    seed: int = 0,
    threads: int | None = None,
    parity_rows: int | None = None,
    progress: Callable[[int, int, str], None] = lambda done, total, message: None,
) -> Experiment:
    """Fit, export, prove and measure each candidate; x: (n, k) float32, y: (n,) 1 is bad, groups: (n,) kept together.

    Tuning, calibration and threshold see training rows alone, each held out by inner folds of whole groups.
    Raises UnsupportedSetting before anything is fitted.
    """
    for name in candidates:
        # refuses what cannot be exported
        CANDIDATES[name](event_weight=procedure.event_weight(y[split.train]), **dict((settings or {}).get(name, {})))
    fit_x, fit_y = x[split.train], y[split.train]
    test_x, test_y = x[split.test], y[split.test]
    folds = inner_folds(groups[split.train], fit_y, n_folds=3 if len(fit_y) > MANY_ROWS else 5, seed=seed)
    baseline = find_baseline(fit_x, fit_y, test_x, test_y, names=names, column=baseline_column)
    trained = []
    for done, name in enumerate(candidates):
        progress(done, len(candidates), f"training {name}")
        model = fit_within(
            procedure,
            name,
            fit_x,
            fit_y,
            folds,
            names=names,
            settings=(settings or {}).get(name),
            seed=seed,
            threads=threads,
        )
        graph = to_onnx(model, n_features=x.shape[1])
        options = {} if parity_rows is None else {"rows": parity_rows}
        parity = check_parity(graph, model.predict, x, thresholds=model.learner.thresholds(), seed=seed, **options)
        p = model.predict(test_x)
        trained.append(
            Trained(
                model=model,
                onnx=graph,
                parity=parity,
                figures=evaluate(test_y, p, threshold=model.threshold),
                validation_auc=auc(fit_y, model.held_out_probabilities),
                gain_over_baseline=auc_gain_interval(test_y, p, baseline.scores),
                by_segment=_by_segment(test_y, p, None if segments is None else segments[split.test]),
                tier_edges=tier_edges(fit_y),
            )
        )
    progress(len(candidates), len(candidates), "trained")
    return Experiment(trained, baseline, fit_y)


def find_baseline(
    fit_x: Matrix,
    fit_y: NDArray[np.int8],
    test_x: Matrix,
    test_y: NDArray[np.int8],
    *,
    names: Sequence[str],
    column: str | None = None,
) -> Baseline:
    """Return the named column as a rule, or the column that ranks training rows best alone; missing ranks lowest."""
    values = np.nan_to_num(fit_x.astype(np.float64), nan=-np.inf)
    if column is not None and column in names and np.ptp(fit_x[:, names.index(column)]) > 0:
        best = list(names).index(column)
    else:
        best = int(np.argmax([abs(auc(fit_y, values[:, k]) - 0.5) for k in range(fit_x.shape[1])]))
    direction = 1 if auc(fit_y, values[:, best]) >= 0.5 else -1
    scores = direction * np.nan_to_num(test_x[:, best].astype(np.float64), nan=-np.inf)
    return Baseline(names[best], auc(test_y, scores), scores)


def tier_edges(y: NDArray[np.int8]) -> tuple[float, float, float]:
    """Return the probabilities at 1, 2.5 and 6 times the odds of the training rows.

    Odds rather than quantiles: a tier then means the same from one training to the next, the edges stay inside (0, 1) at any
    bad rate, and a model that cannot tell loans apart fills no tier with chosen ones.
    """
    odds = y.sum() / (len(y) - y.sum())
    low, middle, high = (float(times * odds / (1 + times * odds)) for times in TIER_ODDS)
    return low, middle, high


def _by_segment(
    y: NDArray[np.int8], p: NDArray[np.float64], segments: NDArray[np.str_] | None
) -> dict[str, dict[str, float]]:
    """Return rows, bad rate, mean prediction and, where both classes have ten rows, AUC of each segment."""
    figures: dict[str, dict[str, float]] = {}
    for segment in [] if segments is None else np.unique(segments):
        rows = segments == segment
        bad = int(y[rows].sum())
        figures[str(segment)] = {
            "n_rows": int(rows.sum()),
            "bad_rate": float(y[rows].mean()),
            "mean_pd": float(p[rows].mean()),
        }
        if min(bad, int(rows.sum()) - bad) >= MIN_EVENTS:
            figures[str(segment)]["auc"] = auc(y[rows], p[rows])
    return figures
