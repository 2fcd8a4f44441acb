"""The run's own schema: durable tables that chunks are copied into, dropped when the run has ended.

One schema per run, import_<id>, holds ordinary logged tables: what a chunk brought survives a crash of client and server, and
dropping it costs nothing, however large it is. SQL files find them by search_path, so they are plain SQL. What is staged and done
is noted in the same transactions, so that a run that was cut off can be gone on with.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
from django.db import connection, transaction

from borrowers.importing.chunks import Chunk, Fault
from borrowers.importing.money import to_decimals
from borrowers.importing.rows import MONEY_COLUMNS, STAGED_COLUMNS
from creditpath.sql import copy_rows, load, load_statements

WORK_MEMORY = "64MB"  # for the joins over all staged rows; the server multiplies it, so it stays modest


def schema_of(run_id: int) -> str:
    return f"import_{int(run_id)}"


@contextmanager
def staged(run_id: int) -> Iterator[Any]:
    """Open a transaction that sees the run's tables first and the books after; gives the cursor."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('search_path')")
        (path,) = cursor.fetchone()
        # set_config, not SET LOCAL: a name that comes as a value cannot be read as anything else
        cursor.execute("SELECT set_config('search_path', %s || ', ' || %s, true)", [schema_of(run_id), path])
        cursor.execute("SELECT set_config('work_mem', %s, true)", [WORK_MEMORY])
        yield cursor
        if not connection.needs_rollback:  # inside an outer transaction the path would outlive this block
            cursor.execute("SELECT set_config('search_path', %s, true)", [path])


def create(run_id: int) -> None:
    """Create the run's schema and its tables."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {schema_of(run_id)}")
    with staged(run_id) as cursor:
        cursor.execute(load("borrowers", "importing/tables.sql"))
        note_step(cursor, "layout", _layout())


def can_go_on(run_id: int) -> bool:
    """Tell whether the run's staging is there and laid out as this version of the product does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [f"{schema_of(run_id)}.step"])
        if not cursor.fetchone()[0]:
            return False
    with staged(run_id) as cursor:
        return find_step(cursor, "layout") == _layout()


def _layout() -> str:
    return hashlib.sha256(load("borrowers", "importing/tables.sql").encode()).hexdigest()


def drop(run_id: int) -> None:
    """Drop the run's schema with all that is in it; nothing happens if it is gone already."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {schema_of(run_id)} CASCADE")


def drop_others(run_id: int | None) -> None:
    """Drop what other runs that died have left; only who holds the lock of imports may."""
    kept = schema_of(run_id) if run_id is not None else ""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname ~ '^import_[0-9]+$' AND nspname <> %s", [kept])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP SCHEMA {connection.ops.quote_name(name)} CASCADE")


def note_step(cursor: Any, name: str, told: Any) -> None:
    """Note that something was done, in the transaction that did it."""
    cursor.execute("INSERT INTO step (name, told) VALUES (%s, %s)", [name, json.dumps(told)])


def find_step(cursor: Any, name: str) -> Any:
    """Return what was told of a step, None if it was not done."""
    cursor.execute("SELECT told FROM step WHERE name = %s", [name])
    row = cursor.fetchone()
    return json.loads(row[0]) if row and isinstance(row[0], str) else row and row[0]


@dataclass(frozen=True)
class Done:
    """What of one file is staged already."""

    until_row: int = 0
    until_fault: int = 0
    n_read: int = 0
    is_whole: bool = False


def find_done(run_id: int) -> dict[tuple[int, int], Done]:
    """Return by source and file what is staged."""
    with staged(run_id) as cursor:
        cursor.execute(
            "SELECT source, file, max(until_row), max(until_fault), sum(n_read), bool_or(is_last) "
            "FROM staged_chunk GROUP BY source, file"
        )
        return {
            (source, file): Done(until_row, until_fault, int(n_read), is_whole)
            for source, file, until_row, until_fault, n_read, is_whole in cursor.fetchall()
        }


def note_chunk(cursor: Any, chunk: Chunk | None, *, source: int, file: int, n_read: int = 0) -> None:
    """Note a chunk as staged, in the transaction that staged it; None says that the file is at its end."""
    until_row = int(chunk.rows[-1]) if chunk is not None and len(chunk.rows) else 0
    until_fault = max((fault.row for fault in chunk.faults), default=0) if chunk is not None else 0
    cursor.execute(
        "INSERT INTO staged_chunk (source, file, until_row, until_fault, n_read, is_last) VALUES (%s, %s, %s, %s, %s, %s)",
        [source, file, until_row, until_fault, n_read, chunk is None],
    )


def add_rows(cursor: Any, kind: str, frame: pd.DataFrame, *, source: int, file: int) -> None:
    """Copy a frame into the staging table of its kind."""
    columns = [column for column in STAGED_COLUMNS[kind] if column in frame]
    arrays = [
        to_decimals(frame[column]) if column in MONEY_COLUMNS else _array(frame[column]) for column in (*columns, "row")
    ]
    arrays += [pa.repeat(source, len(frame)), pa.repeat(file, len(frame))]
    names = [*columns, "row", "source", "file"]
    buffer = io.BytesIO()
    pa_csv.write_csv(pa.table(arrays, names=names), buffer, pa_csv.WriteOptions(include_header=False))
    buffer.seek(0)
    with connection.wrap_database_errors:
        cursor.copy_expert(f"COPY staged_{kind} ({', '.join(names)}) FROM STDIN (FORMAT csv)", buffer)


def _array(column: pd.Series) -> pa.Array:
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        instants = pa.array(column.dt.tz_convert(None).to_numpy(), type=pa.timestamp("us"), from_pandas=True)
        return instants.cast(pa.timestamp("us", "UTC"))
    array = pa.array(column, from_pandas=True)
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("s")).cast(pa.date32())
    return array.cast(pa.string()) if pa.types.is_large_string(array.type) or pa.types.is_null(array.type) else array


def add_faults(cursor: Any, faults: Iterable[Fault], *, source: int, file: int) -> None:
    """Copy faults into the table of rejects."""
    rows = (
        (source, file, fault.row, fault.column, _storable(fault.value)[:200], fault.reason, fault.loan)
        for fault in faults
    )
    copy_rows(cursor, "reject", ("source", "file", "row", "column_name", "value", "reason", "loan"), rows)


def _storable(value: str) -> str:
    return value.replace("\0", "␀").encode("utf-8", "replace").decode()


def statements(name: str) -> dict[str, str]:
    """Return the named statements of an SQL file in order; each begins with a line `-- name: …`."""
    return load_statements("borrowers", f"importing/{name}")
