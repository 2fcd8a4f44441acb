"""What of models passes a threshold: what monitoring read, and how often people decide otherwise."""

from collections.abc import Sequence
from datetime import date

from recovery.watching.overrides import OverrideReport, measure_overrides
from scoring.models import AlertThreshold
from scoring.monitoring.services import Alert, Watched, describe_models, judge_overrides
from scoring.thresholds import ACT, read_thresholds


def alarms_of(watched: Sequence[Watched], overrides: OverrideReport | None) -> list[Alert]:
    """Return all alerts of the watched models and of the answers to recommendations, those to act on first; one query."""
    alerts = [alert for one in watched for alert in one.alerts]
    if overrides and (alert := judge_overrides(overrides.n_otherwise, overrides.n_answered, read_thresholds())):
        alerts.append(alert)
    return sorted(alerts, key=lambda alert: alert.level != ACT)


def measure_alarms(*, as_of: date) -> tuple[int, str]:
    """Return how many alerts have to be acted on, and which measures of which models, without figures that change every day."""
    alerts = [one for one in alarms_of(describe_models(), measure_overrides(as_of=as_of)) if one.level == ACT]
    told: dict[str, list[str]] = {}
    for alert in alerts:
        told.setdefault(alert.model, []).append(str(AlertThreshold.Measure(alert.measure).label))
    return len(alerts), "To act on: " + "; ".join(
        f"{model}: {', '.join(dict.fromkeys(measures))}" for model, measures in told.items()
    )
