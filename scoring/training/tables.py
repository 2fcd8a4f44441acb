"""Train the candidates on any labelled table, guarded against leaks, and register them with their specification."""

import platform
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.metadata import version
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from numpy.typing import NDArray

from creditpath.accounts.models import User
from scoring.ml.candidates import CANDIDATES, FittedModel
from scoring.ml.curves import draw_curves
from scoring.ml.experiment import SIMPLEST_FIRST, tier_edges
from scoring.ml.export import sha256_of_matrix, to_onnx
from scoring.ml.leaks.leak import ASKED, Leak
from scoring.ml.leaks.table import find_table_leaks
from scoring.ml.parity import Parity, check_parity
from scoring.ml.points import points_table
from scoring.ml.specification.applying import Typed, apply_specification, type_columns
from scoring.ml.specification.learning import learn_specification
from scoring.ml.specification.schema import Specification
from scoring.ml.splits import Split
from scoring.ml.tables import Evaluated, Evaluation, evaluate_table, find_groups, fit_one
from scoring.ml.tuning import Procedure
from scoring.ml.twins import same_label_share
from scoring.models import ModelVersion
from scoring.registry.services import register_model
from scoring.tables.errors import TableRefused
from scoring.tables.reading import read_table, take_target
from scoring.tracking.services import log_training
from scoring.training.errors import NothingProven, TrainingRefused
from scoring.training.monitored import find_watched
from scoring.training.report import CandidateReport, TrainingReport, describe

SEED = 20260630
LEAST_ROWS = 100
LEAST_EVENTS = 20
TWINS_SHARE = 0.01  # of rows with a near twin, from which rows count as repeating
NOISE = 0.005  # of AUC: below it the simpler model is recommended
LIBRARIES = ("numpy", "pandas", "scikit-learn", "xgboost-cpu", "lightgbm", "onnx", "onnxruntime")
SIMULATED = "The rows are simulated: the figures say nothing about real borrowers."
Progress = Callable[[int, int, str], None]
Decide = Callable[[Leak], bool]


def train_table(
    *,
    path: Path,
    target: str,
    bad: str | None = None,
    date: str | None = None,
    horizon_days: int = 0,
    group: str | None = None,
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    decide: Decide | None = None,
    repeats: int = 1,
    candidates: Sequence[str] = tuple(CANDIDATES),
    procedure: Procedure = Procedure(),  # noqa: B008  frozen
    is_simulated: bool = False,
    trained_by: User | None = None,
    progress: Progress = lambda done, total, message: None,
) -> TrainingReport:
    """Train on a file; the models are registered for the purpose table:NAME and score files through score_table.

    Evaluation is nested: by time where `date` names a column (the last 30 % of its days are tested, `horizon_days` before them
    left out), by whole groups where `group` names one or rows have near twins, else stratified. What the guard asks about goes
    to `decide`, which says whether the column stays; with nobody to ask it is left out, and the figures with it are given
    beside. Raises TableRefused, TrainingRefused and NothingProven.
    """
    began = monotonic()
    if unknown := [name for name in candidates if name not in CANDIDATES]:
        raise TrainingRefused(f"There is no candidate {', '.join(unknown)}; there are {', '.join(CANDIDATES)}.")
    frame, y, bad = take_target(read_table(path), target, bad)
    for name in filter(None, (date, group, *keep, *drop)):
        if name not in frame.columns:
            raise TableRefused(f"The table has no column {name!r}.")
    _refuse_too_few(y)
    progress(0, 3, "looking for leaks and near twins")
    all_columns = learn_specification(frame)
    if not all_columns.features:
        raise TableRefused("No column can be learned from: all are empty, constant or identifiers.")
    _refuse_directions(procedure, all_columns)
    typed = type_columns(all_columns, frame)
    watched = find_watched(frame.columns)
    barred = {leak.column for leak in watched if leak.action.startswith("left out")}
    leaks = [leak for leak in find_table_leaks(all_columns, typed, y) if leak.column not in (group, *drop, *barred)]
    out, asked, leaks = _decide(leaks, keep=set(keep), drop=set(drop), decide=decide)
    out, leaks = out | barred, [*watched, *leaks]
    out |= {name for name in (date, group) if name}
    split, groups, words = _split(frame, typed, y, date=date, horizon_days=horizon_days, group=group)
    used = frame.drop(columns=sorted(out))
    options: dict[str, Any] = {
        "split": split, "candidates": candidates, "procedure": procedure, "repeats": repeats, "seed": SEED,
    }  # fmt: skip
    specification = all_columns.without(out)
    if not specification.features:
        raise TableRefused("No column is left to learn from: all are empty, constant, identifiers or leaks.")
    evaluation = evaluate_table(used, y, groups, progress=progress, **options)
    beside = evaluate_table(used.join(frame[asked]), y, groups, **options) if asked else None
    x = apply_specification(specification, used)
    purpose = f"table:{re.sub('[^a-z0-9_-]+', '_', path.name.split('.')[0].lower())[:30]}"
    models, graphs, parities = {}, {}, {}
    for name in candidates:
        progress(2, 3, f"fitting {name} for the register")
        models[name] = fit_one(name, x, y, groups, names=specification.features, procedure=procedure, seed=SEED)
        graphs[name] = to_onnx(models[name], n_features=x.shape[1])
        thresholds = models[name].learner.thresholds()
        parities[name] = check_parity(graphs[name], models[name].predict, x, thresholds=thresholds, seed=SEED)
    with transaction.atomic():  # all of them or, if it is cut off here, none
        versions = {
            name: _register(
                models[name], graphs[name], parities[name], evaluation.candidates[name], specification, x, y,
                purpose=purpose, target=f"{target} = {bad}", words=words, leaks=leaks, evaluation=evaluation,
                procedure=procedure, is_simulated=is_simulated, trained_by=trained_by,
            )
            for name in candidates
            if parities[name].holds
        }  # fmt: skip
    if not versions:
        raise NothingProven("Exported and trained models differ by more than 1e-6: none is registered.")
    progress(3, 3, log_training(versions=list(versions.values())).line)
    best = _recommend(evaluation, list(versions))
    return TrainingReport(
        purpose=purpose,
        n_rows=len(y),
        bad_rate=float(y.mean()),
        split=words,
        leaks=[leak.as_dict() for leak in leaks],
        candidates=[_describe(one, versions, parities[name]) for name, one in evaluation.candidates.items()],
        champion=versions[best].name,
        baseline_auc=evaluation.baseline_auc,
        baseline_column=evaluation.baseline_column,
        warnings=[*([SIMULATED] if is_simulated else []), *_warn(evaluation, best, beside, asked)],
        seconds=monotonic() - began,
    )


