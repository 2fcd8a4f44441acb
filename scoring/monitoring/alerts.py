"""Where readings pass a threshold: pure, so that a threshold that is changed counts at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from math import sqrt
from typing import Any

from scoring.features.definition import AGEING
from scoring.models import AlertThreshold, ModelReading
from scoring.thresholds import ACT, Threshold

LEAST_ANSWERS = 20
CHANCE_PSI = (
    27.9  # over n: what ten bins reach where nothing moved, in one of a thousand (chi-square with nine degrees)
)
CHANCE_ERRORS = 3.3  # standard errors of a share, two-sided, in one of a thousand
Measure = AlertThreshold.Measure


@dataclass(frozen=True)
class Alert:
    """One thing about one model that somebody should look at or has to act on."""

    model: str
    measure: str
    level: str
    as_of: date | None
    text: str

    def as_json(self) -> dict[str, Any]:
        return vars(self)


def find_alerts(
    name: str,
    readings: Sequence[ModelReading],
    *,
    auc_in_training: float | None,
    thresholds: Mapping[str, Threshold],
    with_features: bool = True,
) -> list[Alert]:
    """Return what the newest readings of a model say that passes a threshold; readings come oldest first, one a day.

    Stability is judged by the newest day, AUC and calibration by the newest matured day that the model had not learned from. An
    early read alarms only where more events came already than were expected by the end. Without with_features nothing is said of
    features, which a challenger shares with its champion. Features that grow as the books do (AGEING) never alarm, and a PSI or a
    share that chance alone reaches on so few loans is no move.
    """
    found: list[Alert | None] = []
    if stable := next((one for one in reversed(readings) if one.stability), None):
        found += _judge_stability(name, stable, thresholds, with_features=with_features)
    unseen = [one for one in readings if one.is_unseen and one.outcome]
    matured = next((one for one in reversed(unseen) if one.stage == ModelReading.Stage.MATURED), None)
    if matured is not None:
        found += _judge_outcome(name, matured, auc_in_training, thresholds)
    for one in unseen:
        if one.stage == ModelReading.Stage.EARLY and one.outcome:
            said = (
                f"{one.outcome['n_bad']:,} events after {one.window_days} days already exceed what was expected by the end of "
                f"the horizon ({one.outcome['expected'] * one.outcome['n']:,.0f})"
            )
            found.append(_alert(name, Measure.CALIBRATION, one.outcome["z"], one.as_of, said, thresholds))
    return sorted(filter(None, found), key=lambda alert: (alert.level != ACT, alert.measure))


def judge_overrides(n_otherwise: int, n_answered: int, thresholds: Mapping[str, Threshold]) -> Alert | None:
    """Return the alert on how often people decide otherwise than was recommended; none on fewer than LEAST_ANSWERS answers."""
    if n_answered < LEAST_ANSWERS:
        return None
    share = n_otherwise / n_answered
    text = f"People decided otherwise on {share:.0%} of the {n_answered:,} recommendations that they answered"
    return _alert("recommendations", Measure.OVERRIDES, share, None, text, thresholds)


def _judge_stability(
    name: str, reading: ModelReading, thresholds: Mapping[str, Threshold], *, with_features: bool
) -> Iterable[Alert | None]:
    stability = reading.stability or {}
    n_rows = stability.get("n_rows", reading.n_rows)
    score, chance = stability["score_psi"], CHANCE_PSI / n_rows
    if score > chance:
        said = f"Scores have moved since training: PSI {score:.2f}"
        yield _alert(name, Measure.SCORE_PSI, score, reading.as_of, said, thresholds)
    features: Mapping[str, Mapping[str, float]] = {
        feature: one for feature, one in stability["features"].items() if feature not in AGEING
    }
    if not features or not with_features:
        return
    moved = {feature: one["psi"] for feature, one in features.items() if one["psi"] > chance}
    yield _alert_many(
        name, Measure.FEATURE_PSI, moved, reading.as_of, "have moved since training: PSI of", ".2f", thresholds
    )
    gaps = {
        feature: gap
        for feature, one in features.items()
        if (gap := abs(one["missing"] - one["missing_in_training"])) > _chance_of_share(one, n_rows)
    }
    yield _alert_many(
        name,
        Measure.MISSING_RATE,
        gaps,
        reading.as_of,
        "have a value more or less often: change for",
        ".0%",
        thresholds,
    )


def _chance_of_share(feature: Mapping[str, float], n: int) -> float:
    share = max(feature["missing"], feature["missing_in_training"])
    return CHANCE_ERRORS * sqrt(share * (1 - share) / n)


def _judge_outcome(
    name: str, reading: ModelReading, auc_in_training: float | None, thresholds: Mapping[str, Threshold]
) -> Iterable[Alert | None]:
    outcome = reading.outcome or {}
    # What lies within chance is no drop: the upper end of the interval has to be below, too.
    if outcome["auc"] is not None and auc_in_training is not None and outcome["auc_high"] < auc_in_training:
        said = f"It ranks worse than on its test rows: AUC {outcome['auc']:.3f} after {auc_in_training:.3f}"
        yield _alert(name, Measure.AUC_DROP, auc_in_training - outcome["auc"], reading.as_of, said, thresholds)
    way = "More" if outcome["z"] > 0 else "Fewer"
    said = f"{way} events than expected: {outcome['observed']:.1%} where {outcome['expected']:.1%} were"
    yield _alert(name, Measure.CALIBRATION, abs(outcome["z"]), reading.as_of, said, thresholds)


def _alert(
    name: str, measure: str, value: float, as_of: date | None, text: str, thresholds: Mapping[str, Threshold]
) -> Alert | None:
    threshold = thresholds.get(measure)
    level = threshold.judge(value) if threshold else None
    return Alert(name, str(measure), level, as_of, f"{text}.") if level else None


def _alert_many(
    name: str, measure: str, values: Mapping[str, float], as_of: date, text: str, form: str,
    thresholds: Mapping[str, Threshold],
) -> Alert | None:  # fmt: skip
    """Return one alert for all features that pass, at the level of the worst."""
    threshold = thresholds.get(measure)
    if threshold is None:
        return None
    passed = sorted(((value, feature) for feature, value in values.items() if threshold.judge(value)), reverse=True)
    if not passed:
        return None
    told = ", ".join(f"{feature} {value:{form}}" for value, feature in passed[:3])
    more = f" and {len(passed) - 3} more" if len(passed) > 3 else ""
    noun = "1 feature has" if len(passed) == 1 else f"{len(passed)} features have"
    words = f"{noun} {text.removeprefix('have ')} {told}{more}"
    return _alert(name, measure, passed[0][0], as_of, words, thresholds)
