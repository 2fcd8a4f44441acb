"""Run registered models with ONNX Runtime, which is all that web and scoring ever load of machine learning."""

from collections import OrderedDict
from hashlib import sha256
from threading import Lock

import numpy as np
import numpy.typing as npt
import onnxruntime

from scoring.errors import ModelTampered
from scoring.models import ModelVersion

SESSIONS_KEPT = 8
ROWS_AT_ONCE = 20_000

_sessions: OrderedDict[str, onnxruntime.InferenceSession] = OrderedDict()
_lock = Lock()


def load_session(model: ModelVersion) -> onnxruntime.InferenceSession:
    """Return the session of a model, opened once per process and kept under the hash of its bytes.

    The bytes are read only when the session is not open yet. Raises ModelTampered where they are not the ones registered; such
    bytes never reach the runtime.
    """
    with _lock:
        if (session := _sessions.get(model.sha256)) is not None:
            _sessions.move_to_end(model.sha256)
            return session
        content = bytes(model.onnx)
        if sha256(content).hexdigest() != model.sha256:
            raise ModelTampered(
                f"The bytes of model {model.name} are not those that were registered: it is not loaded."
            )
        session = _sessions[model.sha256] = open_session(content)
        if len(_sessions) > SESSIONS_KEPT:
            _sessions.popitem(last=False)
        return session


def open_session(content: bytes) -> onnxruntime.InferenceSession:
    """Open ONNX bytes with one thread: several of them spin, and processes are how we use several cores."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def run_session(session: onnxruntime.InferenceSession, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return P(bad) of shape (n,) for a float32 matrix of shape (n, k), ROWS_AT_ONCE rows at a time."""
    source, target = session.get_inputs()[0].name, session.get_outputs()[0].name
    parts = [
        session.run([target], {source: values[at : at + ROWS_AT_ONCE]})[0].reshape(-1)
        for at in range(0, len(values), ROWS_AT_ONCE)
    ]
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)
