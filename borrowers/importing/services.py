"""The verb of importing."""

from collections.abc import Callable
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import Error as DatabaseError
from django.db import transaction
from django.utils import timezone

from borrowers.importing import staging
from borrowers.importing.checking import check_rows
from borrowers.importing.chunks import Fault
from borrowers.importing.errors import ImportRunning, NoSuchTeam, RowsRejected
from borrowers.importing.files import SourceFile, find_files, fingerprint
from borrowers.importing.mapping import Mapping, load_mapping
from borrowers.importing.publishing import Published, publish, refresh_statistics, try_lock, unlock
from borrowers.importing.reading import SourceReader
from borrowers.importing.rejects import check_writable, read_rejects, write_rejects
from borrowers.importing.rows import stage_chunk
from borrowers.models import BusinessDate, ImportRun
from creditpath.accounts.models import Team, User

FAULTS_SHOWN = 20
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    read: int
    rejected: int
    seconds: float
    tables: dict[str, dict[str, int]]
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    business_date: date | None = None
    dry_run: bool = False
    rejects: Path | None = None
    run_id: int | None = field(default=None, compare=False)

    @property
    def failed(self) -> bool:
        """A dry run fails where the import would."""
        return self.dry_run and self.rejected > 0 and self.rejects is None

    def summary(self) -> str:
        head = "Dry run, nothing was changed. " if self.dry_run else ""
        lines = [f"{head}Read {self.read:,} rows, rejected {self.rejected:,}, in {self.seconds:.1f} s."]
        for name, counts in self.tables.items():
            if any(counts.values()):
                told = ", ".join(f"{n:,} {word}" for word, n in counts.items())
                lines.append(f"  {name:<12} {told}")
        lines += self.notes
        lines += self.faults
        if self.rejects and self.rejected:
            lines.append(f"The rejected rows are in {self.rejects}.")
        if self.failed:
            lines.append(
                "The import would stop at these rows; correct them, or add --rejects F.csv to import the others."
            )
        elif not self.dry_run and self.business_date:
            lines.append("Next: refresh_delinquency.")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "rejected": self.rejected,
            "seconds": round(self.seconds, 3),
            "tables": self.tables,
        }


