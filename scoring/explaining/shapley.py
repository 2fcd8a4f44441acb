"""Shapley contributions of a forest's margin, path-dependent as in TreeSHAP (Lundberg et al., 2020), for single rows.

For one leaf with value v, the distinct features j on its path, the share z_j of the training weight that stays on it, and
o_j = 1 where the row itself stays on it, the contribution of j is an integral of a polynomial (Li et al., Linear TreeSHAP, 2022,
use the same one), which a few points of Gauss and Legendre give exactly:

    phi_j = v (o_j - z_j) * integral over t in [0, 1] of prod_{i != j} (t o_i + (1 - t) z_i) dt
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from scoring.explaining.forest import Floats, Forest


def explain_rows(forest: Forest, x: NDArray[np.float32]) -> Floats:
    """Return contributions (n, k) to the margin of float32 rows (n, k) in which NaN is missing; numpy alone, some ms a row.

    Each row sums to its margin less `forest.expected_margin`. For many rows kernel.explain_many is made.
    """
    plan = _plan(forest)
    return np.array([plan.explain(row) for row in x], dtype=np.float64).reshape(len(x), forest.n_features)


def quadrature(n_slots: int) -> tuple[Floats, Floats]:
    """Return points in (0, 1) and weights that integrate polynomials of degree below n_slots exactly."""
    points, weights = np.polynomial.legendre.leggauss(max(1, (n_slots + 1) // 2))
    return (points + 1) / 2, weights / 2


@lru_cache(maxsize=8)
def _plan(forest: Forest) -> "_Plan":
    return _Plan(forest)


class _Plan:
    """A forest's paths as rectangles: (leaves, steps) and (leaves, slots), filled up with what changes nothing."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        n_leaves, n_slots = len(forest.leaf_value), max(forest.most_slots, 1)
        self.shares = np.ones((n_leaves, n_slots))
        self.features = np.zeros((n_leaves, n_slots), dtype=np.int64)
        leaf_of_slot = np.repeat(np.arange(n_leaves), np.diff(forest.leaf_slot))
        place = np.arange(len(leaf_of_slot)) - forest.leaf_slot[leaf_of_slot]
        self.shares[leaf_of_slot, place] = forest.slot_share
        self.features[leaf_of_slot, place] = forest.slot_feature
        leaf_of_step = np.repeat(np.arange(n_leaves), np.diff(forest.leaf_step))
        first_split = np.repeat(forest.tree_split[:-1], np.diff(forest.tree_leaf))
        self.step_split = first_split[leaf_of_step] + forest.step_split
        self.step_cell = leaf_of_step * n_slots + forest.step_slot
        self.points, self.weights = quadrature(n_slots)

    def explain(self, row: NDArray[np.float32]) -> Floats:
        forest = self.forest
        value = row[forest.feature]
        with np.errstate(invalid="ignore"):
            left = value < forest.threshold if forest.strict else value <= forest.threshold
        left = np.where(np.isnan(value), forest.missing_left, left)
        stays = np.ones(self.shares.size, dtype=bool)
        stays[self.step_cell[left[self.step_split] != forest.step_left]] = False
        is_on = stays.reshape(self.shares.shape)
        by_slot = np.zeros(self.shares.shape)
        for t, weight in zip(self.points, self.weights, strict=True):
            factor = np.where(is_on, t, 0.0) + (1 - t) * self.shares
            whole = factor.prod(axis=1, keepdims=True)
            with np.errstate(divide="ignore", invalid="ignore"):
                rest = whole / factor
            by_slot += weight * np.where(factor > 0, rest, _products_without(factor))
        by_slot *= (is_on - self.shares) * forest.leaf_value[:, None]
        return np.bincount(self.features.ravel(), by_slot.ravel(), forest.n_features).astype(np.float64)


def _products_without(factor: Floats) -> Floats:
    """Return in each cell the product of its row's other cells; only where a factor is zero is it asked for."""
    if (factor > 0).all():
        return factor
    others = [np.delete(factor, k, axis=1).prod(axis=1) for k in range(factor.shape[1])]
    return np.column_stack(others)
