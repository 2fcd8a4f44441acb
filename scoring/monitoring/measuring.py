"""What is counted in the database becomes PSI, AUC and calibration: pure functions."""

from collections.abc import Mapping, Sequence
from math import exp, sqrt
from typing import Any

from scoring.ml.metrics import Z_95
from scoring.ml.stability import psi
from scoring.models import Tier

LEAST_EVENTS = 10


def measure_scores(shares: Sequence[float], bins: Mapping[int, int]) -> float:
    """Return PSI of counts by bin, from 0 on, against the shares of the reference; a bin that holds nothing may be left out."""
    total = sum(bins.values())
    return psi(shares, [bins.get(place, 0) / total for place in range(len(shares))])


def measure_feature(reference: Mapping[str, Any], bins: Mapping[int, int]) -> dict[str, float]:
    """Return PSI, with "no value" as a bin of its own, and the shares without a value, in training and now."""
    total = sum(bins.values())
    shares = [bins.get(place, 0) / total for place in (*range(len(reference["shares"])), -1)]
    return {
        "psi": psi([*reference["shares"], reference["missing"]], shares),
        "missing": shares[-1],
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
    tiers = {row["tier"]: _calibrate([row]) for row in sorted(rows, key=lambda row: Tier.values.index(row["tier"]))}
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
    low, high = (odds * exp(side) for side in (-half, half))
    return {"auc": auc, "auc_low": low / (1 + low), "auc_high": high / (1 + high)}
