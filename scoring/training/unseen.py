"""Labelled rows of the ledger that given models have not learned from."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from borrowers.services import get_business_date
from scoring.errors import ComparisonRefused
from scoring.ml.splits import MIN_EVENTS
from scoring.models import ModelVersion, Segment
from scoring.training.cases import AT_APPROVAL, LabelledCases, collect_at_approval, collect_over_time, month_ends

MOST_DAYS = 6  # the newest ones say most, and each costs a pass over the books


def collect_unseen(models: Sequence[ModelVersion], *, segment: str = "") -> tuple[LabelledCases, bool]:
    """Return the labelled rows of the newest days of which none of the models has learned, and whether there are such days.

    The models are of one purpose; horizon and definition are those of the first. Where no such day is over, the rows are of the
    last complete one. Raises ComparisonRefused where too few rows have the outcome, NoBusinessDate, NoCompleteWindow.
    """
    labelled, is_unseen = _collect(models)
    if segment:
        if segment not in Segment.values:
            raise ComparisonRefused(f"There is no segment {segment!r}.")
        labelled = _keep(labelled, labelled.segments == segment)
    bad = int(labelled.y.sum())
    if min(bad, len(labelled.y) - bad) < MIN_EVENTS:
        raise ComparisonRefused(
            f"Of {len(labelled.y):,} rows {bad:,} have the outcome: at least {MIN_EVENTS} with and without it are needed."
        )
    return labelled, is_unseen


def _collect(models: Sequence[ModelVersion]) -> tuple[LabelledCases, bool]:
    first = models[0]
    known = max(map(first_unseen_day, models))
    if first.target.get("at") == AT_APPROVAL:
        labelled = collect_at_approval(attribute=first.purpose.removeprefix("attribute:"), bad=_bad_of(first))
        unseen = labelled.days >= np.datetime64(known)
        return (_keep(labelled, unseen), True) if unseen.any() else (labelled, False)
    horizon = int(first.target["horizon_days"])
    last_complete = get_business_date() - timedelta(days=horizon)
    tested = {date.fromisoformat(one.data_window["last_day"]) for one in models if "last_day" in one.data_window}
    days = sorted({*month_ends(until=last_complete), *(day for day in tested if day <= last_complete)})
    fresh = [day for day in days if day >= known]
    chosen = fresh[-MOST_DAYS:] or days[-1:] or [last_complete]
    return collect_over_time(purpose=first.purpose, at=chosen, horizon_days=horizon), bool(fresh)


def first_unseen_day(model: ModelVersion) -> date:
    """Return the first day whose rows a model cannot have learned from: after its training rows and their horizon."""
    window, horizon = model.data_window, int(model.target.get("horizon_days") or 0)
    if "learned_until" in window:
        return date.fromisoformat(window["learned_until"]) + timedelta(days=horizon + 1)
    if "last_day" not in window:
        return date.min
    last = date.fromisoformat(window["last_day"])
    return last if str(window.get("split", "")).startswith("by time:") else last + timedelta(days=horizon + 1)


def _bad_of(model: ModelVersion) -> str:
    """Return the value that counts as bad; of models before it was kept apart, out of the definition."""
    if "bad" in model.target:
        return str(model.target["bad"])
    return str(model.target["definition"]).partition(" = ")[2].rpartition(" (not: ")[0]


def _keep(labelled: LabelledCases, rows: NDArray[np.bool_]) -> LabelledCases:
    return replace(
        labelled,
        cases=[case for case, kept in zip(labelled.cases, rows, strict=True) if kept],
        y=labelled.y[rows],
        borrowers=labelled.borrowers[rows],
        segments=labelled.segments[rows],
    )
