"""Back up all of a database into one file, and restore it into an empty one.

The file is a tar of two members: manifest.json, and database.dump in pg_dump's own format, so that it can be restored without
this product too: tar xf FILE, pg_restore database.dump.
"""

import fcntl
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from creditpath import __version__
from creditpath.backups.clients import client_environment, find_client, server_version
from creditpath.backups.errors import BackupFailed, NotABackup, RestoreFailed, TargetNotEmpty
from creditpath.backups.manifest import Manifest, Progress, build_manifest, differences, find_tables
from creditpath.backups.reports import BackupReport, RestoreReport
from creditpath.invariants import verify

FORMAT = 1
MANIFEST, DUMP = "manifest.json", "database.dump"
LARGEST_MANIFEST = 10_000_000
# Written by clients from 17 on, unknown to servers before that.
UNKNOWN_TO_OLDER_SERVERS = b"SET transaction_timeout = 0;\n"


def silent(done: int, total: int, message: str) -> None:
    """Tell nobody how far it is."""


def back_up(*, path: Path, progress: Progress = silent) -> BackupReport:
    """Write the whole database, as it is at one instant, into a new file that only its owner may read.

    Cost: one pass over all data for the checksums and one for the dump; writers go on meanwhile. Under its own name the file is
    there whole or not at all; what a killed backup leaves ends in .partial and is overwritten by the next. Raises
    BackupFailed, ClientMissing.
    """
    began = time.monotonic()
    program = find_client("pg_dump")
    with _new_file(path) as stream, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        manifest = build_manifest(progress)
        told = json.dumps(
            {
                "format": FORMAT,
                "product": __version__,
                "made_at": timezone.now().isoformat(timespec="seconds"),
                "server_version": server_version(),
                **manifest.as_json(),
            }
        ).encode()
        with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
            member = tarfile.TarInfo(MANIFEST)
            member.size, member.mode, member.mtime = len(told), 0o600, time.time()
            tar.addfile(member, io.BytesIO(told))
            progress(1, 1, "writing the dump")
            with _dumped(program, snapshot) as dump:
                _add_stream(tar, stream, DUMP, dump)
        n_bytes = stream.tell()
    return BackupReport(
        path=path,
        n_bytes=n_bytes,
        n_tables=len(manifest.tables),
        n_rows=manifest.n_rows,
        seconds=time.monotonic() - began,
    )


def restore(*, path: Path, progress: Progress = silent) -> RestoreReport:
    """Bring a backup into the database of the settings, which must be empty, and compare it with what the backup says.

    One transaction: an error leaves the database empty. Then rows, checksums and sequences are compared and, where the code is
    of the same release, every invariant is checked. Cost: index builds, and one pass over all data. Raises NotABackup,
    TargetNotEmpty, RestoreFailed, ClientMissing.
    """
    return _restore(path, progress, is_check=False)


def check_backup(*, path: Path, progress: Progress = silent) -> RestoreReport:
    """Restore a backup into a database made for it on the same server, compare, and drop it again.

    Costs the disk space of the whole database for a while. Raises what restore raises, and RestoreFailed where the role may not
    create databases.
    """
    with _scratch_database():
        return _restore(path, progress, is_check=True)


def _restore(path: Path, progress: Progress, *, is_check: bool) -> RestoreReport:
    began = time.monotonic()
    with _opened(path) as (told, dump):
        if tables := find_tables():
            raise TargetNotEmpty(
                f"The database {connection.settings_dict['NAME']} has {len(tables)} tables: a backup is restored into an empty "
                "one. Name another with DATABASE_URL, or for an embedded server of its own with CREDITPATH_VAR."
            )
        progress(0, 1, "restoring")
        _pour(dump)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")  # a dump has no statistics: without them every plan is a guess
    kept = Manifest.from_json(told)
    with transaction.atomic():
        found = build_manifest(progress)
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    verified = None if missing else verify(full=True, progress=progress)
    return RestoreReport(
        made_at=str(told["made_at"]),
        n_tables=len(found.tables),
        n_rows=found.n_rows,
        differences=tuple(differences(kept, found)),
        broken=tuple(f"{each.name}: {each.detail}" for each in verified.broken) if verified else (),
        n_checked=verified.checked if verified else 0,
        n_migrations_missing=missing,
        is_check=is_check,
        seconds=time.monotonic() - began,
    )


