"""Close business days: each step once a day, restartable where it failed, one close at a time."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from time import monotonic

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from borrowers.clock import get_business_date, knowing_days_as_they_ended
from borrowers.closing.errors import (
    BooksAreFrozen,
    CloseStopped,
    CloseUnderWay,
    DayNotBegun,
    SkipRefused,
    TooManyMissedDays,
)
from borrowers.closing.registry import Closing, NotNeeded, Progress, Step, registry, steps_in_order
from borrowers.closing.reports import ClosingReport, DayReport
from borrowers.errors import NoBusinessDate
from borrowers.models import BusinessDate, ClosingStep, DayClose
from creditpath.errors import DomainError
from creditpath.jobs.errors import JobStopped

LOCK = 0x434C4F53  # "CLOS"
MOST_DAYS_UNASKED = 31
MISSED_DAY = "nobody works with this day any more: it was closed together with a later one"
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Skip:
    """Steps that somebody chose to leave out, and why."""

    steps: Collection[str]
    reason: str
    by: str


def close_of_business(
    *,
    day: date | None = None,
    is_forced: bool = False,
    skip: Skip | None = None,
    progress: Progress = lambda done, total, message: None,
) -> ClosingReport:
    """Close every day after the business date up to a day (yesterday), in order, and return what was done.

    Begins with the day whose close was begun and not finished, at its first step that is not done. A missed day is closed on
    what was known at its end, as it would have been in time; only the last one on what is known now. Cost: each step's own,
    times days. Two at once: the second is refused. A step that fails ends the close there. Raises NoBusinessDate,
    BooksAreFrozen, DayNotBegun, TooManyMissedDays, SkipRefused, CloseUnderWay, CloseStopped.
    """
    began = monotonic()
    if skip is not None:
        _check_skip(skip)
    with only_close():
        days = _find_days(day, is_forced=is_forced)
        reports = [_close(each, is_last=each == days[-1], skip=skip, progress=progress) for each in days]
    return ClosingReport(business_date=get_business_date(), days=tuple(reports), seconds=monotonic() - began)


@contextmanager
def only_close() -> Iterator[None]:
    """Hold the lock of the close, which the database gives up when this session ends; raises CloseUnderWay."""
    with connection.cursor() as cursor:
        # The server notices in seconds that a killed close is gone, not only when its statement ends.
        cursor.execute("SET client_connection_check_interval = '2s'")
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            raise CloseUnderWay(_name_the_other())
    try:
        yield
    finally:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
        except DatabaseError:
            connection.close()  # a broken session keeps its locks until it ends


def _name_the_other() -> str:
    step = ClosingStep.objects.filter(state=ClosingStep.State.RUNNING).select_related("close").order_by("-id").first()
    if step is None or step.started_at is None:
        return "Another close of business has just begun: wait until it has ended."
    return (
        f"The close of {step.close.day} is under way at {step.name}, begun at "
        f"{timezone.localtime(step.started_at):%H:%M:%S}: wait until it has ended."
    )


def _check_skip(skip: Skip) -> None:
    if not skip.reason.strip():
        raise SkipRefused("Say why a step is skipped: --reason TEXT.", fields={"reason": "is required"})
    for name in skip.steps:
        if name not in registry:
            known = ", ".join(step.name for step in steps_in_order())
            raise SkipRefused(f"There is no step {name!r}; the steps are {known}.", fields={"skip": "is unknown"})
        if not registry[name].is_skippable:
            raise SkipRefused(f"{name} cannot be skipped: every later step rests on it.", fields={"skip": "is needed"})


def _find_days(day: date | None, *, is_forced: bool) -> list[date]:
    books = BusinessDate.objects.first()
    if books is None:
        raise NoBusinessDate()
    if books.is_frozen and not is_forced:
        raise BooksAreFrozen(
            f"These are the books of a demonstration and stay at {books.day}; --force closes one more day and freezes them there."
        )
    open_closes = DayClose.objects.filter(state__in=[DayClose.State.RUNNING, DayClose.State.FAILED])
    open_closes.filter(day__lt=books.day).update(state=DayClose.State.OVERTAKEN)
    first = books.day if open_closes.filter(day=books.day).exists() else books.day + DAY
    today = timezone.localdate()
    last = day or (first if books.is_frozen else today - DAY)
    if last > today and not books.is_frozen:
        raise DayNotBegun(f"{last} has not begun yet: it is {today}.")
    n_days = (last - first).days + 1
    if day is None and n_days > MOST_DAYS_UNASKED:
        raise TooManyMissedDays(
            f"The books stand at {books.day}, {n_days} days back: say with --date up to which day they are to be closed."
        )
    return [first + DAY * number for number in range(n_days)]


def _close(day: date, *, is_last: bool, skip: Skip | None, progress: Progress) -> DayReport:
    close, _ = DayClose.objects.get_or_create(
        day=day, defaults={"previous_day": day - DAY, "started_at": timezone.now(), "is_catch_up": not is_last}
    )
    close.state, close.finished_at, close.is_catch_up = DayClose.State.RUNNING, None, not is_last
    close.save()
    steps = steps_in_order()
    as_known: AbstractContextManager[None] = nullcontext() if is_last else knowing_days_as_they_ended()
    with as_known:
        for number, step in enumerate(steps):
            row, _ = ClosingStep.objects.get_or_create(
                close=close, name=step.name, defaults={"position": step.position}
            )
            if row.state in (ClosingStep.State.DONE, ClosingStep.State.SKIPPED):
                continue
            progress(number, len(steps), f"{day} {step.name}")
            if skip is not None and step.name in skip.steps:
                _skip(row, reason=skip.reason, by=skip.by)
            elif not is_last and not step.of_missed_days:
                _skip(row, reason=MISSED_DAY)
            else:
                _perform(step, row, close, _inside(progress, number, len(steps), f"{day} {step.name}"))
    close.state, close.finished_at = DayClose.State.DONE, timezone.now()
    close.save()
    return DayReport(close, tuple(close.steps.order_by("position")))


def _inside(progress: Progress, number: int, n_steps: int, name: str) -> Callable[[int, int, str], None]:
    """Return the progress of a step as a part of the whole close, in hundredths of a step."""

    def tell(done: int, total: int, message: str) -> None:
        share = 100 * done // total if total else 0
        progress(100 * number + share, 100 * n_steps, f"{name}: {message}")

    return tell


def _skip(row: ClosingStep, *, reason: str, by: str = "") -> None:
    row.state, row.finished_at = ClosingStep.State.SKIPPED, timezone.now()
    row.skip_reason, row.skipped_by, row.error = reason.strip()[:300], by, ""
    row.save()


def _perform(step: Step, row: ClosingStep, close: DayClose, progress: Progress) -> None:
    row.state, row.attempt = ClosingStep.State.RUNNING, row.attempt + 1
    row.started_at, row.finished_at, row.error = timezone.now(), None, ""
    row.save()
    try:
        with nullcontext() if step.commits_itself else transaction.atomic():
            row.figures = dict(step.perform(Closing(close.day, close.started_at, progress)))
            row.state, row.finished_at = ClosingStep.State.DONE, timezone.now()
            row.save()
    except NotNeeded as why:
        _skip(row, reason=str(why))
    except BaseException as error:
        _note_failure(row, close, error, at=timezone.now())
        if not isinstance(error, Exception) or isinstance(error, JobStopped):  # Ctrl-C, or the job is to end
            raise
        raise CloseStopped(
            f"The close of {close.day} stopped at {step.name}: {_in_a_line(error)} Start it again when that is mended, or "
            f"leave the step out with --skip {step.name} --reason TEXT."
        ) from error


def _note_failure(row: ClosingStep, close: DayClose, error: BaseException, *, at: datetime) -> None:
    """Keep what went wrong; where the database is away too, the row stays "under way" and the next close takes it up."""
    if not connection.is_usable():
        connection.close()
    with suppress(DatabaseError), transaction.atomic():
        ClosingStep.objects.filter(pk=row.pk).update(
            state=ClosingStep.State.FAILED, finished_at=at, error=_in_a_line(error)
        )
        DayClose.objects.filter(pk=close.pk).update(state=DayClose.State.FAILED, finished_at=at)


def _in_a_line(error: BaseException) -> str:
    if isinstance(error, DomainError):
        return error.detail
    text = " ".join(str(error).replace("\x00", "").split())
    return f"{type(error).__name__}: {text[:500]}." if text else f"{type(error).__name__}."
