"""Register, examine, promote and retire models, and find the one that is live."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from itertools import pairwise
from typing import Any

import onnxruntime
from django.db import IntegrityError, transaction

from creditpath.accounts.models import User
from creditpath.revision import find_code_version
from scoring.errors import ModelNotAccepted
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET
from scoring.ml.specification.schema import specification_from_json
from scoring.models import ModelVersion, Segment
from scoring.registry.champions import (
    Champion,
    check_fit,
    find_champion,
    find_champions,
    find_live,
    find_model,
    get_champion,
    get_live,
)
from scoring.registry.promoting import (
    MoveReport,
    ProposalReport,
    decide_promotion,
    end_challenge,
    name_challenger,
    propose_promotion,
    retire_model,
)
from scoring.registry.sessions import load_session, run_session
from scoring.registry.uses import intended_use_of, materiality_of
from scoring.registry.validating import close_finding, validate_model

__all__ = [
    "PARITY_LIMIT",
    "Champion",
    "MoveReport",
    "ProposalReport",
    "check_fit",
    "close_finding",
    "decide_promotion",
    "end_challenge",
    "find_champion",
    "find_champions",
    "find_live",
    "find_model",
    "get_champion",
    "get_live",
    "load_session",
    "name_challenger",
    "propose_promotion",
    "register_model",
    "retire_model",
    "run_session",
    "validate_model",
]

PARITY_LIMIT = 1e-6
PARITY_ROWS = 100_000
PARITY_PARTS = ("on_thresholds", "missing", "extreme")


def register_model(
    *,
    purpose: str,
    algorithm: str,
    onnx: bytes,
    target: Mapping[str, Any],
    data_window: Mapping[str, Any],
    metrics: Mapping[str, Any],
    parity: Mapping[str, Any],
    threshold: float,
    tier_edges: Sequence[float],
    is_simulated: bool,
    parameters: Mapping[str, Any] | None = None,
    library_versions: Mapping[str, Any] | None = None,
    feature_set: str = FEATURE_SET,
    feature_names: Sequence[str] = FEATURE_NAMES,
    specification: Mapping[str, Any] | None = None,
    findings: Sequence[Mapping[str, str]] = (),
    segment: str = Segment.ALL,
    curves: Mapping[str, Any] | None = None,
    intended_use: str = "",
    materiality: str = "",
    trained_by: User | None = None,
) -> ModelVersion:
    """Put a trained model on record under the name purpose-algorithm-number, for good: it is never changed afterwards.

    `parity` is the proof that the graph gives what was trained, as scoring.ml.parity writes it: the largest difference, its
    quantiles, and the largest one of each part of the rows; `target["at"]` says on which days the model was trained
    ("approved_on", "monthly" or a list of days); `curves` is what its card draws. Intended use and materiality have defaults by
    purpose. Raises ModelNotAccepted where the proof is missing, rests on fewer than 100,000 rows or shows a difference above
    1e-6, the features are not the present ones, or the graph does not load from its bytes alone or gives anything but
    probabilities. Two registrations at once get different numbers.
    """
    _check_parity(parity)
    is_of_table = specification is not None and feature_set.startswith("table:")
    if not is_of_table and (feature_set != FEATURE_SET or tuple(feature_names) != FEATURE_NAMES):
        raise ModelNotAccepted(f"It was trained on the features {feature_set}; the present ones are {FEATURE_SET}.")
    if is_of_table:
        _check_specification(specification, feature_names)
    _check_tier_edges(tier_edges)
    if not 0 <= threshold <= 1:
        raise ModelNotAccepted(f"A threshold of {threshold} is not a probability.")
    from scoring.registry.graphs import check_graph

    check_graph(onnx, width=len(feature_names))
    for _attempt in range(10):
        number = ModelVersion.objects.filter(purpose=purpose, algorithm=algorithm).count() + 1
        try:
            with transaction.atomic():
                return ModelVersion.objects.create(
                    name=f"{purpose}-{algorithm}-{number}",
                    purpose=purpose,
                    segment=segment,
                    algorithm=algorithm,
                    onnx=onnx,
                    sha256=sha256(onnx).hexdigest(),
                    feature_set=feature_set,
                    feature_names=list(feature_names),
                    target=dict(target),
                    data_window=dict(data_window),
                    parameters=dict(parameters or {}),
                    metrics=dict(metrics),
                    parity=dict(parity),
                    threshold=threshold,
                    tier_edges=[float(edge) for edge in tier_edges],
                    library_versions=dict(library_versions or {}) | {"onnxruntime": onnxruntime.__version__},
                    is_simulated=is_simulated,
                    code_version=find_code_version(),
                    intended_use=intended_use or intended_use_of(purpose),
                    materiality=materiality or materiality_of(purpose),
                    curves=dict(curves or {}),
                    specification=None if specification is None else dict(specification),
                    findings=[dict(finding) for finding in findings],
                    trained_by=trained_by,
                )
        except IntegrityError:
            if not ModelVersion.objects.filter(name=f"{purpose}-{algorithm}-{number}").exists():
                raise
    raise ModelNotAccepted("Too many models of this kind are being registered at once: try again.")


def _check_parity(parity: Mapping[str, Any]) -> None:
    difference = parity.get("max_abs_diff")
    if not isinstance(difference, float | int) or not difference <= PARITY_LIMIT:
        raise ModelNotAccepted(
            f"The exported graph differs from the trained model by up to {difference}; {PARITY_LIMIT:g} is allowed."
        )
    rows = parity.get("n_rows")
    if not isinstance(rows, int) or rows < PARITY_ROWS:
        raise ModelNotAccepted(
            f"The exported graph was held against the trained model on {rows or 0:,} rows; {PARITY_ROWS:,} are the least."
        )
    if not parity.get("quantiles"):
        raise ModelNotAccepted("The proof of the exported graph has no quantiles of the differences.")
    parts = parity.get("max_by_part") or {}
    if missing := [part for part in PARITY_PARTS if part not in parts]:
        raise ModelNotAccepted(
            f"The exported graph was not tried on rows of the kind {', '.join(missing).replace('_', ' ')}."
        )


def _check_specification(specification: Any, feature_names: Sequence[str]) -> None:
    try:
        features = specification_from_json(specification).features
    except ValueError as error:
        raise ModelNotAccepted(str(error)) from error
    if features != list(feature_names):
        raise ModelNotAccepted("Its specification makes other features than it was trained on.")


def _check_tier_edges(edges: Sequence[float]) -> None:
    if len(edges) != 3 or not all(low <= high for low, high in pairwise((0.0, *edges, 1.0))):
        raise ModelNotAccepted("The three tier edges are probabilities that do not fall.")