# --- writing --------------------------------------------------------------------------------------------------------------
@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Give a file to write that takes its name when everything is on the disk; raises BackupFailed."""
    if path.exists():
        raise BackupFailed(f"{path} is there already: a backup is never overwritten.")
    partial = path.with_name(f"{path.name}.partial")
    try:
        with open(partial, "ab", opener=lambda name, flags: os.open(name, flags | os.O_NOFOLLOW, 0o600)) as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BackupFailed(f"Another backup is being written to {path}.") from None
            os.fchmod(lock.fileno(), 0o600)
            try:
                with partial.open("r+b") as stream:
                    stream.truncate()
                    yield stream
                    stream.flush()
                    os.fsync(stream.fileno())
                os.link(partial, path)  # unlike a rename it never takes the place of another file
            finally:
                partial.unlink(missing_ok=True)
    except FileExistsError:
        raise BackupFailed(f"{path} is there already: a backup is never overwritten.") from None
    except OSError as error:
        raise BackupFailed(f"{path} cannot be written: {error.strerror or error}.") from error


@contextmanager
def _dumped(program: str, snapshot: str) -> Iterator[IO[bytes]]:
    """Give the dump of a snapshot as it is written; raises BackupFailed with what pg_dump said."""
    command = [
        program,
        "--format=custom",
        "--compress=gzip:1",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
    ]
    with subprocess.Popen(
        command, env=client_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        complaints = _Collected(process.stderr)
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
        if process.wait():
            raise BackupFailed(f"pg_dump: {complaints.first_line()}")


def _add_stream(tar: tarfile.TarFile, stream: IO[bytes], name: str, source: IO[bytes]) -> None:
    """Append a member whose size is known only when it has been written: its header is written again then."""
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = 0o600, time.time()
    member.size = 1 << 40  # as many bytes in the header as any size will need
    header_at = stream.tell()
    header_length = stream.write(member.tobuf(tarfile.GNU_FORMAT))
    shutil.copyfileobj(source, stream, 1 << 20)
    end = stream.tell()
    member.size = end - header_at - header_length
    stream.write(b"\0" * (-member.size % tarfile.BLOCKSIZE))
    tar.offset = stream.tell()
    stream.seek(header_at)
    stream.write(member.tobuf(tarfile.GNU_FORMAT))
    stream.seek(tar.offset)


# --- reading --------------------------------------------------------------------------------------------------------------
@contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
    """Give the manifest and the dump of a file; raises NotABackup."""
    try:
        with tarfile.open(path, mode="r:") as tar:
            first = tar.next()
            if first is None or first.name != MANIFEST or first.size > LARGEST_MANIFEST:
                raise NotABackup(f"{path} is no backup of this product.")
            entry = tar.extractfile(first)
            told = json.load(entry) if entry else {}
            if told.get("format") != FORMAT:
                raise NotABackup(
                    f"{path} is a backup of another form ({told.get('format')}): restore it with its own release."
                )
            Manifest.from_json(told)
            second = tar.next()
            dump = tar.extractfile(second) if second is not None and second.name == DUMP else None
            if second is None or dump is None or path.stat().st_size < second.offset_data + second.size:
                raise NotABackup(f"{path} is not whole: its end is missing.")
            yield told, dump
    except (tarfile.TarError, KeyError, TypeError, ValueError) as error:
        raise NotABackup(f"{path} is no backup of this product, or it is damaged.") from error
    except OSError as error:
        raise NotABackup(f"{path} cannot be read: {error.strerror or error}.") from error


def _pour(dump: IO[bytes]) -> None:
    """Run a dump in one transaction: pg_restore makes SQL of it, psql runs it; raises RestoreFailed with the first error."""
    environment = client_environment()
    reading = [find_client("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
    running = [
        find_client("psql"),
        "--no-psqlrc",
        "--quiet",
        "--single-transaction",
        "--set=ON_ERROR_STOP=1",
        "--output=/dev/null",
    ]
    pipe: dict[str, Any] = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
    with (
        subprocess.Popen(reading, stdout=subprocess.PIPE, **pipe) as restoring,
        subprocess.Popen(running, stdout=subprocess.DEVNULL, **pipe) as psql,
    ):
        assert restoring.stdin and restoring.stdout and psql.stdin
        told = [_Collected(restoring.stderr), _Collected(psql.stderr)]
        feeding = threading.Thread(target=_feed, args=(dump, restoring.stdin))
        feeding.start()
        try:
            _copy_sql(restoring.stdout, psql.stdin, ends_well=lambda: restoring.wait() == 0)
        except BrokenPipeError:  # psql has said why
            restoring.kill()
        finally:
            with suppress(BrokenPipeError):
                psql.stdin.close()
            restoring.stdout.close()
            feeding.join()
        if restoring.wait() | psql.wait():
            line = next((line for each in reversed(told) if (line := each.first_line())), "it ended without a word")
            raise RestoreFailed(f"Nothing was restored: {line}")


def _feed(source: IO[bytes], sink: IO[bytes]) -> None:
    with suppress(BrokenPipeError, ValueError):
        shutil.copyfileobj(source, sink, 1 << 20)
    with suppress(BrokenPipeError):
        sink.close()


def _copy_sql(source: IO[bytes], sink: IO[bytes], *, ends_well: Any) -> None:
    """Copy SQL without the one setting that older servers refuse, and spoil it at the end if it is not whole."""
    for line in source:
        if line == UNKNOWN_TO_OLDER_SERVERS:
            break
        sink.write(line)
        if line.startswith(b"CREATE "):
            break
    shutil.copyfileobj(source, sink, 1 << 20)
    if not ends_well():
        sink.write(b"\n\\.\nSELECT 'the backup ends too early'::integer;\n")


class _Collected:
    """What a program says on standard error, read all the time so that it never waits."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        assert stream is not None
        self.stream = stream
        self.text = b""
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        self.text = self.stream.read()

    def first_line(self) -> str:
        """Return the first complaint, without the program's name."""
        self.thread.join()
        lines = [line for line in self.text.decode(errors="replace").splitlines() if line.strip()]
        chosen = next((line for line in lines if "ERROR" in line or "error" in line or "FATAL" in line), None)
        return (chosen or (lines[0] if lines else "")).strip()[:500]


@contextmanager
def _scratch_database() -> Iterator[None]:
    """Let Django work in a new database beside its own for a while."""
    own, name = connection.settings_dict["NAME"], f"creditpath_restore_{os.getpid()}"
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    except Exception as error:
        raise RestoreFailed(f"No database can be made to try the backup in: {' '.join(str(error).split())}") from error
    try:
        connection.close()
        connection.settings_dict["NAME"] = name
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
