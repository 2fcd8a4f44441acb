"""Logistic regression on binned features: a scorecard."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from scoring.ml.forests import FLOAT32, Forest
from scoring.ml.learner import Folds, Learner, Matrix
from scoring.ml.metrics import log_loss

EDGE_QUANTILES = (0.0, 0.01, *(k / 10 for k in range(1, 10)), 0.95, 0.98, 0.99, 0.995)
ROWS_AT_ONCE = 10_000
GRID = 2.0**18
STRENGTHS = (0.01, 0.03, 0.1, 0.3, 1.0)  # inverse of the ridge penalty


class BinnedLogistic(Learner):
    """Logistic regression with a ridge penalty on the steps between neighbouring bins, and on missing indicators.

    Edges are quantiles, finer in the upper tail, so that heavy tails and bends of the risk are followed; penalising steps
    (x > edge) rather than bins keeps neighbours alike. A missing value has an effect of its own where training had missing
    values, else the mean effect of its feature. As each feature adds one value, chosen by comparing with its edges, the graph
    is one small tree a feature.
    """

    algorithm = "logistic"

    def __init__(
        self, *, seed: int = 0, threads: int = 1, directions: Sequence[int] = (), event_weight: float = 1.0,
        **overrides: Any,
    ) -> None:  # fmt: skip
        super().__init__(seed=seed, threads=threads, directions=directions, event_weight=event_weight)
        self.refuse_unknown(overrides, allowed={"strength"})
        self.strength: float | None = overrides.get("strength")

    @property
    def parameters(self) -> dict[str, Any]:
        return {"strength": self.strength, "edge_quantiles": list(EDGE_QUANTILES), "n_steps": len(self._edge)}

    def tune(self, x: Matrix, y: NDArray[np.int8], folds: Folds) -> NDArray[np.float64]:
        """Choose the strength of the penalty by log-loss over the folds; return margins of rows while held out."""
        strengths = STRENGTHS if self.strength is None else (self.strength,)
        margins = np.zeros((len(strengths), len(y)))
        for fit_rows, held_out in folds:
            self._place_edges(x[fit_rows])
            design, held_out_design = self._design(x[fit_rows]), self._design(x[held_out])
            warm: NDArray[np.float64] | None = None
            for k, strength in enumerate(strengths):
                warm = self._solve(design, y[fit_rows], strength, start=warm)
                margins[k, held_out] = held_out_design @ warm[:-1] + warm[-1]
        # A weight moves all margins by its logarithm; without it they are log-odds again, which strengths are judged by.
        shift = np.log(self.event_weight)
        losses = [log_loss(y, 1 / (1 + np.exp(shift - margin))) for margin in margins]
        best = int(np.argmin(losses))
        self.strength = strengths[best]
        return margins[best]

    def fit(self, x: Matrix, y: NDArray[np.int8]) -> None:
        assert self.strength is not None, "tune() chooses the strength, or the caller gives it"
        self._place_edges(x)
        solution = _on_grid(self._solve(self._design(x), y, self.strength))
        self._weight, self._missing = np.split(solution[:-1], [len(self._column)])
        effects = np.bincount(self._column, self._share_above * self._weight, minlength=x.shape[1])
        self._centre = _on_grid(effects.astype(np.float64))
        self._intercept = float(solution[-1])
        self._forest = self._as_forest(x)

    def margin(self, x: Matrix) -> NDArray[np.float64]:
        chunks = [x[at : at + ROWS_AT_ONCE] for at in range(0, max(len(x), 1), ROWS_AT_ONCE)]
        return np.concatenate([self._margin(chunk) for chunk in chunks])

    def _margin(self, x: Matrix) -> NDArray[np.float64]:
        is_missing = np.isnan(x)
        steps = (x[:, self._column] > self._edge).astype(np.float64)  # a missing value is above no edge
        return steps @ self._weight - ~is_missing @ self._centre + is_missing @ self._missing + self._intercept

    @property
    def intercept(self) -> float:
        return self._intercept

    def effects(self) -> list[tuple[NDArray[np.float32], NDArray[np.float64], float]]:
        """Return for each feature its edges (m,), what each bin adds to the margin (m + 1,), and what a missing value adds."""
        return [
            (
                self._edge[self._column == feature],
                np.concatenate([[0.0], np.cumsum(self._weight[self._column == feature])]) - self._centre[feature],
                float(self._missing[feature]),
            )
            for feature in range(self._n_features)
        ]

    def thresholds(self) -> list[NDArray[np.float32]]:
        return self._forest.thresholds(self._n_features)

    def margin_graph(self, *, source: str, output: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        return [self._forest.as_onnx_node(source=source, output=output)], []

    def _place_edges(self, x: Matrix) -> None:
        """Put edges at quantiles of what is present, and remember the share of rows above each; a constant has no edge."""
        columns, edges = [], []
        for k in range(x.shape[1]):
            present = x[:, k][~np.isnan(x[:, k])]
            found = np.unique(np.quantile(present, EDGE_QUANTILES, method="nearest")) if len(present) else present
            found = found[found < present.max(initial=-np.inf)]
            columns += [k] * len(found)
            edges.append(found)
        self._n_features = x.shape[1]
        self._column = np.array(columns, dtype=np.int64)
        self._edge = np.concatenate(edges).astype(np.float32)
        present_counts = np.maximum((~np.isnan(x)).sum(axis=0), 1)[self._column]
        self._share_above = ((x[:, self._column] > self._edge).sum(axis=0) / present_counts).astype(np.float32)

    def _design(self, x: Matrix) -> Matrix:
        """Return centred steps, zero where the value is missing, beside the missing indicators."""
        is_missing = np.isnan(x)
        steps = (x[:, self._column] > self._edge).astype(np.float32) - self._share_above
        steps[is_missing[:, self._column]] = 0
        return np.hstack([steps, is_missing.astype(np.float32)])

    def _solve(
        self,
        design: NDArray[np.floating],
        y: NDArray[np.int8],
        strength: float,
        *,
        start: NDArray[np.float64] | None = None,
    ) -> NDArray[np.float64]:
        """Return the weights with the intercept last; a column without variance keeps weight 0 (the penalty sees to it)."""
        if self.directions:
            return self._solve_within_bounds(design, y, strength, start=start)
        model = LogisticRegression(C=strength, max_iter=500, tol=1e-4, warm_start=start is not None)
        if start is not None:
            model.coef_, model.intercept_, model.classes_ = start[None, :-1], start[-1:], np.array([0, 1])
        with threadpool_limits(
            self.threads
        ):  # the matrix is thin: threads that wait for each other cost more than they bring
            model.fit(design, y, sample_weight=self.weights(y))
        return np.append(model.coef_[0], model.intercept_[0]).astype(np.float64)

    def _solve_within_bounds(
        self,
        design: NDArray[np.floating],
        y: NDArray[np.int8],
        strength: float,
        *,
        start: NDArray[np.float64] | None,
    ) -> NDArray[np.float64]:
        """Solve the same problem with the steps of directed features on one side of zero (L-BFGS-B; Byrd et al., 1995)."""
        n, k = design.shape
        signs = np.zeros(k + 1)
        signs[: len(self._column)] = np.array(self.directions)[self._column]
        bounds = np.column_stack([np.where(signs > 0, 0, -np.inf), np.where(signs < 0, 0, np.inf)])
        penalty = np.append(np.full(k, 1 / (strength * n)), 0.0)
        given = self.weights(y)
        weight = np.ones(n) if given is None else given.astype(np.float64)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            margins = (design @ weights[:-1].astype(design.dtype)).astype(np.float64) + weights[-1]
            off = (1 / (1 + np.exp(-margins)) - y) * weight
            slope = np.append(off.astype(design.dtype) @ design, off.sum()) / n
            value = np.mean((np.logaddexp(0, margins) - y * margins) * weight) + 0.5 * float(penalty @ weights**2)
            return float(value), slope + penalty * weights

        if start is None:
            start = np.append(np.zeros(k), np.log(y.mean() / (1 - y.mean())))
        with threadpool_limits(self.threads):
            found = minimize(
                loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 500, "gtol": 1e-4}
            )
        return np.asarray(found.x)

    def _as_forest(self, x: Matrix) -> Forest:
        """Return one tree a feature that finds the bin, and a last one that is the intercept; covers are counts of x."""
        forest = Forest(compare="BRANCH_LEQ")
        for feature, (edges, values, missing) in enumerate(self.effects()):
            present = x[:, feature][~np.isnan(x[:, feature])]
            bins = np.bincount(np.searchsorted(edges, present), minlength=len(values))
            # Every finite value is at most the largest float32, so this split tells missing values apart.
            forest.add_split(
                tree=feature,
                node=0,
                feature=feature,
                threshold=float(FLOAT32.max),
                left=2,
                right=1,
                missing_goes_left=False,
                cover=float(len(x)),
            )
            forest.add_leaf(tree=feature, node=1, value=missing, cover=float(len(x) - len(present)))
            _add_bins(forest, feature, edges=edges, values=values, counts=bins)
        forest.add_leaf(tree=self._n_features, node=0, value=self._intercept, cover=float(len(x)))
        return forest


def _on_grid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Round to multiples of 2^-18: float32 adds such values without any rounding, in any order, up to a sum of 64."""
    return np.round(values * GRID) / GRID


def _add_bins(
    forest: Forest,
    feature: int,
    *,
    edges: NDArray[np.float32],
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
) -> None:
    """Add to the feature's tree, from node 2 on, a balanced search for the bin: values has one entry more than edges."""
    pending, numbered = [(2, 0, len(edges))], 3
    while pending:
        node, first, last = pending.pop()
        if first == last:
            forest.add_leaf(tree=feature, node=node, value=float(values[first]), cover=float(counts[first]))
            continue
        middle = (first + last) // 2
        forest.add_split(
            tree=feature,
            node=node,
            feature=feature,
            threshold=float(edges[middle]),
            left=numbered,
            right=numbered + 1,
            missing_goes_left=False,
            cover=float(counts[first : last + 1].sum()),
        )
        pending += [(numbered, first, middle), (numbered + 1, middle + 1, last)]
        numbered += 2
