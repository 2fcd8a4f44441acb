"""What every candidate is: one contract, which one set of tests checks for all."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

import numpy as np
import onnx
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
EVENT_WEIGHTS = (0.001, 10_000.0)  # beyond it float32 margins lose what the other class says
Folds = Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]


class UnsupportedSetting(ValueError):
    """A setting that an exported graph could not repeat, or that nobody knows; refused before any training."""


class Learner(ABC):
    """A model of log-odds (the margin) from float32 rows (n, k) in which NaN means missing.

    `tune` comes first and chooses what has to be chosen on the inner folds, `fit` then uses all training rows. `margin` is the
    native answer, and `margin_graph` the same in ONNX; parity.py proves that they agree.
    """

    algorithm: ClassVar[str]

    def __init__(
        self, *, seed: int = 0, threads: int = 1, directions: Sequence[int] = (), event_weight: float = 1.0
    ) -> None:
        """Take for each feature 1 where the margin may only rise with it, -1 where only fall, 0 for both; none: all are free.

        A row with the event counts event_weight times in the fit. Raises UnsupportedSetting for one outside EVENT_WEIGHTS.
        """
        low, high = EVENT_WEIGHTS
        if not low <= event_weight <= high:
            raise UnsupportedSetting(f"Class weights go from {low:g} to {high:g}, not {event_weight:g}.")
        self.event_weight = event_weight
        self.seed = seed
        self.threads = threads
        self.directions = tuple(directions) if any(directions) else ()

    def weights(self, y: NDArray[np.int8]) -> NDArray[np.float32] | None:
        """Return how much each row (n,) counts in the fit; None where all count alike."""
        return None if self.event_weight == 1 else np.where(y == 1, self.event_weight, 1).astype(np.float32)

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """What the model was fitted with, for the register."""

    @abstractmethod
    def tune(self, x: Matrix, y: NDArray[np.int8], folds: Folds) -> NDArray[np.float64]:
        """Choose complexity on the folds; return for every row the margin (n,) it got while it was held out."""

    @abstractmethod
    def fit(self, x: Matrix, y: NDArray[np.int8]) -> None:
        """Fit on all rows with what tune() chose."""

    @abstractmethod
    def margin(self, x: Matrix) -> NDArray[np.float64]:
        """Return log-odds (n,) from the training library itself."""

    @abstractmethod
    def thresholds(self) -> list[NDArray[np.float32]]:
        """Return for each feature the values at which the model bends or jumps."""

    @abstractmethod
    def margin_graph(self, *, source: str, output: str) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
        """Return nodes and constants that map rows (n, k) to margins (n, 1)."""

    def refuse_unknown(self, overrides: dict[str, Any], *, allowed: Collection[str]) -> None:
        """Raise UnsupportedSetting for a setting outside the list of those that can be exported exactly."""
        if unknown := sorted(set(overrides) - set(allowed)):
            raise UnsupportedSetting(
                f"{self.algorithm} cannot be exported with {', '.join(unknown)}; settings that can: "
                f"{', '.join(sorted(allowed))}."
            )