def import_portfolio(
    *,
    source: Path,
    mapping: Path,
    dry_run: bool = False,
    rejects: Path | None = None,
    started_by: User | None = None,
    team: str | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Bring a file or a folder into the books as the mapping says; the same file again changes nothing.

    Chunks are staged in durable tables, checked set-based, and published in one transaction: whatever happens, the books have all
    of it or nothing. Memory is that of one chunk; time is linear in the rows. With `rejects` the good rows are imported and
    the bad ones written there; without, one bad row stops the import. New borrowers go to `team`. One import at a time.
    Raises MappingInvalid, SourceUnreadable, RowsRejected, ImportRunning, NoSuchTeam.
    """
    started = monotonic()
    now = now or timezone.now()
    plan = load_mapping(Path(mapping))
    source = Path(source)
    found = find_files(source, plan)
    files = list(dict.fromkeys(file for group in found for file in group))
    if rejects is not None:
        check_writable(rejects, files)
    run_team = _get_team(team)
    with _one_at_a_time():
        run = ImportRun.objects.create(
            source_name=source.name[:300], source_sha256=fingerprint(files), mapping=plan.text, started_by=started_by
        )
        try:
            work = _Import(run, plan, source, found, now=now, progress=progress or _silent)
            return work.run_all(started=started, dry_run=dry_run, rejects=rejects, team=run_team)
        except BaseException as error:
            # The connection itself may be gone; then the next import clears up.
            with suppress(DatabaseError):
                _fail(run, f"{type(error).__name__}: {error}", keep=not dry_run)
            raise


class _Import:
    """One run from the files to the report."""

    def __init__(
        self,
        run: ImportRun,
        mapping: Mapping,
        source: Path,
        found: list[tuple[SourceFile, ...]],
        *,
        now: datetime,
        progress: Progress,
    ) -> None:
        self.run = run
        self.mapping = mapping
        self.now = now
        self.progress = progress
        numbers: dict[SourceFile, int] = {}
        for group in found:
            for file in group:
                numbers.setdefault(file, len(numbers))
        self.readers = [
            (SourceReader(item, source), [(numbers[file], file) for file in group])
            for item, group in zip(mapping.sources, found, strict=True)
        ]
        self.names = {number: file.name for file, number in numbers.items()}

    def run_all(self, *, started: float, dry_run: bool, rejects: Path | None, team: Team | None) -> ImportReport:
        staging.create(self.run.pk)
        n_read = self._stage()
        self.progress(0, 1, "checking")
        notes = check_rows(self.run.pk, self.mapping, {"limit": self._last_day(), "now": self.now})
        n_rejected, first = read_rejects(self.run.pk, limit=FAULTS_SHOWN)
        faults = tuple(self._tell(fault) for fault in first)
        if n_rejected and rejects is None and not dry_run:
            raise self._refusal(n_rejected, faults)
        written = write_rejects(rejects, self.run.pk, self.readers) if rejects is not None else None
        try:
            published = publish(
                run_id=self.run.pk,
                mapping=self.mapping,
                now=self.now,
                by=self.run.started_by,
                team=team,
                dry_run=dry_run,
                finish=lambda done: self._finish(done, n_read, n_rejected),
                progress=self.progress,
            )
            if written is not None and rejects is not None:
                written.replace(rejects)
        finally:
            if written is not None:
                written.unlink(missing_ok=True)
        run_id = self.run.pk
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
            notes=notes + published.notes,
            faults=faults if rejects is None else (),
            business_date=published.business_date,
            dry_run=dry_run,
            rejects=rejects,
            run_id=None if dry_run else run_id,
        )

    def _stage(self) -> int:
        """Copy every file into the staging tables, each chunk in a transaction of its own; return the rows read."""
        teams = frozenset(Team.objects.values_list("name", flat=True))
        sizes = {file: file.path.stat().st_size for _, files in self.readers for _, file in files}
        total = sum(sizes[file] for _, files in self.readers for _, file in files)
        before = n_read = 0
        for number, (reader, files) in enumerate(self.readers):
            for file_number, file in files:
                for chunk in reader.chunks(file):
                    made = stage_chunk(chunk, reader.source, teams=teams)
                    with staging.staged(self.run.pk) as cursor:
                        for kind, frame in made.tables.items():
                            if len(frame):
                                staging.add_rows(cursor, kind, frame, source=number, file=file_number)
                        if made.faults:
                            staging.add_faults(cursor, made.faults, source=number, file=file_number)
                    n_read += made.n_read
                    done = chunk.position if file.kind == "text" else 0
                    self.progress(before + min(done, sizes[file]), total, f"reading {file.name}")
                before += sizes[file]
        return n_read

    def _last_day(self) -> date:
        """Return the last day that an entry may count from: the mapping's, or today; never before the books' own."""
        books = BusinessDate.objects.first()
        day = self.mapping.business_date or timezone.localdate(self.now)
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
def _one_at_a_time() -> Any:
    """Hold the lock of imports; runs that still count as running have died, since nobody else holds it: clear them up."""
    if not try_lock():
        raise ImportRunning()
    try:
        for run in ImportRun.objects.filter(state=ImportRun.State.RUNNING):
            _fail(run, "The process ended before the import did. Nothing of it was published.")
        staging.drop_all()
        yield
    finally:
        with suppress(DatabaseError):
            unlock()


def _fail(run: ImportRun, error: str, *, keep: bool = True) -> None:
    """Drop what a run has staged and mark it failed, or forget it if it was only a dry run."""
    with transaction.atomic():
        staging.drop(run.pk)
        record = ImportRun.objects.filter(pk=run.pk, state=ImportRun.State.RUNNING)
        if keep:
            record.update(state=ImportRun.State.FAILED, finished_at=timezone.now(), error=error[:2000])
        else:
            record.delete()


def _get_team(name: str | None) -> Team | None:
    if name is None:
        return None
    team = Team.objects.filter(name=name).first()
    if team is None:
        known = ", ".join(Team.objects.order_by("name").values_list("name", flat=True)[:10]) or "none yet"
        raise NoSuchTeam(f"There is no team {name!r}; the teams are: {known}.")
    return team


def _silent(done: int, total: int, message: str) -> None:
    """Show nothing."""
