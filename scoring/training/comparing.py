"""A model and the champion on the same rows of the ledger, which neither has learned from."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from creditpath.accounts.models import User
from creditpath.jobs import job
from creditpath.jobs.services import progress as tell_job
from scoring.errors import ComparisonRefused
from scoring.features.services import build_matrix
from scoring.ml.metrics import evaluate
from scoring.ml.paired import clustered_gain_interval
from scoring.models import Comparison, ModelVersion
from scoring.registry.promoting import find_served_by
from scoring.registry.services import check_fit, find_model, load_session, run_session
from scoring.training.unseen import collect_unseen

TOLD = ("auc", "auc_low", "auc_high", "gini", "ks", "pr_auc", "brier", "ece", "precision", "recall")
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ComparisonReport:
    """A stored comparison."""

    comparison: Comparison

    def summary(self) -> str:
        one = self.comparison
        seen = "" if one.is_unseen else " Some of these rows were learned from by one of the two."
        where = f" of the segment {one.segment}" if one.segment else ""
        return (
            f"On the same {one.n_rows:,} rows{where} from {one.first_day} to {one.last_day} ({one.n_bad:,} with the event): "
            f"{one.model.name} AUC {one.figures['model']['auc']:.4f}, {one.champion.name} "
            f"{one.figures['champion']['auc']:.4f}; difference {one.gain:+.4f}, 95 % from {one.gain_low:+.4f} to "
            f"{one.gain_high:+.4f}.{seen}"
        )

    def as_json(self) -> dict[str, Any]:
        one = self.comparison
        return {
            "comparison": one.pk,
            "model": one.model.name,
            "champion": one.champion.name,
            "segment": one.segment,
            "first_day": one.first_day,
            "last_day": one.last_day,
            "n_rows": one.n_rows,
            "n_bad": one.n_bad,
            "is_unseen": one.is_unseen,
            "figures": one.figures,
            "gain": one.gain,
            "gain_low": one.gain_low,
            "gain_high": one.gain_high,
        }


@job("compare_models", max_attempts=1)
def compare_in_background(*, model: str, segment: str = "", compared_by: str | None = None) -> dict[str, Any]:
    """Compare a model with the champion of its purpose, by names."""
    person = User.objects.filter(username=compared_by).first()
    comparison = compare_models(model=find_model(model), segment=segment, compared_by=person, progress=tell_job)
    return {"comparison": comparison.pk}


def compare_models(
    *,
    model: ModelVersion,
    champion: ModelVersion | None = None,
    segment: str = "",
    compared_by: User | None = None,
    progress: Progress = lambda done, total, message: None,
) -> Comparison:
    """Score the same labelled rows with a model and with the champion of today, from their registered bytes alone; keep it.

    The rows are of the newest days of which neither has learned: after the last day that either was trained on, with an
    embargo of one horizon. Where there are none, they are of the last complete day, and the comparison says so. The same
    figures are computed of both; the interval of the difference counts the rows of one borrower as one.

    Cost: that of cases and features of up to six days, no training library. Raises ComparisonRefused, ModelDoesNotFit,
    ModelTampered, NoBusinessDate, NoCompleteWindow.
    """
    champion = champion or find_served_by(purpose=model.purpose, segment=segment)
    if champion is None:
        raise ComparisonRefused(f"There is no champion of {model.purpose} to compare {model.name} with.")
    if champion == model:
        raise ComparisonRefused(f"{model.name} is the champion itself.")
    for one in (model, champion):
        check_fit(one)
        load_session(one)
    if model.purpose != champion.purpose:
        raise ComparisonRefused(f"{model.name} is for {model.purpose}, {champion.name} for {champion.purpose}.")
    progress(0, 3, "cases and labels")
    labelled, is_unseen = collect_unseen([model, champion], segment=segment)
    progress(1, 3, f"features of {len(labelled.cases):,} cases")
    values = build_matrix(labelled.cases).values
    progress(2, 3, "scoring with both")
    ours, theirs = (run_session(load_session(one), values).astype(np.float64) for one in (model, champion))
    gain, low, high = clustered_gain_interval(labelled.y, ours, theirs, labelled.borrowers)
    days = labelled.days.astype(object)
    comparison = Comparison.objects.create(
        model=model, champion=champion, segment=segment, first_day=min(days), last_day=max(days),
        n_rows=len(labelled.y), n_bad=int(labelled.y.sum()), rows_sha256=_hash(values, labelled.y), is_unseen=is_unseen,
        figures={"model": _figures(labelled.y, ours, model), "champion": _figures(labelled.y, theirs, champion)},
        gain=gain, gain_low=low, gain_high=high, compared_by=compared_by,
    )  # fmt: skip
    progress(3, 3, "compared")
    return comparison


def _figures(y: NDArray[np.int8], p: NDArray[np.float64], model: ModelVersion) -> dict[str, float]:
    figures = evaluate(y, p, threshold=model.threshold).as_dict()
    return {name: figures[name] for name in TOLD} | {"threshold": model.threshold}


def _hash(values: NDArray[np.float32], y: NDArray[np.int8]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes() + y.tobytes()).hexdigest()
