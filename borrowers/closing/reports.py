"""What a close of business says it did."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from borrowers.models import ClosingStep, DayClose


@dataclass(frozen=True)
class DayReport:
    """One closed day with its steps."""

    close: DayClose
    steps: tuple[ClosingStep, ...]

    @property
    def lines(self) -> list[str]:
        lines = [f"{self.close.day} closed{' (caught up)' if self.close.is_catch_up else ''}:"]
        for step in self.steps:
            took = f"{step.seconds:.1f} s" if step.seconds is not None else ""
            again = f", at try {step.attempt}" if step.attempt > 1 else ""
            who = f" by {step.skipped_by}" if step.skipped_by else ""
            text = f"skipped{who}: {step.skip_reason}" if step.state == ClosingStep.State.SKIPPED else took + again
            lines.append(f"  {step.name:<24} {text}")
            lines += [f"    broken: {each['name']}: {each['detail']}" for each in step.figures.get("findings", ())]
        return lines

    def as_json(self) -> dict[str, Any]:
        return {
            "day": self.close.day,
            "is_catch_up": self.close.is_catch_up,
            "steps": [step.as_json() for step in self.steps],
        }


@dataclass(frozen=True)
class ClosingReport:
    """What close_of_business did; no days where all were closed already."""

    business_date: date
    days: tuple[DayReport, ...]
    seconds: float

    def summary(self) -> str:
        if not self.days:
            return f"Nothing to close: the books stand at {self.business_date}."
        lines = [line for day in self.days for line in day.lines]
        return "\n".join([*lines, f"The books stand at {self.business_date} ({self.seconds:.1f} s)."])

    def as_json(self) -> dict[str, Any]:
        return {
            "business_date": self.business_date,
            "days": [day.as_json() for day in self.days],
            "seconds": round(self.seconds, 3),
        }
