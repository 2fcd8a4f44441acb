"""Proof that the exported graph gives what the training library gives."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from scoring.ml.learner import Matrix

LIMIT = 1e-6
ROWS = 100_000
THRESHOLD_ROWS = 30_000
MOST_ONE_BY_ONE = 1_000  # features that are made missing or extreme alone; of more, so many by lot
QUANTILES = (0.5, 0.9, 0.99, 0.999)
CHUNK = 20_000


@dataclass(frozen=True)
class Parity:
    """Differences of P(bad) between native model and ONNX Runtime on one float32 matrix."""

    n_rows: int
    max_abs_diff: float
    quantiles: dict[str, float]
    max_by_part: dict[str, float]
    n_thresholds: int = 0
    limit: float = LIMIT

    @property
    def holds(self) -> bool:
        return self.max_abs_diff <= self.limit  # a NaN compares false and so fails

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def check_parity(
    onnx_bytes: bytes,
    native: Callable[[Matrix], NDArray[np.float64]],
    x: Matrix,
    *,
    thresholds: Sequence[NDArray[np.float32]],
    seed: int = 0,
    rows: int = ROWS,
) -> Parity:
    """Compare on at least `rows` rows made from x (n, k), and on rows on every threshold, with missing and extreme values.

    About 2 s for 300 trees. An answer that is not finite counts as a difference of 1.
    """
    session = open_session(onnx_bytes)
    by_part = {}
    differences = []
    for name, part in probe_rows(x, thresholds=thresholds, seed=seed, rows=rows).items():
        difference = np.abs(run_session(session, part) - native(part))
        difference[~np.isfinite(difference)] = 1.0
        by_part[name] = float(difference.max(initial=0.0))
        differences.append(difference)
    every = np.concatenate(differences)
    return Parity(
        n_rows=len(every),
        max_abs_diff=float(every.max()),
        quantiles={str(q): float(np.quantile(every, q)) for q in QUANTILES},
        max_by_part=by_part,
        n_thresholds=sum(map(len, thresholds)),
    )


def probe_rows(
    x: Matrix, *, thresholds: Sequence[NDArray[np.float32]], seed: int, rows: int = ROWS
) -> dict[str, Matrix]:
    """Return matrices by part: resampled, at random over each range widened by 10 %, on thresholds, missing, extreme.

    Of thresholds there are two parts: rows of x with one value put on one, of very many drawn by lot, and rows all of whose
    values are on thresholds, in which each threshold comes at least once.
    """
    random = np.random.default_rng(seed)
    n, k = x.shape
    low, high = _ranges(x)
    resampled = x[random.integers(n, size=rows - rows // 2)]
    huge = float(np.finfo(np.float32).max)
    # In float32 a huge range could overflow when widened; draw in float64, cut what is beyond float32, and cast.
    drawn = low + (high - low) * random.uniform(-0.1, 1.1, size=(rows // 2, k))
    spread = np.clip(drawn, -huge, huge).astype(np.float32)
    spread[random.random(spread.shape) < 0.05] = np.nan
    alone = np.arange(k) if k <= MOST_ONE_BY_ONE else np.sort(random.choice(k, MOST_ONE_BY_ONE, replace=False))
    missing_one, largest_one, smallest_one = (_with_one(x[:1], alone, value) for value in (np.nan, huge, -huge))
    return {
        "resampled": resampled,
        "random": spread,
        "on_thresholds": _rows_on_thresholds(x, thresholds, random),
        "all_on_thresholds": _rows_all_on_thresholds(x, thresholds),
        "missing": np.vstack([np.full((1, k), np.nan, dtype=np.float32), missing_one]),
        "extreme": np.vstack(
            [
                np.array([[value] * k for value in (huge, -huge, 0.0, -0.0, 1e-38, -1e-38)], dtype=np.float32),
                largest_one,
                smallest_one,
            ]
        ),
    }


def open_session(onnx_bytes: bytes, *, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx_bytes, options, providers=["CPUExecutionProvider"])


def run_session(session: onnxruntime.InferenceSession, x: Matrix) -> NDArray[np.float64]:
    """Return P(bad) (n,) in chunks, so that memory does not grow with n."""
    name = session.get_inputs()[0].name
    parts = [session.run(None, {name: x[at : at + CHUNK]})[0] for at in range(0, max(len(x), 1), CHUNK)]
    return np.concatenate(parts).reshape(-1).astype(np.float64)


def _ranges(x: Matrix) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lowest and highest value of each column; a column with no value ranges from 0 to 1."""
    empty = np.isnan(x).all(axis=0)
    filled = np.where(empty, np.float32(0), x).astype(np.float64)
    return np.nanmin(filled, axis=0), np.where(empty, 1.0, np.nanmax(filled, axis=0))


def _with_one(row: Matrix, columns: NDArray[np.intp], value: float) -> Matrix:
    """Return the row (1, k) once for each of the columns, with that column alone set to a value."""
    rows = np.repeat(row, len(columns), axis=0)
    rows[np.arange(len(columns)), columns] = value
    return rows


def _rows_all_on_thresholds(x: Matrix, thresholds: Sequence[NDArray[np.float32]]) -> Matrix:
    """Return rows whose values are all on thresholds, each threshold at least once, and the next float32 below and above."""
    most = max(map(len, thresholds), default=0)
    if most == 0:
        return np.empty((0, x.shape[1]), dtype=np.float32)
    rows = np.repeat(x[:1], most, axis=0)
    for column, values in enumerate(thresholds):
        if len(values):
            rows[:, column] = np.resize(values, most)
    huge = np.float32(np.finfo(np.float32).max)
    return np.vstack([rows, np.nextafter(rows, -huge), np.nextafter(rows, huge)])


def _rows_on_thresholds(x: Matrix, thresholds: Sequence[NDArray[np.float32]], random: np.random.Generator) -> Matrix:
    """Return rows of x with one value put on a threshold, and on the next float32 below and above it."""
    pairs = [(column, value) for column, values in enumerate(thresholds) for value in values]
    if len(pairs) * 3 > THRESHOLD_ROWS:
        pairs = [pairs[k] for k in sorted(random.choice(len(pairs), THRESHOLD_ROWS // 3, replace=False))]
    if not pairs:
        return np.empty((0, x.shape[1]), dtype=np.float32)
    columns = np.array([column for column, _ in pairs])
    values = np.array([value for _, value in pairs], dtype=np.float32)
    blocks = []
    huge = np.finfo(np.float32).max
    for exact in (values, np.nextafter(values, -huge), np.nextafter(values, huge)):
        block = x[random.integers(len(x), size=len(pairs))]
        block[np.arange(len(pairs)), columns] = exact
        blocks.append(block)
    return np.vstack(blocks)
