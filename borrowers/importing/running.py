"""One import from the files to the report, under the lock of imports."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from borrowers.importing import staging
from borrowers.importing.checking import check_rows
from borrowers.importing.chunks import Chunk, Fault
from borrowers.importing.cleaned import check_folder, cleaned_set
from borrowers.importing.errors import ImportCutOff, ImportRunning, RowsRejected
from borrowers.importing.files import SourceFile, fingerprint, match_files
from borrowers.importing.mapping import Mapping
from borrowers.importing.publishing import Published, publish, refresh_statistics, try_lock, unlock
from borrowers.importing.reading import SourceReader
from borrowers.importing.rejects import check_writable, read_rejects, write_rejects
from borrowers.importing.reports import ImportReport
from borrowers.importing.rows import stage_chunk
from borrowers.importing.values import Names
from borrowers.models import BusinessDate, ImportRun
from creditpath.accounts.models import Team, User

FAULTS_SHOWN = 20
# What ends an import without a fault of its files: the same command goes on behind the last staged chunk.
CUTTING_OFF = (OperationalError, InterfaceError, OSError, KeyboardInterrupt, SystemExit)


@dataclass(frozen=True)
class Order:
    """What is to be imported, and how."""

    mapping: Mapping
    source: Path
    found: list[tuple[SourceFile, ...]]
    dry_run: bool
    rejects: Path | None
    cleaned: Path | None
    started_by: User | None
    team: Team | None
    called: str
    now: datetime
    progress: Callable[[int, int, str], None]

    @property
    def files(self) -> list[SourceFile]:
        """Return each file once, in order; a file that two sources read is one."""
        return list(dict.fromkeys(file for group in self.found for file in group))

    @property
    def joined(self) -> list[SourceFile]:
        """Return the files that are only looked up in."""
        joins = [join.files for item in self.mapping.sources for join in item.joins]
        found = dict.fromkeys(file for pattern in joins for file in match_files(self.source, pattern))
        return [file for file in found if file not in self.files]


def run_import(order: Order) -> ImportReport:
    """Stage, check and publish; a fault of the files drops the staging, what cut the import off leaves it for the next run."""
    started = monotonic()
    if order.rejects is not None:
        check_writable(order.rejects, order.files)
    if order.cleaned is not None:
        check_folder(order.cleaned)
    sha256 = fingerprint([*order.files, *order.joined])
    with _one_at_a_time():
        run = None if order.dry_run else _find_cut_off(sha256, order)
        _clear_up(keep=run)
        run = _begin(run, sha256, order)
        try:
            return _Import(run, order).run_all(started=started)
        except BaseException as error:
            cut_off = not order.dry_run and isinstance(error, CUTTING_OFF)
            message = _explain(error) if cut_off and isinstance(error, DatabaseError) else None
            # The connection itself may be gone; then the next import clears up or goes on.
            with suppress(DatabaseError):
                if message and not connection.is_usable():
                    connection.close()
                _fail(run, message or f"{type(error).__name__}: {error}", keep=not order.dry_run, keep_staging=cut_off)
            if message:
                raise ImportCutOff(message) from error
            raise


def _find_cut_off(sha256: str, order: Order) -> ImportRun | None:
    """Return the last run of the same files and mapping if it was cut off and what it staged is still there."""
    run = ImportRun.objects.exclude(state=ImportRun.State.PUBLISHED).order_by("-id").first()
    if run is None or (run.source_sha256, run.mapping) != (sha256, order.mapping.text) or not staging.can_go_on(run.pk):
        return None
    return run


def _begin(run: ImportRun | None, sha256: str, order: Order) -> ImportRun:
    if run is not None:
        run.state, run.finished_at, run.error, run.started_by = ImportRun.State.RUNNING, None, "", order.started_by
        run.save()
        return run
    run = ImportRun.objects.create(
        source_name=order.called[:300],
        source_sha256=sha256,
        mapping=order.mapping.text,
        started_by=order.started_by,
    )
    staging.create(run.pk)
    return run


def _explain(error: DatabaseError) -> str:
    state = getattr(error.__cause__, "pgcode", None) or ""
    what = "The disk of the database is full" if state == "53100" else "The database could not be reached any more"
    first = " ".join(str(error).split())[:200]
    return (
        f"{what} ({first}). Nothing was published; what is read so far is kept. "
        f"{'Make room' if state == '53100' else 'When it is back'}, run the same command again: the import goes on from there."
    )


class _Import:
    """One run from the files to the report."""

    def __init__(self, run: ImportRun, order: Order) -> None:
        self.run = run
        self.order = order
        numbers = {file: number for number, file in enumerate(order.files)}
        self.readers = [
            (SourceReader(item, order.source), [(numbers[file], file) for file in group])
            for item, group in zip(order.mapping.sources, order.found, strict=True)
        ]
        self.told: dict[str, None] = {}
        self.names = {number: file.name for file, number in numbers.items()}

    def run_all(self, *, started: float) -> ImportReport:
        dry_run, rejects, run_id = self.order.dry_run, self.order.rejects, self.run.pk
        n_read = self._stage()
        self.order.progress(0, 1, "checking")
        notes = check_rows(self.run.pk, self.order.mapping, {"limit": self._last_day(), "now": self.order.now})
        n_rejected, first = read_rejects(self.run.pk, limit=FAULTS_SHOWN)
        faults = tuple(self._tell(fault) for fault in first)
        if n_rejected and rejects is None and not dry_run:
            raise self._refusal(n_rejected, faults)
        written = write_rejects(rejects, self.run.pk, self.readers) if rejects is not None else None
        try:
            with self._cleaned() as put_in_place:
                published = publish(
                    run_id=self.run.pk,
                    mapping=self.order.mapping,
                    now=self.order.now,
                    by=self.order.started_by,
                    team=self.order.team,
                    dry_run=dry_run,
                    finish=lambda done: self._finish(done, n_read, n_rejected),
                    progress=self.order.progress,
                )
                put_in_place()
            if written is not None and rejects is not None:
                written.replace(rejects)
        finally:
            if written is not None:
                written.unlink(missing_ok=True)
        staging.drop(run_id)
        if dry_run:
            self.run.delete()
        else:
            refresh_statistics(published.tables)
        return ImportReport(
            read=n_read,
            rejected=n_rejected,
            seconds=monotonic() - started,
            tables=published.tables,
            notes=(*self.told, *notes, *published.notes),
            faults=faults if rejects is None else (),
            business_date=published.business_date,
            changes=published.changes,
            dry_run=dry_run,
            rejects=rejects,
            run_id=None if dry_run else run_id,
        )

    def _stage(self) -> int:
        """Copy every file into the staging tables, each chunk in a transaction of its own; return the rows read."""
        names = Names(
            teams=frozenset(Team.objects.values_list("name", flat=True)),
            users=frozenset(User.objects.values_list("username", flat=True)),
        )
        sizes = {file: file.path.stat().st_size for _, files in self.readers for _, file in files}
        total = sum(sizes[file] for _, files in self.readers for _, file in files)
        staged_before = staging.find_done(self.run.pk)
        before = 0
        n_read = sum(done.n_read for done in staged_before.values())
        for number, (reader, files) in enumerate(self.readers):
            for file_number, file in files:
                done = staged_before.get((number, file_number), staging.Done())
                for chunk in () if done.is_whole else reader.chunks(file):
                    self.told |= dict.fromkeys(chunk.told)
                    rest = chunk.after(row=done.until_row, fault=done.until_fault)
                    if rest is not None:
                        n_read += self._stage_chunk(rest, number, file_number, names)
                    position = chunk.position if file.kind == "text" else 0
                    self.order.progress(before + min(position, sizes[file]), total, f"reading {file.name}")
                if not done.is_whole:
                    with staging.staged(self.run.pk) as cursor:
                        staging.note_chunk(cursor, None, source=number, file=file_number)
                before += sizes[file]
        return n_read

    def _stage_chunk(self, chunk: Chunk, source: int, file: int, names: Names) -> int:
        made = stage_chunk(chunk, self.order.mapping.sources[source], names=names)
        with staging.staged(self.run.pk) as cursor:
            for kind, frame in made.tables.items():
                if len(frame):
                    staging.add_rows(cursor, kind, frame, source=source, file=file)
            if made.faults:
                staging.add_faults(cursor, made.faults, source=source, file=file)
            staging.note_chunk(cursor, chunk, source=source, file=file, n_read=made.n_read)
        return made.n_read

    def _cleaned(self) -> AbstractContextManager[Callable[[], None]]:
        if self.order.cleaned is None:
            return nullcontext(lambda: None)
        self.order.progress(0, 1, "writing the cleaned set")
        return cleaned_set(self.order.cleaned, self.run.pk, self.order.mapping)

    def _last_day(self) -> date:
        """Return the last day that an entry may count from: the mapping's, or today; never before the books' own."""
        books = BusinessDate.objects.first()
        day = self.order.mapping.business_date or timezone.localdate(self.order.now)
        return max(day, books.day) if books else day

    def _tell(self, reject: tuple[Any, ...]) -> str:
        _, file, row, column, value, reason = reject
        fault = str(Fault(row, column, value, reason))
        return f"{self.names[file]} row {row}{', ' if column else ': '}{fault}"

    def _refusal(self, n_rejected: int, faults: tuple[str, ...]) -> RowsRejected:
        more = f" And {n_rejected - 1:,} more bad rows." if n_rejected > 1 else ""
        return RowsRejected(
            f"{faults[0]}.{more} Nothing was imported; correct the file, or add --rejects F.csv to import the other rows.",
            fields={fault.split(":")[0]: fault for fault in faults},
        )

    def _finish(self, published: Published, n_read: int, n_rejected: int) -> None:
        """Record the outcome in the publishing transaction, so that the record is true."""
        self.run.state = ImportRun.State.PUBLISHED
        self.run.finished_at = timezone.now()
        self.run.n_read, self.run.n_rejected, self.run.tables = n_read, n_rejected, published.tables
        self.run.save()


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Hold the lock of imports; a process that dies gives it back by itself."""
    if not try_lock():
        raise ImportRunning()
    try:
        yield
    finally:
        with suppress(DatabaseError):
            unlock()


def _clear_up(*, keep: ImportRun | None) -> None:
    """Clear up after runs that still count as running: they have died, since nobody else holds the lock."""
    for run in ImportRun.objects.filter(state=ImportRun.State.RUNNING):
        if run != keep:
            _fail(run, "The process ended before the import did. Nothing of it was published.")
    staging.drop_others(keep.pk if keep else None)


def _fail(run: ImportRun, error: str, *, keep: bool = True, keep_staging: bool = False) -> None:
    """Mark a run failed, or forget it if it was only a dry run; drop what it has staged unless it can be gone on with."""
    with transaction.atomic():
        if not keep_staging:
            staging.drop(run.pk)
        record = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.RUNNING)
        if keep:
            record.update(state=ImportRun.State.FAILED, finished_at=timezone.now(), error=error[:2000])
        else:
            record.delete()
