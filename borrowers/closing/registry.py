"""What closing a day consists of; each app declares its own steps in <app>/closing.py, the books in closing/steps.py."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Closing:
    """The day that is being closed, as a step sees it."""

    day: date
    began_at: datetime  # when its closing was first tried: what was done since then need not be done again
    progress: Progress


class NotNeeded(Exception):
    """Raised by a step that has nothing to do on this day; its text is kept as the reason."""


Perform = Callable[[Closing], Mapping[str, Any]]


@dataclass(frozen=True)
class Step:
    """One thing that is done at the close of a day and returns its figures."""

    name: str
    position: int
    perform: Perform
    of_missed_days: bool
    commits_itself: bool
    is_skippable: bool


registry: dict[str, Step] = {}


def closing_step(
    name: str,
    *,
    position: int,
    of_missed_days: bool = True,
    commits_itself: bool = False,
    is_skippable: bool = True,
) -> Callable[[Perform], Perform]:
    """Declare a step of the close; steps run by position, lowest first.

    A step runs in one transaction together with the note that it is done, so that it counts once however often the close is
    killed. One that commits itself is called again if that note is missing, and looks at what it did since closing.began_at.
    of_missed_days=False leaves out days that are caught up with, where only the last one is worked with.
    """

    def register(perform: Perform) -> Perform:
        step = Step(name, position, perform, of_missed_days, commits_itself, is_skippable)
        for known in registry.values():
            if (known.name == name or known.position == position) and known.perform is not perform:
                raise ValueError(f"the closing steps {known.name!r} and {name!r} have the same name or position")
        registry[name] = step
        return perform

    return register


def steps_in_order() -> tuple[Step, ...]:
    """Return all steps, the first one first."""
    return tuple(sorted(registry.values(), key=lambda step: step.position))
