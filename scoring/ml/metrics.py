"""Figures of a model on rows that it has not seen."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Figures:
    """What is said of a model: ranking, calibration, and the two shares at one threshold."""

    n_rows: int
    n_bad: int
    auc: float
    auc_low: float
    auc_high: float
    gini: float
    ks: float
    pr_auc: float
    brier: float
    ece: float
    log_loss: float
    threshold: float
    precision: float
    recall: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def evaluate(y: NDArray[np.int8], p: NDArray[np.float64], *, threshold: float) -> Figures:
    """Compute all figures of probabilities p for labels y, both (n,) with both classes present."""
    p = p.astype(np.float64)
    value, low, high = auc_interval(y, p)
    precision, recall = precision_recall(y, p, threshold=threshold)
    return Figures(
        n_rows=len(y),
        n_bad=int(y.sum()),
        auc=value,
        auc_low=low,
        auc_high=high,
        gini=2 * value - 1,
        ks=ks(y, p),
        pr_auc=average_precision(y, p),
        brier=float(np.mean((p - y) ** 2)),
        ece=expected_calibration_error(y, p),
        log_loss=log_loss(y, p),
        threshold=threshold,
        precision=precision,
        recall=recall,
    )


def auc(y: NDArray[np.int8], score: NDArray[np.floating]) -> float:
    """Return the chance that a bad row scores above a good one, ties counting half (Mann-Whitney)."""
    ranks = _midranks(score)
    n_bad = int(y.sum())
    n_good = len(y) - n_bad
    return float((ranks[y == 1].sum() - n_bad * (n_bad + 1) / 2) / (n_bad * n_good))


def auc_interval(y: NDArray[np.int8], score: NDArray[np.floating]) -> tuple[float, float, float]:
    """Return AUC with its 95 % interval: DeLong's variance (1988; ranks after Sun and Xu, 2014), on the logit scale.

    Rows count as independent: give one row a borrower where that matters. A perfect separation has no variance to go by;
    its interval is then cut at 1 - 3 / (rows of the rarer class), the rule of three.
    """
    value = auc(y, score)
    from_bad, from_good = _placements(y, score)
    variance = _variance_of_mean(from_bad) + _variance_of_mean(from_good)
    if variance == 0 or value in (0.0, 1.0):
        slack = min(1.0, 3 / min(len(from_bad), len(from_good)))
        return value, max(0.0, value - slack), min(1.0, value + slack)
    half = Z_95 * np.sqrt(variance) / (value * (1 - value))
    logit = np.log(value / (1 - value))
    return value, float(_sigmoid(logit - half)), float(_sigmoid(logit + half))


def auc_gain_interval(
    y: NDArray[np.int8], score: NDArray[np.floating], baseline: NDArray[np.floating]
) -> tuple[float, float, float]:
    """Return how much score's AUC exceeds the baseline's on the same rows, with DeLong's 95 % interval for the pair."""
    gain = auc(y, score) - auc(y, baseline)
    ours, theirs = _placements(y, score), _placements(y, baseline)
    variance = sum(_variance_of_mean(a - b) for a, b in zip(ours, theirs, strict=True))
    half = Z_95 * float(np.sqrt(variance))
    return gain, gain - half, gain + half


def ks(y: NDArray[np.int8], score: NDArray[np.floating]) -> float:
    """Return the largest gap of the two cumulative curves (Kolmogorov-Smirnov)."""
    order = np.argsort(score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    bad = np.cumsum(y[order])[ends]
    good = ends + 1 - bad
    return float(np.abs(bad / bad[-1] - good / good[-1]).max())


def average_precision(y: NDArray[np.int8], score: NDArray[np.floating]) -> float:
    """Return the area under the precision-recall curve as a step function."""
    precision, recall, _ = _curve(y, score)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def expected_calibration_error(y: NDArray[np.int8], p: NDArray[np.floating], *, bins: int = 10) -> float:
    """Return the mean gap of predicted and observed bad rate over bins of equal numbers of rows."""
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, bins) if len(part)]
    return float(sum(len(part) * abs(p[part].mean() - y[part].mean()) for part in parts) / len(p))


def log_loss(y: NDArray[np.int8], p: NDArray[np.floating]) -> float:
    """Return the mean negative log-likelihood; probabilities are kept 1e-15 away from 0 and 1."""
    p = np.clip(p.astype(np.float64), 1e-15, 1 - 1e-15)
    return float(-np.mean(np.where(y == 1, np.log(p), np.log1p(-p))))


def precision_recall(y: NDArray[np.int8], p: NDArray[np.floating], *, threshold: float) -> tuple[float, float]:
    """Return precision and recall of calling a row bad at p >= threshold; precision is 0 where nothing is called."""
    called = p >= threshold
    hits = int((y[called] == 1).sum())
    return hits / max(int(called.sum()), 1), hits / int(y.sum())


def break_even_threshold(y: NDArray[np.int8], p: NDArray[np.floating]) -> float:
    """Return the threshold at which the smaller of precision and recall is largest, halfway to the next value below.

    The project's target asks for both at one threshold, and for this choice neither a cost nor a capacity has to be known.
    """
    precision, recall, values = _curve(y, p)
    best = int(np.argmax(np.minimum(precision, recall)))
    below = values[best + 1] if best + 1 < len(values) else values[best]
    return float((values[best] + below) / 2)


def cheapest_threshold(y: NDArray[np.int8], p: NDArray[np.floating], *, false_alarm: float, missed: float) -> float:
    """Return the threshold at which wrong calls on rows (n,) cost least, halfway to the next value; above all p: call nobody.

    false_alarm: cost of a good row that is called bad; missed: of a bad row that is not, both in one unit.
    """
    order = np.argsort(-p, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(p[order]) != 0, True))
    hits = np.cumsum(y[order], dtype=np.int64)[ends]
    costs = np.append(missed * hits[-1], false_alarm * (ends + 1 - hits) + missed * (hits[-1] - hits))
    values = np.append(np.nextafter(p.max(), np.inf), p[order][ends])
    best = int(np.argmin(costs))
    below = values[best + 1] if best + 1 < len(values) else values[best]
    return float((values[best] + below) / 2)


def _curve(
    y: NDArray[np.int8], score: NDArray[np.floating]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.floating]]:
    """Return precision and recall at every distinct score, highest score first."""
    order = np.argsort(-score, kind="stable")
    ends = np.flatnonzero(np.append(np.diff(score[order]) != 0, True))
    hits = np.cumsum(y[order], dtype=np.int64)[ends]
    return hits / (ends + 1), hits / hits[-1], score[order][ends]


def _placements(y: NDArray[np.int8], score: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for each bad row the share of good rows below it, and for each good row the share of bad rows above it."""
    bad, good = score[y == 1], score[y == 0]
    ranks = _midranks(np.concatenate([bad, good]))
    from_bad = (ranks[: len(bad)] - _midranks(bad)) / len(good)
    from_good = 1 - (ranks[len(bad) :] - _midranks(good)) / len(bad)
    return from_bad, from_good


def _variance_of_mean(values: NDArray[np.float64]) -> float:
    return float(np.var(values, ddof=1) / len(values)) if len(values) > 1 else 0.0


def _midranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ranks from 1, equal values sharing the mean of theirs."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((2 * ends - counts + 1) / 2)[index]


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
