"""The rejects file: every bad row with its reason and its cells, so that it can be corrected and imported again."""

import csv
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.files import SourceFile
from borrowers.importing.neutral import REJECTS_HEAD, neutralise
from borrowers.importing.reading import SourceReader
from borrowers.importing.staging import staged, statements


@dataclass(frozen=True)
class _Place:
    """A file with rejects, as one source of the mapping reads it."""

    source: int
    number: int
    reader: SourceReader
    file: SourceFile


def check_writable(path: Path, files: Sequence[SourceFile]) -> None:
    """Raise SourceUnreadable early if the rejects cannot be written there, or if that would overwrite the source."""
    if any(path.resolve() == file.path.resolve() for file in files):
        raise SourceUnreadable(f"{path}: is a file of the source; write the rejects to another one.")
    if path.is_dir() or not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
        raise SourceUnreadable(
            f"{path}: rejects cannot be written there; name a file in a folder that can be written to."
        )


def read_rejects(run_id: int, *, limit: int) -> tuple[int, list[tuple[Any, ...]]]:
    """Return how many rows are rejected, and the first of them: source, file, row, column, value, reason."""
    with staged(run_id) as cursor:
        sql = statements("rejects.sql")
        cursor.execute(sql["count"])
        (n,) = cursor.fetchone()
        cursor.execute(sql["first"], {"limit": limit})
        return n, cursor.fetchall()


def write_rejects(
    path: Path, run_id: int, readers: Sequence[tuple[SourceReader, Sequence[tuple[int, SourceFile]]]]
) -> Path:
    """Write the rejects beside their final place and return where; reads the files with rejects once more.

    Memory of one chunk. The caller renames the file when the import is published, so that a file of that name is whole.
    """
    temporary = path.with_name(f".{path.name}.{run_id}.part")
    with staged(run_id) as cursor:
        sql = statements("rejects.sql")
        cursor.execute(sql["index"])
        cursor.execute(sql["files"])
        affected = set(cursor.fetchall())
        wanted = [
            _Place(number, file_number, reader, file)
            for number, (reader, files) in enumerate(readers)
            for file_number, file in files
            if (number, file_number) in affected
        ]
        columns: dict[str, None] = {}
        for place in wanted:
            first = next(place.reader.chunks(place.file, whole=True), None)
            columns |= dict.fromkeys(first.frame.columns if first is not None else ())
        try:
            with temporary.open("w", encoding="utf-8-sig", newline="") as stream:
                writer = csv.writer(stream)
                writer.writerow([*REJECTS_HEAD, *map(neutralise, columns)])
                for place in wanted:
                    writer.writerows(_records(cursor, sql["between"], place, tuple(columns)))
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SourceUnreadable(f"{path}: rejects cannot be written ({error.strerror}).") from error
    return temporary


def _records(cursor: Any, sql: str, place: _Place, columns: tuple[str, ...]) -> Iterator[list[str]]:
    """Walk through one file and its rejects side by side."""
    done = 0
    key = {"source": place.source, "file": place.number}
    for chunk in place.reader.chunks(place.file, whole=True):
        if not len(chunk.rows):
            continue
        last = int(chunk.rows[-1])
        cursor.execute(sql, {**key, "after": done, "until": last})
        positions = dict(zip(chunk.rows.tolist(), range(len(chunk.rows)), strict=True))
        for row, column, value, reason in cursor.fetchall():
            cells = chunk.frame.iloc[[positions[row]]].to_dict("records")[0] if row in positions else {}
            cells_in_order = ("" if pd.isna(cells.get(name)) else str(cells[name]) for name in columns)
            yield [place.file.name, str(row), *map(neutralise, (column, value, reason, *cells_in_order))]
        done = last
    cursor.execute(sql, {**key, "after": done, "until": 2**62})
    for row, column, value, reason in cursor.fetchall():
        yield [place.file.name, str(row), *map(neutralise, (column, value, reason)), *[""] * len(columns)]
