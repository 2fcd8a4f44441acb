"""Train the candidates on the ledger, register those that are proven, and say which one to promote."""

import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from importlib.metadata import version
from time import monotonic

import numpy as np
from django.db import transaction

from creditpath.accounts.models import User
from scoring.features.directions import directions_of
from scoring.features.services import FeatureMatrix, build_matrix
from scoring.ml.candidates import CANDIDATES
from scoring.ml.experiment import Experiment, Trained, run_experiment
from scoring.ml.export import sha256_of_matrix
from scoring.ml.leaks.leak import Leak
from scoring.ml.leaks.ledger import find_leaks
from scoring.ml.points import points_table
from scoring.ml.splits import MIN_EVENTS, Split, split_by_time, split_within_window
from scoring.ml.tuning import Procedure
from scoring.models import ModelVersion, Purpose, Segment
from scoring.registry.references import keep_reference
from scoring.registry.services import register_model
from scoring.tracking.services import log_training
from scoring.training.cases import AT_APPROVAL, MONTHLY, LabelledCases, collect_at_approval, collect_over_time
from scoring.training.drawing import draw_trained
from scoring.training.errors import NothingProven, OneClass, TooFewRows, TrainingRefused
from scoring.training.report import CandidateReport, TrainingReport, describe

MIN_ROWS = 100
FEW_EVENTS = 50
SEED = 20260630
LIBRARIES = ("numpy", "scikit-learn", "xgboost-cpu", "lightgbm", "onnx", "onnxruntime")
TARGET_KIND = "attribute:"
Progress = Callable[[int, int, str], None]


def train_models(
    *,
    purpose: str | None = None,
    at: str | Sequence[date] = MONTHLY,
    horizon_days: int | None = None,
    target: str | None = None,
    bad: str | None = None,
    segment: str = Segment.ALL,
    candidates: Sequence[str] = tuple(CANDIDATES),
    procedure: Procedure = Procedure(trials=1),  # noqa: B008  frozen
    progress: Progress = lambda done, total, message: None,
    trained_by: User | None = None,
) -> TrainingReport:
    """Train the candidates on cases of the ledger and register each with its figures and its proof.

    Without a target: purpose "default" (the default) or "pays_30", observed monthly or on the days given. With target
    "attribute:NAME": each loan that has the attribute, as known at its approval; `bad` is the value that counts as bad. With a
    segment, such as "1-30", the models learn from loans of that bucket alone and may serve it alone. What is
    evaluated is what is registered: there is no refit on test rows, so the figures are those of the very bytes that score.
    The report recommends one by the inner folds; nothing is promoted here: that takes a validation and two people.

    Cost: some seconds per 10,000 cases for the features and a minute for the models; writes only at the end. Raises
    NoBusinessDate, NoCompleteWindow, TrainingRefused, UnknownAttribute, TooFewRows, OneClass and NothingProven.
    """
    began = monotonic()
    unknown = [name for name in candidates if name not in CANDIDATES]
    if unknown or not candidates:
        raise TrainingRefused(f"There is no candidate {', '.join(unknown) or '-'}; there are {', '.join(CANDIDATES)}.")
    total = len(candidates) + 3
    progress(0, total, "cases and labels")
    labelled = _collect(purpose=purpose, at=at, horizon_days=horizon_days, target=target, bad=bad, segment=segment)
    _refuse_what_cannot_be_learned(labelled)
    split = _split(labelled)
    progress(1, total, f"features of {len(labelled.cases):,} cases")
    matrix = build_matrix(labelled.cases)
    rises, falls = directions_of(labelled.purpose)
    procedure = replace(procedure, rises=rises, falls=falls)
    leaks = find_leaks(matrix.values[split.train], labelled.y[split.train], matrix.names)
    experiment = run_experiment(
        matrix.values,
        labelled.y,
        labelled.borrowers,
        split,
        names=matrix.names,
        candidates=candidates,
        baseline_column="days_past_due",
        segments=labelled.segments,
        procedure=procedure,
        seed=SEED,
        progress=lambda done, _total, message: progress(2 + done, total, message),
    )
    proven = [trained for trained in experiment.trained if trained.parity.holds]
    if not proven:
        worst = ", ".join(f"{one.model.algorithm} {one.parity.max_abs_diff:.1e}" for one in experiment.trained)
        raise NothingProven(f"Exported and trained models differ by more than 1e-6 ({worst}): none is registered.")
    progress(total - 1, total, "registering")
    with transaction.atomic():  # all of them or, if it is cut off here, none
        versions = {
            one.model.algorithm: _register(
                one, experiment, labelled, matrix, split, leaks=leaks, procedure=procedure, trained_by=trained_by
            )
            for one in proven
        }
    recommended = experiment.recommend()
    best = versions[recommended.model.algorithm]
    progress(total, total, "registered")
    progress(total, total, log_training(versions=list(versions.values())).line)
    return TrainingReport(
        purpose=labelled.purpose,
        segment=labelled.segment,
        n_rows=len(labelled.cases),
        bad_rate=float(labelled.y.mean()),
        split=split.words,
        leaks=[leak.as_dict() for leak in leaks],
        candidates=[_describe(one, versions) for one in experiment.trained],
        champion=best.name,
        baseline_auc=experiment.baseline.auc,
        baseline_column=experiment.baseline.column,
        warnings=[*labelled.warnings, *split.warnings, *_warn(labelled, split, experiment, recommended)],
        seconds=monotonic() - began,
    )


