"""What is counted in the database becomes PSI, AUC and calibration: pure functions."""

from collections.abc import Mapping, Sequence
from math import log, sqrt
from typing import Any

LEAST_SHARE = 1e-4  # of a bin, where PSI would else divide by nothing
LEAST_EVENTS = 10
Z_95 = 1.959963984540054
TIERS = ("low", "medium", "high", "very_high")


def psi(reference: Sequence[float], counts: Sequence[int]) -> float:
    """Return the population stability index of counts (bins,) against shares of the reference (bins,): sum (a - e) ln(a / e)."""
    total = sum(counts)
    index = 0.0
    for expected, count in zip(reference, counts, strict=True):
        e, a = max(expected, LEAST_SHARE), max(count / total, LEAST_SHARE)
        index += (a - e) * log(a / e)
    return index


def spread(bins: Mapping[int, int], n_bins: int) -> list[int]:
    """Return the counts of bins 0 to n_bins - 1, those that hold nothing among them."""
    return [bins.get(place, 0) for place in range(n_bins)]


def measure_feature(reference: Mapping[str, Any], bins: Mapping[int, int]) -> dict[str, float]:
    """Return PSI, with "no value" as a bin of its own, and the shares without a value, in training and now."""
    total = sum(bins.values())
    counts = [*spread(bins, len(reference["shares"])), bins.get(-1, 0)]
    return {
        "psi": psi([*reference["shares"], reference["missing"]], counts),
        "missing": bins.get(-1, 0) / total,
        "missing_in_training": reference["missing"],
    }


def measure_outcome(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return AUC with its interval, Brier score and calibration, whole and by tier, of the lines of outcomes.sql.

    AUC is None with fewer than LEAST_EVENTS events or others. Its interval is Hanley's and McNeil's (1982), on the logit scale.
    `z` is by how many standard errors more events came than were expected, if the probabilities were right.
    """
    n, n_bad = sum(row["n"] for row in rows), sum(row["n_bad"] for row in rows)
    if not n:
        return None
    tiers = {row["tier"]: _calibrate([row]) for row in sorted(rows, key=lambda row: TIERS.index(row["tier"]))}
    return {
        **_calibrate(rows),
        "brier": sum(row["squares"] for row in rows) / n,
        **_rank(n_bad, n - n_bad, sum(row["rank_sum"] for row in rows)),
        "tiers": tiers,
    }


def _calibrate(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    n, n_bad = int(sum(row["n"] for row in rows)), int(sum(row["n_bad"] for row in rows))
    expected, variance = sum(row["expected"] for row in rows), sum(row["variance"] for row in rows)
    return {
        "n": n,
        "n_bad": n_bad,
        "expected": expected / n,
        "observed": n_bad / n,
        "z": (n_bad - expected) / sqrt(variance) if variance > 0 else 0.0,
    }


def _rank(n_bad: int, n_good: int, rank_sum: float) -> dict[str, float | None]:
    if min(n_bad, n_good) < LEAST_EVENTS:
        return {"auc": None, "auc_low": None, "auc_high": None}
    auc = (rank_sum - n_bad * (n_bad + 1) / 2) / (n_bad * n_good)
    if auc in (0.0, 1.0):
        slack = 3 / min(n_bad, n_good)
        return {"auc": auc, "auc_low": max(0.0, auc - slack), "auc_high": min(1.0, auc + slack)}
    q1, q2 = auc / (2 - auc), 2 * auc * auc / (1 + auc)
    spare = auc * (1 - auc) + (n_bad - 1) * (q1 - auc * auc) + (n_good - 1) * (q2 - auc * auc)
    half = Z_95 * sqrt(max(spare, 0.0) / (n_bad * n_good)) / (auc * (1 - auc))
    odds = auc / (1 - auc)
    low, high = (odds * 2.718281828459045**side for side in (-half, half))
    return {"auc": auc, "auc_low": low / (1 + low), "auc_high": high / (1 + high)}