def _refuse_directions(procedure: Procedure, specification: Specification) -> None:
    numbers = {column.name for column in specification.columns if column.kind in ("number", "date")}
    if others := sorted((procedure.rises | procedure.falls) - numbers):
        raise TableRefused(
            f"Only a column of numbers or dates can be held to a direction: {', '.join(others)} is none."
        )
    if both := sorted(procedure.rises & procedure.falls):
        raise TableRefused(f"{', '.join(both)} cannot both rise and fall.")


def _refuse_too_few(y: NDArray[np.int8]) -> None:
    events = int(y.sum())
    if len(y) < LEAST_ROWS:
        raise TableRefused(f"{len(y):,} rows with a target are too few to train on: {LEAST_ROWS} are the least.")
    if events in (0, len(y)):
        raise TableRefused(f"All {len(y):,} rows have the same outcome: nothing can be learned.")
    if min(events, len(y) - events) < LEAST_EVENTS:
        raise TableRefused(
            f"{events:,} of {len(y):,} rows are bad: at least {LEAST_EVENTS} bad and good ones are needed."
        )


def _decide(
    leaks: list[Leak], *, keep: set[str], drop: set[str], decide: Decide | None
) -> tuple[set[str], list[str], list[Leak]]:
    """Return the columns that are left out, those among them that somebody should be asked about, and what was decided.

    A column is decided about once, with all that was found in it.
    """
    out, asked, decided = (
        set(drop),
        [],
        [Leak(name, "by_request", "left out by request", "dropped") for name in sorted(drop)],
    )
    for column, of_it in groupby(leaks, key=attrgetter("column")):
        found = list(of_it)
        action = found[0].action  # the gravest decides for the column
        if column in keep and "kept" not in action:
            action = "kept by request"
        elif action == ASKED and decide is not None:
            whole = replace(found[0], evidence="; ".join(one.evidence for one in found))
            action = "kept after asking" if decide(whole) else "dropped after asking"
        elif action == ASKED:
            action = "nobody to ask: left out; figures with it are given beside"
            asked.append(column)
        if "kept" not in action:
            out.add(column)
        decided += [replace(one, action=action) for one in found]
    return out, asked, decided


