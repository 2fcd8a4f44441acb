"""What would have to change for a lower tier: by the registered graph alone, all that is not named staying as it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.explaining.forest import Forest

Predict = Callable[[NDArray[np.float32]], NDArray[np.floating]]

# What a borrower can still change, and the end of its way; history, terms and what was said to them are what they are.
CAN_FALL_TO = {
    "days_past_due": 0.0, "instalments_past_due": 0.0, "overdue_ratio": 0.0, "days_since_last_payment": 0.0,
    "other_overdue_amount": 0.0,
}  # fmt: skip
CAN_RISE_TO = {"paid_to_due_30_ratio": 1.0, "paid_to_due_90_ratio": 1.0, "principal_repaid_ratio": 1.0}
COUNTED = {"days_past_due", "instalments_past_due", "days_since_last_payment"}  # in whole days or instalments
PAID_UP = {"days_past_due": 0.0, "instalments_past_due": 0.0, "overdue_ratio": 0.0, "days_since_last_payment": 0.0}


@dataclass(frozen=True)
class Change:
    """One feature's way from what it is to what would do."""

    feature: str
    value: float
    wanted: float


@dataclass(frozen=True)
class NextTier:
    """How far paying all that is overdue would bring the probability, and the least single change into the next lower tier."""

    tier: str
    probability_paid_up: float | None
    tier_paid_up: str
    change: Change | None


def find_next_tier(
    forest: Forest,
    predict: Predict,
    *,
    names: Sequence[str],
    row: NDArray[np.float32],
    tier_edges: Sequence[float],
    tiers: Sequence[str],
    tier: str,
) -> NextTier | None:
    """Return what would bring a row (k,) of float32 into the tier below its own; None in the lowest one.

    `predict` turns rows (n, k) into probabilities (n,). One call of it with a row for each threshold on the
    way of a feature that can still change, some milliseconds.
    """
    place = list(tiers).index(tier)
    if place == 0:
        return None
    edge = tier_edges[place - 1]
    index = {name: k for k, name in enumerate(names)}
    paid_up = row.copy()
    for name, value in PAID_UP.items():
        if name in index and not np.isnan(row[index[name]]):
            paid_up[index[name]] = min(row[index[name]], value)
    changes = [change for name in index for change in _on_the_way(forest, name, index[name], row)]
    rows = np.vstack([paid_up, *(_with(row, index[change.feature], change.wanted) for change in changes)])
    found = predict(rows).astype(np.float64)
    enough = [
        (_effort(forest, index[change.feature], change), change)
        for change, probability in zip(changes, found[1:], strict=True)
        if probability < edge
    ]
    is_different = not np.array_equal(paid_up, row, equal_nan=True)
    return NextTier(
        tier=tiers[place - 1],
        probability_paid_up=float(found[0]) if is_different else None,
        tier_paid_up=tiers[sum(found[0] >= one for one in tier_edges)] if is_different else "",
        change=min(enough, key=lambda one: one[0])[1] if enough else None,
    )


def _on_the_way(forest: Forest, name: str, k: int, row: NDArray[np.float32]) -> list[Change]:
    """Return the values at which the forest may think again, between what the feature is and the end of its way."""
    value = float(row[k])
    falls = name in CAN_FALL_TO
    if np.isnan(value) or not (falls or name in CAN_RISE_TO):
        return []
    end = CAN_FALL_TO[name] if falls else CAN_RISE_TO[name]
    if (value <= end) if falls else (value >= end):
        return []
    thresholds = np.unique(forest.threshold[forest.feature == k])
    # The first value beyond a threshold: a row goes left below it, or at it where the forest is not strict.
    if falls:
        if name in COUNTED:
            steps = np.ceil(thresholds) - 1 if forest.strict else np.floor(thresholds)
        else:
            steps = np.nextafter(thresholds, np.float32(-np.inf)) if forest.strict else thresholds
        steps = np.unique(steps[(steps >= end) & (steps < value)])
    else:
        steps = thresholds if forest.strict else np.nextafter(thresholds, np.float32(np.inf))
        steps = np.unique(steps[(steps > value) & (steps <= end)])
    return [Change(name, value, float(wanted)) for wanted in (*steps, end)]


def _with(row: NDArray[np.float32], k: int, value: float) -> NDArray[np.float32]:
    changed = row.copy()
    changed[k] = value
    return changed


def _effort(forest: Forest, k: int, change: Change) -> float:
    """Return the way as the share of the forest's thresholds of the feature that lie on it."""
    thresholds = forest.threshold[forest.feature == k]
    low, high = sorted((change.value, change.wanted))
    return float(((thresholds >= low) & (thresholds <= high)).sum() / max(len(thresholds), 1))
