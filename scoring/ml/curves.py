"""What a card draws of a model, as small arrays that are kept beside it: a card then needs neither the data nor a training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from scoring.ml.learner import Matrix
from scoring.ml.metrics import Z_95
from scoring.ml.stability import inner_edges, psi, shares_of

POINTS = 101
GRADES = 10
STEPS = 20
BINS = 20
MOST_FEATURES = 15


def draw_curves(
    y: NDArray[np.int8],
    p: NDArray[np.float64],
    *,
    reference: NDArray[np.float64] | None = None,
    features: tuple[Matrix, Matrix] | None = None,
    names: Sequence[str] = (),
    contributions: NDArray[np.float64] | None = None,
    rows: str = "",
) -> dict[str, Any]:
    """Return ROC, PR, calibration by grade, lift, the distribution of scores, and, where given, drift and importance.

    y, p: (n,) labels and probabilities of rows that took no part in the fit, both classes present; `rows` says which they are.
    reference: the probabilities of training rows; features: (training rows, these rows), float32 (m, k) and (n, k);
    contributions: (r, k) to the margin of some rows. A few kilobytes, whatever n is.
    """
    p = p.astype(np.float64)
    grades = calibration_grades(y, p)
    curves: dict[str, Any] = {
        "rows": rows,
        "n_rows": len(y),
        "roc": roc_points(y, p),
        "pr": pr_points(y, p),
        "calibration": grades,
        "calibration_test": calibration_test(grades),
        "lift": lift_steps(y, p),
        "scores": score_bins(y, p),
        "reference": reference_bins(p),
    }
    if reference is not None and len(reference):
        curves["drift"] = {"score": drift(reference.astype(np.float64), p), "features": []}
    if features is not None:
        curves.setdefault("drift", {})["features"] = feature_drift(*features, names)
    if contributions is not None and len(contributions):
        curves["importance"] = importance(contributions, names)
    return curves


def roc_points(y: NDArray[np.int8], p: NDArray[np.float64]) -> list[list[float]]:
    """Return at most POINTS pairs (share of good rows, share of bad rows) called bad, from none to all."""
    bad, good = _cumulated(y, p)
    return _thinned(np.append(0, good / good[-1]), np.append(0, bad / bad[-1]))


def pr_points(y: NDArray[np.int8], p: NDArray[np.float64]) -> list[list[float]]:
    """Return at most POINTS pairs (recall, precision), highest scores first."""
    bad, good = _cumulated(y, p)
    return _thinned(bad / bad[-1], bad / (bad + good))


def calibration_grades(y: NDArray[np.int8], p: NDArray[np.float64]) -> list[dict[str, float]]:
    """Return rows, mean probability and bad rate of GRADES grades of equal numbers of rows, with Wilson's 95 % interval.

    Rows of one probability are never divided, so that there may be fewer grades.
    """
    order = np.argsort(p, kind="stable")
    edges = np.unique(np.searchsorted(p[order], np.quantile(p, np.linspace(0, 1, GRADES + 1)[1:-1]), side="right"))
    grades = []
    for part in np.split(order, edges):
        if len(part):
            rate = float(y[part].mean())
            low, high = wilson(rate, len(part))
            grades.append(
                {"n": len(part), "mean_pd": float(p[part].mean()), "bad_rate": rate, "low": low, "high": high}
            )
    return grades


def calibration_test(grades: Sequence[dict[str, float]]) -> dict[str, float]:
    """Return Hosmer and Lemeshow's test; on rows that took no part in the fit each grade is a degree of freedom."""
    statistic = sum(
        one["n"] * (one["bad_rate"] - one["mean_pd"]) ** 2 / max(one["mean_pd"] * (1 - one["mean_pd"]), 1e-12)
        for one in grades
    )
    return {"statistic": float(statistic), "dof": len(grades), "p": float(chdtrc(len(grades), statistic))}


def lift_steps(y: NDArray[np.int8], p: NDArray[np.float64]) -> list[list[float]]:
    """Return pairs (share of rows with the highest scores, share of bad rows among them), in STEPS steps.

    Within a tie rows count evenly, so that the order of the file does not matter.
    """
    bad, good = _cumulated(y, p)
    rows = np.append(0, (bad + good) / len(y))
    caught = np.append(0, bad / bad[-1])
    at = np.linspace(0, 1, STEPS + 1)
    return [[float(x), float(z)] for x, z in zip(at, np.interp(at, rows, caught), strict=True)]


def score_bins(y: NDArray[np.int8], p: NDArray[np.float64]) -> dict[str, list[float]]:
    """Return BINS bins of equal width in log-odds: edges as probabilities, and how many good and bad rows fall in."""
    odds = _log_odds(p)
    low, high = float(odds.min()), float(odds.max())
    edges = np.linspace(low, high if high > low else low + 1, BINS + 1)
    good, bad = (np.histogram(odds[y == label], bins=edges)[0] for label in (0, 1))
    return {
        "edges": [float(edge) for edge in 1 / (1 + np.exp(-edges))],
        "good": [int(n) for n in good],
        "bad": [int(n) for n in bad],
    }


def reference_bins(p: NDArray[np.float64]) -> dict[str, list[float]]:
    """Return the inner edges of ten bins of equal numbers of rows, and the share of rows in each; later scores are held to it."""
    edges = inner_edges(p)
    return {"edges": [float(edge) for edge in edges], "shares": shares_of(p, edges)}


def drift(reference: NDArray[np.floating], found: NDArray[np.floating]) -> float:
    """Return the population stability index over ten bins of the reference; missing values are a bin of their own."""
    edges = inner_edges(reference)
    return psi(shares_of(reference, edges), shares_of(found, edges))


def feature_drift(train: Matrix, test: Matrix, names: Sequence[str]) -> list[list[Any]]:
    """Return [name, PSI] of the features whose values differ most between training and test rows."""
    found: list[list[Any]] = [[name, drift(train[:, k], test[:, k])] for k, name in enumerate(names)]
    return sorted(found, key=lambda pair: float(pair[1]), reverse=True)[:MOST_FEATURES]


def importance(contributions: NDArray[np.float64], names: Sequence[str]) -> list[list[Any]]:
    """Return [name, mean absolute contribution to the margin] of the features that move scores most."""
    means = np.abs(contributions).mean(axis=0)
    order = np.argsort(-means, kind="stable")[:MOST_FEATURES]
    return [[names[k], float(means[k])] for k in order if means[k] > 0]


def wilson(rate: float, n: int) -> tuple[float, float]:
    """Return Wilson's 95 % interval of a share of n rows."""
    middle = (rate + Z_95**2 / (2 * n)) / (1 + Z_95**2 / n)
    half = Z_95 * np.sqrt(rate * (1 - rate) / n + Z_95**2 / (4 * n**2)) / (1 + Z_95**2 / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))


def _cumulated(y: NDArray[np.int8], p: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many bad and good rows score at least as high as each distinct score, highest first."""
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    bad = np.cumsum(y[order], dtype=np.float64)[ends]
    return bad, ends + 1 - bad


def _thinned(x: NDArray[np.float64], z: NDArray[np.float64]) -> list[list[float]]:
    keep = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int))
    return [[round(float(x[k]), 5), round(float(z[k]), 5)] for k in keep]


def _log_odds(p: NDArray[np.float64]) -> NDArray[np.float64]:
    p = np.clip(p, 1e-6, 1 - 1e-6)
    return np.log(p / (1 - p))
