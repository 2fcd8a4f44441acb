"""The verbs of monitoring: read all watched models, and tell what was read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from time import monotonic
from typing import Any

from borrowers.services import get_business_date
from scoring.errors import ModelDoesNotFit
from scoring.models import Challenger, ModelReading, ModelVersion, ScoringRun, ShadowRun
from scoring.monitoring.alerts import Alert, find_alerts, judge_overrides
from scoring.monitoring.reading import Scored, read
from scoring.monitoring.shadowing import score_aside
from scoring.querysets import heavy_fields
from scoring.registry.champions import Champion, find_live
from scoring.thresholds import read_thresholds
from scoring.training.cases import month_ends
from scoring.training.unseen import first_unseen_day

MONTHS = 12
Progress = Callable[[int, int, str], None]

__all__ = [
    "Alert",
    "MonitoringReport",
    "Watched",
    "describe_models",
    "judge_overrides",
    "monitor_models",
]


@dataclass(frozen=True)
class Watched:
    """A model that is watched, and what was read of it, oldest day first, the newest reading of each day."""

    champion: Champion
    is_challenger: bool
    readings: list[ModelReading] = field(default_factory=list)
    alerts: list[Alert] = field(default_factory=list)

    @property
    def model(self) -> ModelVersion:
        return self.champion.model


@dataclass(frozen=True)
class MonitoringReport:
    """What monitoring read and what it alarms about."""

    read_on: date
    n_models: int
    n_readings: int
    alerts: list[Alert]
    skipped: dict[str, str]
    seconds: float

    def summary(self) -> str:
        new, n_alerts = f"{self.n_readings} new readings", f"{len(self.alerts)} alerts"
        lines = [f"{self.n_models} models watched on {self.read_on}, {new}, {n_alerts} ({self.seconds:.1f} s)."]
        lines += [f"{alert.level.upper()}: {alert.model}, {alert.as_of}: {alert.text}" for alert in self.alerts]
        lines += [f"{name} is not read: {why}" for name, why in self.skipped.items()]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "read_on": self.read_on.isoformat(),
            "n_models": self.n_models,
            "n_readings": self.n_readings,
            "alerts": [alert.as_json() | {"as_of": str(alert.as_of)} for alert in self.alerts],
            "skipped": self.skipped,
            "seconds": round(self.seconds, 1),
        }


def monitor_models(
    *,
    as_of: date | None = None,
    months: int = MONTHS,
    looks_back: bool = True,
    progress: Progress = lambda done, total, message: None,
) -> MonitoringReport:
    """Read champions and challengers: the newest day, and the month ends of the last months as far as their outcome is known.

    Challengers score the newest day aside. With looks_back, month ends at which a model gave no scores are scored by it now, from
    what was known then; such days are marked, and those that it learned from too. What was read is not read again but for early
    reads, once a month. Cost: some seconds per model, and per 10,000 loans and month looked back. Raises NoBusinessDate.
    """
    began = monotonic()
    day = as_of or get_business_date()
    watched = find_watched()
    past = [one for one in month_ends(until=day) if one < day]
    days = [*(past[-months:] if months else []), day]
    total, done, n_readings = len(watched) * len(days), 0, 0
    skipped: dict[str, str] = {}
    for one in watched:
        known_from = first_unseen_day(one.model)
        for each in days:
            progress(done, total, f"{one.model.name}, {each}")
            done += 1
            try:
                scored = _find_scores(one, each, is_newest=each == day, looks_back=looks_back)
            except ModelDoesNotFit as error:
                skipped[one.model.name] = error.detail
                continue
            if scored and read(scored, on=day, is_unseen=each >= known_from):
                n_readings += 1
    progress(total, total, "read")
    alerts = [alert for one in describe_models(watched=watched) for alert in one.alerts]
    return MonitoringReport(day, len(watched), n_readings, alerts, skipped, monotonic() - began)


def find_watched() -> list[Watched]:
    """Return champions, then challengers; two queries, none reads the bytes."""
    challengers = Challenger.objects.live().select_related("model").defer(*heavy_fields("model")).order_by("pk")
    return [
        *(Watched(champion, is_challenger=False) for champion in find_live()),
        *(
            Watched(Champion(one.model, one.segment, frozenset()), is_challenger=True)
            for one in challengers
            if not one.model.purpose.startswith("table:")
        ),
    ]


def describe_models(*, watched: Iterable[Watched] | None = None, months: int = MONTHS) -> list[Watched]:
    """Return the watched models with what was read of each and what alarms; four queries, whatever the size of the books."""
    found = list(find_watched() if watched is None else watched)
    thresholds = read_thresholds()
    newest: dict[tuple[int, date], ModelReading] = {}
    rows = ModelReading.objects.filter(model__in=[one.model.pk for one in found]).order_by("as_of", "read_on")
    for row in rows:
        newest[row.model_id, row.as_of] = row
    last = max((as_of for _, as_of in newest), default=None)
    first = last - timedelta(days=31 * months) if last else None
    described = []
    for one in found:
        own = [row for (model, as_of), row in newest.items() if model == one.model.pk and first and as_of >= first]
        own = _month_ends_and_newest(own)
        auc = one.model.metrics.get("auc")
        alerts = find_alerts(
            one.model.name, own, auc_in_training=auc, thresholds=thresholds, with_features=not one.is_challenger
        )
        described.append(Watched(one.champion, one.is_challenger, own, alerts))
    return described


def _month_ends_and_newest(readings: list[ModelReading]) -> list[ModelReading]:
    """Keep the last day of each month: daily closes read many days, a chart shows months."""
    return list({(row.as_of.year, row.as_of.month): row for row in readings}.values())


def _find_scores(one: Watched, day: date, *, is_newest: bool, looks_back: bool) -> Scored | None:
    """Return where the scores of a model for a day are kept; they are made where that is wanted."""
    if not one.is_challenger:
        batches = ScoringRun.objects.filter(
            model=one.model, as_of=day, kind=ScoringRun.Kind.BATCH, published_at__isnull=False
        )
        if run := batches.order_by("-pk").first():
            return Scored(one.model, day, ModelReading.Source.SERVED, runs=[run.pk])
    made = ShadowRun.objects.filter(model=one.model, as_of=day).first()
    wanted = is_newest if one.is_challenger else False
    if made is None and (wanted or (looks_back and not is_newest)):
        made = score_aside(one.champion, as_of=day)
    return Scored(one.model, day, made.kind, shadow=made.pk) if made else None
