"""What can be done in the background: jobs on request, sweeps every few seconds, schedules by the calendar."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

from croniter import croniter

MAX_ATTEMPTS = 5
GENERAL, TRAINING = QUEUES = ("general", "training")

Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class JobKind:
    """A function that the queue can run; its arguments and what it returns must be JSON."""

    name: str
    function: Callable[..., Any]
    max_attempts: int
    queue: str = GENERAL


@dataclass(frozen=True)
class Sweep:
    """A function that some worker runs again and again, never two at once."""

    name: str
    function: Callable[[], Any]
    every: timedelta


@dataclass(frozen=True)
class Schedule:
    """A job that the calendar asks for; cron in the lender's time zone."""

    name: str
    cron: str
    job: str
    arguments: dict[str, Any] = field(default_factory=dict)


job_kinds: dict[str, JobKind] = {}
sweeps: dict[str, Sweep] = {}
schedules: dict[str, Schedule] = {}


def job(name: str, *, max_attempts: int = MAX_ATTEMPTS, queue: str = GENERAL) -> Callable[[Function], Function]:
    """Declare a function as a job: it may run twice after a crash, so it says what it did under keys of its own.

    Workers of one queue never wait behind the jobs of another.
    """

    def register(function: Function) -> Function:
        _add(job_kinds, name, JobKind(name, function, max_attempts, queue), function)
        return function

    return register


def sweep(name: str, *, every: float) -> Callable[[Function], Function]:
    """Declare a function that a worker runs every so many seconds, or at once after `nudge(name)`."""

    def register(function: Function) -> Function:
        _add(sweeps, name, Sweep(name, function, timedelta(seconds=every)), function)
        return function

    return register


def schedule(name: str, *, cron: str, job: str, **arguments: Any) -> None:
    """Let the scheduler ask for a job by the calendar, such as `schedule("nightly", cron="0 2 * * *", job="close")`."""
    if not croniter.is_valid(cron):
        raise ValueError(f"{cron!r} is not a cron expression")
    _add(schedules, name, Schedule(name, cron, job, arguments))


def _add(registry: dict[str, Any], name: str, entry: Any, function: Any = None) -> None:
    known = registry.get(name)
    if known is not None and getattr(known, "function", None) is not function:
        raise ValueError(f"the name {name!r} is taken")
    registry[name] = entry
