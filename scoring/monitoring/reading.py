"""Read one model's scores of one day: counted in the database, kept as a reading."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection

from borrowers.services import known_at
from creditpath.sql import load
from scoring.features.definition import FEATURE_NAMES
from scoring.models import ModelReading, ModelVersion, ShadowScore, TrainingReference
from scoring.monitoring.measuring import measure_feature, measure_outcome, measure_scores
from scoring.registry.references import LEFT_OUT, left_out_of
from scoring.training.cases import SQL_FILES

MOST_FEATURE_ROWS = 100_000
MARKER = "/* the cases and labels of the day */"
EARLY_SHARE = 0.25  # of the horizon: before it nothing is told of outcomes
READ_AGAIN = timedelta(days=30)  # each costs the labels of a day


@dataclass(frozen=True)
class Scored:
    """The scores of one model for one day, wherever they are kept."""

    model: ModelVersion
    as_of: date
    source: str
    runs: Sequence[int] = ()
    shadow: int | None = None

    def as_parameters(self) -> dict[str, Any]:
        """Return where the scores are, and which of them stability leaves out since the training had no such loans."""
        return {
            "runs": list(self.runs),
            "shadow": self.shadow,
            **left_out_of(self.model),
        }


def read(scored: Scored, *, on: date, is_unseen: bool) -> ModelReading | None:
    """Keep what can be read of scores on a business date; None where nothing is new since the last reading, or nothing scored.

    A matured reading is final. An early one is taken again after a month, since outcomes come in.
    """
    horizon = scored.model.target.get("horizon_days") if scored.model.purpose in SQL_FILES else None
    window = min((on - scored.as_of).days, horizon) if horizon else 0
    stage = _stage(window, horizon)
    last = ModelReading.objects.filter(model=scored.model, as_of=scored.as_of).order_by("-read_on").first()
    if last is not None and not _is_due(last, stage=stage, on=on):
        return None
    n_rows, stability = read_stability(scored)
    if not n_rows:
        return None
    outcome = None if stage == ModelReading.Stage.FRESH else read_outcome(scored, window_days=window)
    return ModelReading.objects.create(
        model=scored.model, as_of=scored.as_of, read_on=on, source=scored.source, stage=stage, window_days=window,
        is_unseen=is_unseen, n_rows=n_rows, stability=stability, outcome=outcome,
    )  # fmt: skip


def _stage(window: int, horizon: int | None) -> str:
    if not horizon or window < max(1, horizon * EARLY_SHARE):
        return ModelReading.Stage.FRESH
    return ModelReading.Stage.MATURED if window >= horizon else ModelReading.Stage.EARLY


def _is_due(last: ModelReading, *, stage: str, on: date) -> bool:
    if last.read_on >= on or last.stage == ModelReading.Stage.MATURED:
        return False
    return stage != last.stage or (stage == ModelReading.Stage.EARLY and on - last.read_on >= READ_AGAIN)


def read_stability(scored: Scored) -> tuple[int, dict[str, Any] | None]:
    """Return how many scores there are, and PSI and missing rates against the training; None of a model without a reference."""
    reference = TrainingReference.objects.filter(model=scored.model).first()
    bins = count_scores(scored, reference.score_edges if reference else [])
    n_left_out = bins.pop(LEFT_OUT, 0)
    n_rows = sum(bins.values())
    if reference is None or not n_rows:
        return n_rows + n_left_out, None
    return n_rows + n_left_out, {
        "n_rows": n_rows,
        "score_psi": measure_scores(reference.score_shares, bins),
        "features": _read_features(scored, reference, n_rows),
    }


def count_scores(scored: Scored, edges: Sequence[float]) -> dict[int, int]:
    """Return how many scores each bin between the edges holds; those of loans that no training row is like are LEFT_OUT."""
    asked = scored.as_parameters() | {"edges": list(edges)}
    return {row["bin"]: row["n"] for row in _ask("score_bins.sql", asked)}


def _read_features(scored: Scored, reference: TrainingReference, n_rows: int) -> dict[str, dict[str, float]]:
    names = [name for name in FEATURE_NAMES if name in reference.features]
    if len(names) != len(FEATURE_NAMES):
        return {}
    asked = {
        "edges": json.dumps([reference.features[name]["edges"] for name in names]),
        "every": -(-n_rows // MOST_FEATURE_ROWS),
    }
    bins: dict[int, dict[int, int]] = defaultdict(dict)
    for row in _ask("feature_bins.sql", scored.as_parameters() | asked):
        bins[row["place"]][row["bin"]] = row["n"]
    return {
        names[place - 1]: measure_feature(reference.features[names[place - 1]], found) for place, found in bins.items()
    }


def read_outcome(scored: Scored, *, window_days: int) -> dict[str, Any] | None:
    """Return AUC and calibration on the labels of a window, as known at its end; None where no scored loan has one."""
    last_day = scored.as_of + timedelta(days=window_days)
    asked = {
        "day": scored.as_of,
        "known": known_at(as_of=scored.as_of),
        "last_day": last_day,
        "last_known": known_at(as_of=last_day),
        # A sample was scored: labels of the others would cost most of the time.
        "only": list(ShadowScore.objects.filter(run=scored.shadow).values_list("loan_id", flat=True))
        if scored.shadow
        else None,
    }
    statement = load("scoring", "monitoring/outcomes.sql").replace(
        MARKER, load("scoring", SQL_FILES[scored.model.purpose])
    )
    return measure_outcome(_ask_text(statement, scored.as_parameters() | asked))


def _ask(name: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    return _ask_text(load("scoring", f"monitoring/{name}"), parameters)


def _ask_text(statement: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
