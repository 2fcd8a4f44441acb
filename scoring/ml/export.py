"""A fitted model as ONNX: float32 "features" (n, k) with NaN for missing in, P(bad) "pd" (n, 1) out."""

import hashlib

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from scoring.ml.candidates import FittedModel

INPUT, OUTPUT = "features", "pd"
OPSET, ML_OPSET, IR_VERSION = 17, 3, 8  # read by every ONNX Runtime since 1.12


def to_onnx(model: FittedModel, *, n_features: int) -> bytes:
    """Return the graph of margin, calibration and sigmoid as bytes; equal models give equal bytes.

    Calibration is done in float64, so that what is left of a difference is the margin's own rounding.
    """
    nodes, constants = model.learner.margin_graph(source=INPUT, output="margin")
    nodes = [
        *nodes,
        helper.make_node("Cast", ["margin"], ["wide_margin"], to=TensorProto.DOUBLE),
        helper.make_node("Mul", ["wide_margin", "calibration_slope"], ["scaled"]),
        helper.make_node("Add", ["scaled", "calibration_intercept"], ["log_odds"]),
        helper.make_node("Sigmoid", ["log_odds"], ["wide_pd"]),
        helper.make_node("Cast", ["wide_pd"], [OUTPUT], to=TensorProto.FLOAT),
    ]
    constants = [
        *constants,
        _scalar("calibration_slope", model.slope),
        _scalar("calibration_intercept", model.intercept),
    ]
    graph = helper.make_graph(
        nodes,
        f"creditpath-{model.algorithm}",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, [None, n_features])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [None, 1])],
        initializer=constants,
    )
    proto = helper.make_model(
        graph,
        producer_name="creditpath",
        ir_version=IR_VERSION,
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)],
    )
    onnx.checker.check_model(proto)
    return proto.SerializeToString(deterministic=True)


def sha256_of_matrix(*arrays: NDArray) -> str:
    """Return one hash of arrays with their types and shapes, by which a training matrix is known again."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype}{array.shape}".encode())
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def _scalar(name: str, value: float) -> TensorProto:
    return numpy_helper.from_array(np.array(value, dtype=np.float64), name)