def _collect(
    *,
    purpose: str | None,
    at: str | Sequence[date],
    horizon_days: int | None,
    target: str | None,
    bad: str | None,
    segment: str,
) -> LabelledCases:
    """Return the cases that were asked for; refuse questions that contradict themselves."""
    if target is None:
        if at == AT_APPROVAL:
            raise TrainingRefused(f"--at {AT_APPROVAL} needs a target: --target {TARGET_KIND}NAME --bad VALUE.")
        if bad is not None:
            raise TrainingRefused(f"--bad goes with --target {TARGET_KIND}NAME.")
        if isinstance(at, str) and at != MONTHLY:
            raise TrainingRefused(
                f"Observation days are {MONTHLY}, {AT_APPROVAL} or dates such as 2026-01-31, not {at!r}."
            )
        return collect_over_time(
            purpose=purpose or Purpose.DEFAULT.value, at=at, horizon_days=horizon_days, segment=segment
        )
    if not target.startswith(TARGET_KIND) or target == TARGET_KIND:
        raise TrainingRefused(f"A target is written {TARGET_KIND}NAME, not {target!r}.")
    if bad is None:
        raise TrainingRefused("Say which value of the target is bad: --bad VALUE.")
    if at != AT_APPROVAL:
        raise TrainingRefused(f"An attribute is an outcome of the whole loan: train on it with --at {AT_APPROVAL}.")
    if segment:
        raise TrainingRefused(
            "A target is learned as known at approval, when no loan is in a bucket: leave --segment out."
        )
    if purpose is not None or horizon_days is not None:
        raise TrainingRefused("A target has its own purpose and horizon: leave --purpose and --horizon-days out.")
    return collect_at_approval(attribute=target.removeprefix(TARGET_KIND), bad=bad)


def _refuse_what_cannot_be_learned(labelled: LabelledCases) -> None:
    n, events = len(labelled.cases), int(labelled.y.sum())
    if n < MIN_ROWS:
        raise TooFewRows(f"{n:,} rows are too few to train on: {MIN_ROWS} are the least.")
    if events in (0, n):
        raise OneClass(
            f"All {n:,} rows have the same outcome ({labelled.target['definition']}): nothing can be learned."
        )
    if min(events, n - events) < 2 * MIN_EVENTS:
        raise TooFewRows(
            f"{events:,} of {n:,} rows have the outcome ({labelled.target['definition']}): at least {2 * MIN_EVENTS} with and "
            "without it are needed."
        )


def _split(labelled: LabelledCases) -> Split:
    if labelled.horizon_days is None:
        split = split_within_window(labelled.instants, labelled.borrowers)
    else:
        split = split_by_time(
            labelled.days, labelled.borrowers, labelled.y, horizon_days=labelled.horizon_days, seed=SEED
        )
    for side, rows in (("train", split.train), ("test", split.test)):
        events = int(labelled.y[rows].sum())
        if min(events, len(rows) - events) < MIN_EVENTS:
            raise TooFewRows(
                f"Of the {len(rows):,} rows to {side} on, {events:,} have the outcome: at least {MIN_EVENTS} with and without "
                f"it are needed (split {split.words})."
            )
    return split