def _split(
    frame: pd.DataFrame,
    typed: Sequence[Typed],
    y: NDArray[np.int8],
    *,
    date: str | None,
    horizon_days: int,
    group: str | None,
) -> tuple[Split | None, NDArray[np.int64], str]:
    """Return the split by time, if any, the groups of the rows, and the split in words."""
    rows = np.arange(len(y), dtype=np.int64)
    if group:
        groups, words = pd.factorize(frame[group])[0].astype(np.int64), f"5 folds of whole values of {group}"
    else:
        twins = find_groups(typed)
        if twins is None or twins.share < TWINS_SHARE:
            groups, words = rows, "5 stratified folds"
        else:
            pure = same_label_share(twins.cluster, y)
            groups = twins.cluster
            words = (
                f"5 folds of whole clusters of near-duplicate rows ({twins.share:.0%} of rows have a near twin, {pure:.0%} of "
                "them in clusters of one outcome)"
            )
    if date is None:
        return None, groups, words
    days = next(one.numbers for one in typed if one.name == date)
    if days is None or np.isnan(days).mean() > 0.5:
        raise TableRefused(f"{date!r} holds no dates or numbers to split by.")
    known = np.nan_to_num(days, nan=-np.inf)
    edge = np.quantile(known, 0.7)
    test = known > edge
    train = (known <= edge - horizon_days) & ~np.isin(groups, groups[test])
    for side in (train, test):
        if min(y[side].sum(), (1 - y[side]).sum()) < LEAST_EVENTS // 2:
            raise TableRefused(
                f"By {date!r} one side has too few bad or good rows; train without --date or with less horizon."
            )
    words = f"by time: tested on the last {test.mean():.0%} by {date}, {horizon_days} days before them left out"
    return Split(np.flatnonzero(train), np.flatnonzero(test), words), groups, words


def _register(
    model: FittedModel,
    graph: bytes,
    parity: Parity,
    evaluated: Evaluated,
    specification: Specification,
    x: NDArray[np.float32],
    y: NDArray[np.int8],
    *,
    purpose: str,
    target: str,
    words: str,
    leaks: Sequence[Leak],
    evaluation: Evaluation,
    procedure: Procedure,
    is_simulated: bool,
    trained_by: User | None,
) -> ModelVersion:
    return register_model(
        purpose=purpose,
        algorithm=model.algorithm,
        onnx=graph,
        target={"definition": target, "at": "table", "horizon_days": None},
        data_window={
            "rows": len(y),
            "bad_rate": float(y.mean()),
            "split": words,
            "matrix_sha256": sha256_of_matrix(x, y),
        },
        metrics={
            **evaluated.figures.as_dict(),
            "auc_spread": evaluated.spread,
            "meets_kpi": evaluated.meets_kpi,
            "has_signal": evaluated.has_signal,
            "threshold_chosen": procedure.threshold_words,
            "baseline": {"column": evaluation.baseline_column, "auc": evaluation.baseline_auc},
            "evaluated": "out of fold; the registered model was then fitted on all rows",
        },
        parity=parity.as_dict(),
        threshold=model.threshold,
        tier_edges=tier_edges(y),
        is_simulated=is_simulated,
        curves=draw_curves(
            y, model.held_out_probabilities, names=specification.features, rows="rows while an inner fold held them out"
        )
        | {"points": points_table(model, specification.features)},
        parameters=model.parameters | {"directions": procedure.directions_told(specification.features)},
        library_versions={name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
        feature_set=f"table:{specification.hash}",
        feature_names=specification.features,
        specification=specification.as_json(),
        findings=[leak.as_dict() for leak in leaks],
        trained_by=trained_by,
    )


def _recommend(evaluation: Evaluation, proven: Sequence[str]) -> str:
    best = max(evaluation.candidates[name].figures.auc for name in proven)
    near = [name for name in proven if evaluation.candidates[name].figures.auc >= best - NOISE]
    return min(near, key=SIMPLEST_FIRST.index)


def _describe(one: Evaluated, versions: dict[str, ModelVersion], parity: Parity) -> CandidateReport:
    return describe(
        one.algorithm,
        one.figures,
        version=versions[one.algorithm].name if one.algorithm in versions else "",
        meets_kpi=one.meets_kpi,
        parity=parity,
        train_seconds=one.seconds,
    )


def _warn(evaluation: Evaluation, best: str, beside: Evaluation | None, asked: Sequence[str]) -> list[str]:
    found = evaluation.candidates[best]
    warnings = []
    if not found.has_signal:
        warnings.append(
            f"{best} has no signal: its AUC cannot be told from a coin's. Do not use it to choose whom to call."
        )
    elif found.figures.auc <= evaluation.baseline_auc:
        warnings.append(f"{best} does not rank better than {evaluation.baseline_column} alone.")
    if beside is not None:
        figures = ", ".join(
            f"{name} {one.figures.auc:.3f} (precision {one.figures.precision:.2f}, recall {one.figures.recall:.2f})"
            for name, one in beside.candidates.items()
        )
        warnings.append(
            f"With {', '.join(asked)}, which nobody could be asked about: AUC {figures}. --keep NAME takes it in."
        )
    return warnings
