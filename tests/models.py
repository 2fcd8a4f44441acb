"""A real model to test with: a logistic ONNX graph small enough to compute by hand."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from creditpath.accounts.models import User
from scoring.features.definition import FEATURE_NAMES
from scoring.models import ModelVersion
from scoring.registry.services import decide_promotion, propose_promotion, register_model

WEIGHTS: Mapping[str, float] = {"days_past_due": 0.05, "overdue_ratio": 1.5, "instalments_past_due": 0.2}
INTERCEPT = -2.5
PROOF = {
    "max_abs_diff": 1e-7,
    "n_rows": 100_000,
    "quantiles": {"0.5": 0.0, "0.999": 1e-7},
    "max_by_part": {"resampled": 1e-7, "random": 1e-7, "on_thresholds": 1e-7, "missing": 0.0, "extreme": 0.0},
}
TIER_EDGES = [0.1, 0.3, 0.6]


def logistic_graph(weights: Mapping[str, float] = WEIGHTS, intercept: float = INTERCEPT) -> bytes:
    """Return an ONNX graph of P = sigmoid(intercept + weights . features), a missing feature counting as zero."""
    column = np.array([[weights.get(name, 0.0)] for name in FEATURE_NAMES], dtype=np.float32)
    graph = helper.make_graph(
        [
            helper.make_node("IsNaN", ["features"], ["is_missing"]),
            helper.make_node("Where", ["is_missing", "zero", "features"], ["filled"]),
            helper.make_node("MatMul", ["filled", "weights"], ["product"]),
            helper.make_node("Add", ["product", "intercept"], ["margin"]),
            helper.make_node("Sigmoid", ["margin"], ["pd"]),
        ],
        "logistic",
        [helper.make_tensor_value_info("features", TensorProto.FLOAT, [None, len(FEATURE_NAMES)])],
        [helper.make_tensor_value_info("pd", TensorProto.FLOAT, [None, 1])],
        [
            numpy_helper.from_array(np.float32(0), "zero"),
            numpy_helper.from_array(column, "weights"),
            numpy_helper.from_array(np.array([intercept], dtype=np.float32), "intercept"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
    return bytes(model.SerializeToString())


def pd_by_hand(features: Mapping[str, float | None]) -> float:
    """Return what the graph answers, computed in plain Python."""
    margin = INTERCEPT + sum(weight * (features.get(name) or 0.0) for name, weight in WEIGHTS.items())
    return 1 / (1 + math.exp(-margin))


def person(username: str) -> User:
    """Return somebody who makes or approves models, the same one each time."""
    return User.objects.get_or_create(username=username, defaults={"role": "data_scientist"})[0]


def promote(model: ModelVersion, *, reason: str = "for the tests", segment: str = "") -> ModelVersion:
    """Take a model live by two people."""
    proposal = propose_promotion(
        model=model, reason=reason, proposed_by=person("proposer"), segment=segment, in_spite_of="it is for the tests"
    )
    decide_promotion(proposal=proposal, is_approved=True, decided_by=person("approver"))
    return model


def register_logistic(*, purpose: str = "default", **weights: Any) -> ModelVersion:
    return register_model(
        purpose=purpose,
        algorithm="logistic",
        onnx=logistic_graph(weights or WEIGHTS),
        target={"at": "monthly", "horizon_days": 90},
        data_window={"rows": 1000, "bad_rate": 0.1},
        metrics={"auc": 0.72, "gini": 0.44, "ks": 0.31, "brier": 0.08},
        parity=PROOF,
        threshold=0.2,
        tier_edges=TIER_EDGES,
        is_simulated=True,
    )


def promote_logistic(*, purpose: str = "default", **weights: Any) -> ModelVersion:
    """Return a champion."""
    return promote(register_logistic(purpose=purpose, **weights))