def _register(
    trained: Trained,
    experiment: Experiment,
    labelled: LabelledCases,
    matrix: FeatureMatrix,
    split: Split,
    *,
    leaks: Sequence[Leak],
    procedure: Procedure,
    trained_by: User | None,
) -> ModelVersion:
    days = np.unique(labelled.days)
    gain, gain_low, gain_high = trained.gain_over_baseline
    registered = register_model(
        purpose=labelled.purpose,
        segment=labelled.segment,
        algorithm=trained.model.algorithm,
        onnx=trained.onnx,
        target=labelled.target,
        data_window={
            "first_day": str(days[0]),
            "last_day": str(days[-1]),
            "n_days": len(days),
            "rows": len(labelled.cases),
            "bad_rate": float(labelled.y.mean()),
            "split": split.words,
            "train_rows": len(split.train),
            "test_rows": len(split.test),
            "learned_until": str(labelled.days[split.train].max()),
            "matrix_sha256": sha256_of_matrix(
                matrix.loan_ids, matrix.as_ofs.astype(np.int64), matrix.values, labelled.y
            ),
        },
        metrics={
            **trained.figures.as_dict(),
            "validation_auc": trained.validation_auc,
            "meets_kpi": trained.meets_kpi,
            "has_signal": trained.has_signal,
            "threshold_chosen": procedure.threshold_words,
            "baseline": {
                "column": experiment.baseline.column,
                "auc": experiment.baseline.auc,
                "gain": gain,
                "gain_low": gain_low,
                "gain_high": gain_high,
            },
            "by_segment": trained.by_segment,
            "train_seconds": trained.model.train_seconds,
        },
        parity=trained.parity.as_dict(),
        threshold=trained.model.threshold,
        tier_edges=trained.tier_edges,
        is_simulated=labelled.is_simulated,
        curves=draw_trained(
            trained.onnx,
            x=matrix.values[split.test],
            y=labelled.y[split.test],
            p=trained.model.predict(matrix.values[split.test]),
            train_x=matrix.values[split.train],
            train_p=trained.model.held_out_probabilities,
            names=matrix.names,
            rows="the test rows",
        )
        | {"points": points_table(trained.model, matrix.names)},
        findings=[leak.as_dict() for leak in leaks],
        parameters=trained.model.parameters | {"directions": procedure.directions_told(matrix.names)},
        library_versions={name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
        trained_by=trained_by,
    )
    keep_reference(
        version=registered,
        values=matrix.values[split.train],
        probabilities=trained.model.held_out_probabilities,
        names=matrix.names,
    )
    return registered


def _describe(trained: Trained, versions: dict[str, ModelVersion]) -> CandidateReport:
    name = trained.model.algorithm
    return describe(
        name,
        trained.figures,
        version=versions[name].name if name in versions else "",
        meets_kpi=trained.meets_kpi,
        parity=trained.parity,
        train_seconds=trained.model.train_seconds,
    )


def _warn(labelled: LabelledCases, split: Split, experiment: Experiment, best: Trained) -> list[str]:
    """Say in plain words what a reader of the figures has to know."""
    name = best.model.algorithm
    warnings = [
        f"{one.model.algorithm}: exported and trained model differ by {one.parity.max_abs_diff:.1e}; not registered."
        for one in experiment.trained
        if not one.parity.holds
    ]
    if not best.has_signal:
        warnings.append(
            f"{name} has no signal: on test rows its AUC cannot be told from a coin's (interval from "
            f"{best.figures.auc_low:.2f}). Do not use it to choose whom to call."
        )
    elif best.gain_over_baseline[1] <= 0:
        warnings.append(
            f"{name} is not shown to rank better than {experiment.baseline.column} alone (AUC {best.figures.auc:.3f} against "
            f"{experiment.baseline.auc:.3f})."
        )
    if best.figures.n_bad < FEW_EVENTS:
        warnings.append(f"Only {best.figures.n_bad} test rows have the outcome: the figures are rough.")
    test_y, test_segments = labelled.y[split.test], labelled.segments[split.test]
    without = [str(one) for one in np.unique(test_segments) if not test_y[test_segments == one].any()]
    if without:
        share = float(np.isin(test_segments, without).mean())
        warnings.append(
            f"No test row of the segment {', '.join(without)} ({share:.0%} of rows) has the outcome: telling it from the rest "
            "lifts the AUC; see the figures by segment."
        )
    return warnings
