"""Register, promote and retire models, and find the one that is live."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import pairwise
from typing import Any

import onnxruntime
from django.db import IntegrityError, transaction
from django.utils import timezone

from creditpath.accounts.models import User
from scoring.errors import (
    ModelDoesNotFit,
    ModelNotAccepted,
    NoChampion,
    PromotionConflict,
    PromotionRefused,
    RetirementRefused,
)
from scoring.features.definition import FEATURE_NAMES, FEATURE_SET
from scoring.models import Deployment, ModelVersion, Purpose
from scoring.registry.sessions import load_session, run_session

__all__ = [
    "PARITY_LIMIT",
    "MoveReport",
    "find_champion",
    "find_champions",
    "find_model",
    "get_champion",
    "load_session",
    "promote_model",
    "register_model",
    "retire_model",
    "run_session",
]

PARITY_LIMIT = 1e-6


@dataclass(frozen=True)
class MoveReport:
    """A promotion or a retirement."""

    model: str
    purpose: str
    is_live: bool
    since: datetime
    replaced: str = ""

    def summary(self) -> str:
        if not self.is_live:
            return f"{self.model} is retired; {self.purpose} has no champion until another model is promoted."
        return f"{self.model} is the champion of {self.purpose}" + (
            f", in place of {self.replaced}." if self.replaced else "."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "model": self.model,
            "purpose": self.purpose,
            "is_live": self.is_live,
            "since": self.since,
            "replaced": self.replaced,
        }


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
    trained_by: User | None = None,
) -> ModelVersion:
    """Put a trained model on record under the name purpose-algorithm-number, for good: it is never changed afterwards.

    `parity["max_abs_diff"]` is the largest difference between the native model and ONNX Runtime; `target["at"]` says on which
    days it was trained ("approved_on", "monthly" or a list of days). Raises ModelNotAccepted where that difference exceeds
    1e-6, the features are not the present ones, or the graph does not load from its bytes alone or gives anything but
    probabilities. Two registrations at once get different numbers.
    """
    _check_parity(parity)
    is_of_table = specification is not None and feature_set.startswith("table:")
    if not is_of_table and (feature_set != FEATURE_SET or tuple(feature_names) != FEATURE_NAMES):
        raise ModelNotAccepted(f"It was trained on the features {feature_set}; the present ones are {FEATURE_SET}.")
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
                    specification=None if specification is None else dict(specification),
                    findings=[dict(finding) for finding in findings],
                    trained_by=trained_by,
                )
        except IntegrityError:
            if not ModelVersion.objects.filter(name=f"{purpose}-{algorithm}-{number}").exists():
                raise
    raise ModelNotAccepted("Too many models of this kind are being registered at once: try again.")


def promote_model(*, model: ModelVersion, reason: str, by: User | None = None) -> MoveReport:
    """Make a model the champion of its purpose, in place of the one that is.

    The old deployment ends and the new one begins in one transaction. Of two promotions at once one wins and the other raises
    PromotionConflict. Raises PromotionRefused without a reason or where the model is live already, ModelDoesNotFit where the
    features have changed since it was trained, ModelTampered where its bytes have.
    """
    if not reason.strip():
        raise PromotionRefused("Say why this model is promoted.", fields={"reason": "must not be blank"})
    check_fit(model)
    load_session(model)
    now = timezone.now()
    try:
        with transaction.atomic():
            replaced = Deployment.objects.select_for_update(of=("self",)).select_related("model").defer("model__onnx")
            old = replaced.filter(purpose=model.purpose).live().first()
            if old is not None and old.model_id == model.pk:
                raise PromotionRefused(f"{model.name} is the champion of {model.purpose} already.")
            if old is not None:
                now = max(now, old.live_from)
                old.live_until = now
                old.retired_by = by
                old.retire_reason = f"replaced by {model.name}"
                old.save(update_fields=["live_until", "retired_by", "retire_reason"])
            Deployment.objects.create(
                model=model,
                purpose=model.purpose,
                live_from=now,
                promoted_by=by,
                reason=reason.strip(),
            )
    except IntegrityError as error:
        if "one_champion_per_purpose" in str(error):
            raise PromotionConflict() from error
        raise
    return MoveReport(model.name, model.purpose, True, now, replaced=old.model.name if old is not None else "")


def retire_model(*, model: ModelVersion, reason: str, by: User | None = None) -> MoveReport:
    """Take a champion off duty without another in its place; raises RetirementRefused if it is not live or no reason is given."""
    if not reason.strip():
        raise RetirementRefused("Say why this model is retired.", fields={"reason": "must not be blank"})
    with transaction.atomic():
        deployment = Deployment.objects.select_for_update().filter(model=model).live().first()
        if deployment is None:
            raise RetirementRefused(f"{model.name} is not live.")
        deployment.live_until = max(timezone.now(), deployment.live_from)
        deployment.retired_by = by
        deployment.retire_reason = reason.strip()
        deployment.save(update_fields=["live_until", "retired_by", "retire_reason"])
    return MoveReport(model.name, model.purpose, False, deployment.live_until)


def find_champions() -> list[ModelVersion]:
    """Return the live models, without their bytes, in the order in which they are preferred: default, labelled ledgers, others.

    One query; the bytes are read when a session is opened.
    """
    live = Deployment.objects.live().select_related("model").defer("model__onnx")
    return sorted((deployment.model for deployment in live), key=lambda model: (_rank(model.purpose), model.purpose))


def find_champion(purpose: str | None = None) -> ModelVersion | None:
    """Return the live model of a purpose, or of the preferred purpose that has one."""
    return next((model for model in find_champions() if purpose in (None, model.purpose)), None)


def get_champion(purpose: str | None = None) -> ModelVersion:
    """Return the live model of a purpose, or of the preferred purpose that has one; raises NoChampion."""
    champion = find_champion(purpose)
    if champion is None:
        raise NoChampion(f"No model is live for {purpose}: train one and promote it first." if purpose else None)
    return champion


def find_model(name: str) -> ModelVersion:
    """Return a registered model by name; raises ModelNotAccepted where there is none."""
    model = ModelVersion.objects.filter(name=name).first()
    if model is None:
        known = ", ".join(ModelVersion.objects.values_list("name", flat=True)[:5]) or "none yet"
        raise ModelNotAccepted(f"No model is called {name}. The newest are: {known}.", code="unknown_model")
    return model


def check_fit(model: ModelVersion) -> None:
    """Raise ModelDoesNotFit where a model was trained on other features than those that are computed now."""
    if model.feature_set != FEATURE_SET:
        raise ModelDoesNotFit(
            f"{model.name} was trained on the features {model.feature_set}, the present ones are {FEATURE_SET}: train again and "
            "promote the new model."
        )


def _rank(purpose: str) -> int:
    if purpose == Purpose.DEFAULT:
        return 0
    return 1 if purpose.startswith("attribute:") else 2


def _check_parity(parity: Mapping[str, Any]) -> None:
    difference = parity.get("max_abs_diff")
    if not isinstance(difference, float | int) or not difference <= PARITY_LIMIT:
        raise ModelNotAccepted(
            f"The exported graph differs from the trained model by up to {difference}; {PARITY_LIMIT:g} is allowed."
        )


def _check_tier_edges(edges: Sequence[float]) -> None:
    if len(edges) != 3 or not all(low <= high for low, high in pairwise((0.0, *edges, 1.0))):
        raise ModelNotAccepted("The three tier edges are probabilities that do not fall.")
