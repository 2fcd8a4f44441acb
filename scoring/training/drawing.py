"""What is drawn on the card of a model, gathered while its data are at hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.errors import CannotExplain
from scoring.explaining.forest import read_forest
from scoring.explaining.shapley import explain_rows
from scoring.ml.curves import draw_curves
from scoring.ml.learner import Matrix

EXPLAINED_ROWS = 200
SEED = 20260630


def draw_trained(
    graph: bytes,
    *,
    x: Matrix,
    y: NDArray[np.int8],
    p: NDArray[np.float64],
    train_x: Matrix,
    train_p: NDArray[np.float64],
    names: Sequence[str],
    rows: str,
) -> dict[str, Any]:
    """Return the curves of a model on rows that it has not seen, x (n, k); importance is that of the registered bytes.

    Importance is read from EXPLAINED_ROWS rows drawn by lot; a graph that cannot be explained has none. About a second.
    """
    drawn = np.random.default_rng(SEED).choice(len(x), size=min(len(x), EXPLAINED_ROWS), replace=False)
    try:
        contributions = explain_rows(read_forest(graph), x[drawn])
    except CannotExplain:
        contributions = None
    return draw_curves(
        y, p, reference=train_p, features=(train_x, x), names=names, contributions=contributions, rows=rows
    )
