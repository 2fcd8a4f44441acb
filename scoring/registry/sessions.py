"""Run registered models with ONNX Runtime, which is all that web and scoring ever load of machine learning."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
import numpy.typing as npt
import onnxruntime

from scoring.errors import ModelTampered
from scoring.models import ModelVersion

MODELS_KEPT = 8
ROWS_AT_ONCE = 20_000

Made = TypeVar("Made")


class OncePerModel(Generic[Made]):
    """What is made of a model's bytes, made once per process and kept under their hash, of MODELS_KEPT models.

    The bytes are read only when it is not made yet. Raises ModelTampered where they are not the ones registered; such bytes reach
    nothing.
    """

    def __init__(self, make: Callable[[bytes], Made]) -> None:
        self._make = make
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._lock = Lock()

    def __call__(self, model: ModelVersion) -> Made:
        with self._lock:
            if (made := self._made.get(model.sha256)) is not None:
                self._made.move_to_end(model.sha256)
                return made
            content = bytes(model.onnx)
            if sha256(content).hexdigest() != model.sha256:
                raise ModelTampered(
                    f"The bytes of model {model.name} are not those that were registered: it is not loaded."
                )
            made = self._made[model.sha256] = self._make(content)
            if len(self._made) > MODELS_KEPT:
                self._made.popitem(last=False)
            return made


def open_session(content: bytes) -> onnxruntime.InferenceSession:
    """Open ONNX bytes with one thread: several of them spin, and processes are how we use several cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


load_session = OncePerModel(open_session)


def run_session(session: onnxruntime.InferenceSession, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return P(bad) of shape (n,) for a float32 matrix of shape (n, k), ROWS_AT_ONCE rows at a time."""
    source, target = session.get_inputs()[0].name, session.get_outputs()[0].name
    parts = [
        session.run([target], {source: values[at : at + ROWS_AT_ONCE]})[0].reshape(-1)
        for at in range(0, len(values), ROWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
