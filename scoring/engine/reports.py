"""What the engine says it did."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True)
class ScoringReport:
    """One published run."""

    run: int
    model: str
    purpose: str
    engine: str
    as_of: date
    n_scored: int
    seconds: float
    unscored: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    segments: tuple[
        "ScoringReport", ...
    ] = ()  # the runs of the champions of segments, where this is that of the one for all

    @property
    def n_unscored(self) -> int:
        return sum(self.unscored.values())

    @property
    def rows_per_second(self) -> float:
        return self.n_scored / self.seconds if self.seconds else 0.0

    def summary(self) -> str:
        first = (
            f"Run {self.run}: {self.n_scored:,} loans scored as of {self.as_of} with {self.model} ({self.engine}) in "
            f"{self.seconds:.1f} s, {self.rows_per_second:,.0f} a second."
        )
        not_scored = [f"  {count:,} not scored: {reason}" for reason, count in sorted(self.unscored.items())]
        left_out = [f"  {count:,} left out: {reason}" for reason, count in sorted(self.left_out.items())]
        return "\n".join([first, *not_scored, *left_out, *(run.summary() for run in self.segments)])

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "model": self.model,
            "engine": self.engine,
            "as_of": self.as_of,
            "n_scored": self.n_scored,
            "n_unscored": self.n_unscored,
            "unscored": dict(self.unscored),
            "left_out": dict(self.left_out),
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self.rows_per_second, 1),
        } | ({"segments": [run.as_json() for run in self.segments]} if self.segments else {})


@dataclass(frozen=True)
class StaleReport:
    """What became of the loans whose books had changed."""

    as_of: date | None
    n_marked: int
    n_failed: int
    runs: tuple[ScoringReport, ...]
    seconds: float

    def summary(self) -> str:
        if not self.n_marked:
            return "No loan's books have changed since it was scored."
        text = f"{self.n_marked:,} loans whose books changed: {self._scored:,} scored again"
        if self.n_failed:
            text += f", {self.n_failed:,} failed and stay marked"
        return f"{text} ({self.seconds:.1f} s)."

    def as_json(self) -> dict[str, Any]:
        last = self.runs[-1] if self.runs else None
        return {
            "run": last.run if last else None,
            "model": last.model if last else None,
            "engine": last.engine if last else None,
            "as_of": self.as_of,
            "n_scored": self._scored,
            "n_unscored": sum(run.n_unscored for run in self.runs),
            "n_failed": self.n_failed,
            "seconds": round(self.seconds, 3),
            "rows_per_second": round(self._scored / self.seconds, 1) if self.seconds else 0.0,
        }

    @property
    def _scored(self) -> int:
        return sum(run.n_scored for run in self.runs)
