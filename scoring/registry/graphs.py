"""What a graph must be before it is registered. Only registration comes here, so only it loads the onnx library."""

from collections.abc import Iterator

import numpy as np
import onnx

from scoring.errors import ModelNotAccepted
from scoring.registry.sessions import open_session, run_session


def check_graph(content: bytes, *, width: int) -> None:
    """Refuse a graph that does not run from its bytes alone, or does not turn (n, width) into n probabilities.

    It is run on 256 rows with large and missing values. Raises ModelNotAccepted.
    """
    try:
        if any(
            tensor.data_location == onnx.TensorProto.EXTERNAL
            for tensor in _tensors(onnx.load_from_string(content).graph)
        ):
            raise ValueError("its weights lie in another file, which no hash of ours covers")
        session = open_session(content)
        random = np.random.default_rng(0)
        probe = random.normal(scale=100.0, size=(256, width)).astype(np.float32)
        probe[random.random(probe.shape) < 0.1] = np.nan
        probe[0], probe[1] = np.nan, 0.0
        answer = run_session(session, probe)
    except Exception as error:  # ONNX Runtime raises classes of its own for every kind of bad graph
        raise ModelNotAccepted(f"The graph does not run on {width} features: {error}") from error
    if answer.shape != (len(probe),) or not np.all((answer >= 0) & (answer <= 1)):
        raise ModelNotAccepted("The graph does not give one probability for each row.")


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor that a graph and the graphs inside its nodes hold."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _tensors(inner)
