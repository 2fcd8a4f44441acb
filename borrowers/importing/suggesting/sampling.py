"""The first rows of every table of a source: of each file, each sheet, each table of a database."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.files import KINDS, SourceFile
from borrowers.importing.mapping import Reading, Source
from borrowers.importing.reading import READERS
from borrowers.importing.tables import SQLITE_COMPUTED_COLUMNS, SQLITE_TABLES, refuse_bomb

SAMPLE_ROWS = 20_000
FILES_LIMIT = 200
WIDE = 400  # columns; beyond that a person maps by hand


@dataclass(frozen=True)
class Sample:
    """The head of one table: text cells, and how it was read."""

    file: SourceFile
    frame: pd.DataFrame
    is_whole: bool
    twice: tuple[str, ...] = ()
    sheet: str | None = None
    table: str | None = None
    encoding: str | None = None
    computed: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        part = self.sheet or self.table
        return f"{self.file.name} {part}" if part else self.file.name


@dataclass(frozen=True)
class Unread:
    """A file that could not be looked at, with the reason."""

    name: str
    reason: str


def take_samples(source: Path, *, rows: int = SAMPLE_ROWS) -> tuple[list[Sample], list[Unread]]:
    """Read the head of every table under a file or folder; files that cannot be read are told, not raised.

    Raises SourceUnreadable where there is nothing at all. Memory is that of one block per file, and of a whole workbook.
    """
    samples: list[Sample] = []
    unread: list[Unread] = []
    for file in list_files(source):
        try:
            samples += _samples_of(file, rows)
        except SourceUnreadable as error:
            unread.append(Unread(file.name, error.fields.get(file.name, error.detail)))
    if not samples and unread:
        raise SourceUnreadable(
            f"{unread[0].name}: {unread[0].reason}", fields={item.name: item.reason for item in unread}
        )
    return samples, unread


def list_files(source: Path) -> list[SourceFile]:
    """Return the files of a source that are of a readable kind; raises SourceUnreadable where there are none."""
    if not source.exists():
        raise SourceUnreadable(f"{source}: there is no such file or folder.")
    if source.is_file():
        file = SourceFile(source, source.name)
        if not file.kind:
            raise file.complain(f"is of no kind that can be read; the kinds are {', '.join(sorted(KINDS))}.")
        return [file]
    root = source.resolve()
    inside = [
        SourceFile(path, path.relative_to(source).as_posix())
        for path in sorted(source.rglob("*"))
        if path.is_file() and path.resolve().is_relative_to(root) and not path.name.startswith(".")
    ]
    files = [file for file in inside if file.kind][:FILES_LIMIT]
    if not files:
        raise SourceUnreadable(f"{source}: the folder has no file that can be read ({', '.join(sorted(KINDS))}).")
    return files


def plain_source(
    file: SourceFile, *, sheet: str | None = None, table: str | None = None, encoding: str | None = None
) -> Source:
    """Return what reads a file as it is, without any mapping."""
    return Source(
        name=file.name, files=file.name, reading=Reading(), tables={}, where={}, where_not={}, sheet=sheet, table=table,
        encoding=encoding,
    )  # fmt: skip


def parts_of(file: SourceFile) -> Iterator[tuple[str | None, str | None]]:
    """Yield (sheet, table) of each table in a file; raises SourceUnreadable."""
    if file.kind == "workbook":
        refuse_bomb(file)
        try:
            names = CalamineWorkbook.from_path(str(file.path)).sheet_names
        except (CalamineError, PasswordError, OSError, ValueError) as error:
            raise file.complain(f"cannot be read as a workbook ({error}); save it again as xlsx.") from error
        yield from ((name, None) for name in names)
    elif file.kind == "sqlite":
        yield from ((None, name) for name in list_tables(file))
    else:
        yield None, None


def list_tables(file: SourceFile) -> list[str]:
    """Return the tables of an sqlite file; raises SourceUnreadable."""
    names = _ask_sqlite(file, SQLITE_TABLES)
    if not names:
        raise file.complain("is a database without tables.")
    return names


def list_computed_columns(file: SourceFile, table: str | None) -> list[str]:
    """Return the columns of an sqlite table (the only one, for None) that are not read; raises SourceUnreadable."""
    return _ask_sqlite(file, SQLITE_COMPUTED_COLUMNS, table or list_tables(file)[0])


def _ask_sqlite(file: SourceFile, statement: str, *parameters: str) -> list[str]:
    try:
        with closing(sqlite3.connect(f"{file.path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return [row[0] for row in connection.execute(statement, parameters)]
    except sqlite3.Error as error:
        raise file.complain(f"is not a sound sqlite file ({error}).") from error


def _samples_of(file: SourceFile, rows: int) -> list[Sample]:
    parts = list(parts_of(file))
    found = []
    for sheet, table in parts:
        try:
            found.append(_sample(file, rows, sheet if len(parts) > 1 else None, table if len(parts) > 1 else None))
        except SourceUnreadable:
            if len(parts) == 1 or not sheet:  # an empty sheet beside a full one is no fault
                raise
    return found


def _sample(file: SourceFile, rows: int, sheet: str | None, table: str | None) -> Sample:
    """Read the head; text that is not UTF-8 is tried as cp1252, the most common other one."""
    try:
        return _head(file, rows, sheet, table, None)
    except SourceUnreadable as error:
        if file.kind != "text" or "UTF-8" not in error.detail:
            raise
        return _head(file, rows, sheet, table, "cp1252")


def _head(file: SourceFile, rows: int, sheet: str | None, table: str | None, encoding: str | None) -> Sample:
    frames: list[pd.DataFrame] = []
    n = 0
    is_whole = True
    for chunk in READERS[file.kind](file, plain_source(file, sheet=sheet, table=table, encoding=encoding), None):
        if n >= rows:
            is_whole = False
            break
        encoding = encoding or chunk.encoding
        frames.append(chunk.frame.head(rows - n))
        is_whole = len(chunk.frame) <= rows - n
        n += len(frames[-1])
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if len(frame.columns) > WIDE:
        raise file.complain(f"has {len(frame.columns):,} columns; more than {WIDE} are mapped by hand.")
    if not len(frame.columns):
        raise file.complain("has no rows below its header.")
    doubled = [name for name in frame.columns if _is_copy(str(name), frame)]
    twice = tuple(
        dict.fromkeys(original for name in doubled for original in (str(name).rpartition(" (")[0], str(name)))
    )
    computed = tuple(list_computed_columns(file, table)) if file.kind == "sqlite" else ()
    return Sample(file, frame, is_whole, twice, sheet, table, encoding, computed)


def _is_copy(name: str, frame: pd.DataFrame) -> bool:
    """Tell whether a column's name is one that the reader gave to a header that is there twice."""
    head, mark, number = name.rpartition(" (")
    return bool(mark) and number.endswith(")") and number[:-1].isdigit() and head in frame.columns
