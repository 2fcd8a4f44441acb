"""From where a measure is to be looked at, and from where acted on: rows that admins edit, read in one place."""

from dataclasses import dataclass

from scoring.models import AlertThreshold

LOOK, ACT = "look", "act"


@dataclass(frozen=True)
class Threshold:
    """From where to look and from where to act."""

    look: float
    act: float

    def judge(self, value: float) -> str | None:
        return ACT if value >= self.act else LOOK if value >= self.look else None


def read_thresholds() -> dict[str, Threshold]:
    """Return the thresholds that are switched on, by measure; one query."""
    return {row.measure: Threshold(row.look, row.act) for row in AlertThreshold.objects.filter(is_on=True)}


def judge_psi(value: float, threshold: Threshold | None) -> str:
    """Say what a population stability index means; that it is not judged where its threshold is switched off."""
    if threshold is None:
        return "not judged"
    return {None: "stable", LOOK: "look at it", ACT: "act on it"}[threshold.judge(value)]
