"""One pass over every row of every table, in bounded memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.files import SourceFile, find_files
from borrowers.importing.mapping import Mapping, Source
from borrowers.importing.reading import READERS
from borrowers.importing.suggesting.looking import look_at
from borrowers.importing.suggesting.looks import Look
from borrowers.importing.suggesting.sampling import list_files, parts_of, plain_source
from borrowers.profiling.sketches import KeySample, RowSample, hash_cells, hash_rows

SAMPLE_ROWS = 20_000
SAMPLE_CELLS = 2_000_000
CHECKED_ROWS = (
    1_000_000  # of which every cell is looked at; of the rows beyond, what is counted, sampled, and their keys
)
CELL = 200  # characters of a cell that are kept
COLUMNS_LIMIT = 300
Progress = Callable[[int, int, str], None]


@dataclass
class ColumnFacts:
    """What was counted of one column over all rows."""

    name: str
    n_missing: int = 0
    n_padded: int = 0
    n_unprintable: int = 0
    n_formulas: int = 0
    keys: KeySample = field(default_factory=KeySample)
    field_of_ours: str = ""
    look: Look | None = None

    @property
    def is_key(self) -> bool:
        """Say whether its values may be those that link tables."""
        return self.look is not None and self.look.kind in ("code", "text", "number")


@dataclass
class TableFacts:
    """What was counted of one table: a file, a sheet, a table of a database."""

    name: str
    n_rows: int = 0
    n_ragged: int = 0
    columns: dict[str, ColumnFacts] = field(default_factory=dict)
    sample: pd.DataFrame = field(default_factory=pd.DataFrame)
    rows: KeySample = field(default_factory=KeySample)
    n_checked: int = 0
    trouble: str = ""
    encoding: str = ""
    n_columns_left_out: int = 0

    @property
    def n_repeated_rows(self) -> int:
        return self.rows.n_repeats


def gather(source: Path, mapping: Mapping | None, progress: Progress) -> list[TableFacts]:
    """Return the facts of each table; what cannot be read is told in `trouble`, with what was counted before it.

    Linear in the rows; memory is that of one chunk, the sample and the keys (about 300 MB at most). Raises SourceUnreadable where
    there is no file at all.
    """
    jobs = list(_mapped(source, mapping) if mapping else _plain(source))
    total = sum(file.path.stat().st_size for file, *_ in jobs)
    before = 0
    tables = []
    for file, name, reading, fields in jobs:
        table = TableFacts(name)
        size = file.path.stat().st_size
        try:
            _count(table, file, reading, fields, _told(progress, before, total, name))
        except SourceUnreadable as error:
            table.trouble = error.fields.get(file.name, error.detail)
        before += size
        tables.append(table)
    return tables


def _told(progress: Progress, before: int, total: int, name: str) -> Callable[[int], None]:
    return lambda position: progress(before + position, total, f"reading {name}")


Job = tuple[SourceFile, str, Source, dict[str, str]]


def _plain(source: Path) -> Iterator[Job]:
    for file in list_files(source):
        try:
            parts = list(parts_of(file))
        except SourceUnreadable:
            parts = [(None, None)]  # reading it will tell
        for sheet, table in parts:
            yield (
                file,
                f"{file.name} {sheet or table}" if len(parts) > 1 else file.name,
                plain_source(file, sheet=sheet, table=table),
                {},
            )


def _mapped(source: Path, mapping: Mapping) -> Iterator[Job]:
    for item, files in zip(mapping.sources, find_files(source, mapping), strict=True):
        fields: dict[str, str] = {}
        for kind, table in item.tables.items():
            for name, value in table.fields.items():
                if value.column and not value.path.startswith("defaults"):
                    fields.setdefault(value.column, f"{kind}.{name}")
        for file in files:
            plain = plain_source(file, sheet=item.sheet, table=item.table, encoding=item.encoding)
            yield (
                file,
                file.name if len(files) > 1 or item.name == item.files else f"{item.name} ({file.name})",
                plain,
                fields,
            )


def _count(
    table: TableFacts, file: SourceFile, reading: Source, fields: dict[str, str], progress: Callable[[int], None]
) -> None:
    sample: RowSample | None = None
    try:
        for chunk in _chunks(table, file, reading):
            frame = chunk.frame
            if sample is None:
                names = [str(name) for name in frame.columns]
                table.n_columns_left_out = max(0, len(names) - COLUMNS_LIMIT)
                table.columns = {
                    name: ColumnFacts(name, field_of_ours=fields.get(name, "")) for name in names[:COLUMNS_LIMIT]
                }
                sample = RowSample(limit=min(SAMPLE_ROWS, SAMPLE_CELLS // max(len(table.columns), 1)))
            table.n_ragged += len(chunk.faults)
            _count_chunk(table, frame[list(table.columns)], sample)
            progress(chunk.position if file.kind == "text" else 0)
    finally:
        if sample is not None:
            table.sample = sample.frame
            for name, column in table.columns.items():
                column.look = look_at(table.sample[name]) if name in table.sample else None


def _chunks(table: TableFacts, file: SourceFile, reading: Source) -> Iterator:
    """Read as UTF-8, or as the mapping says; what is neither is read as cp1252 from the start, and that is told."""
    try:
        for chunk in READERS[file.kind](file, reading, None):
            table.encoding = chunk.encoding or table.encoding
            yield chunk
    except SourceUnreadable as error:
        if file.kind != "text" or reading.encoding or "UTF-8" not in error.detail or table.n_rows:
            raise
        table.encoding = "cp1252"
        yield from READERS[file.kind](file, plain_source(file, encoding="cp1252"), None)


def _count_chunk(table: TableFacts, frame: pd.DataFrame, sample: RowSample) -> None:
    is_checked = table.n_checked < CHECKED_ROWS
    for name, column in table.columns.items():
        cells = frame[name]
        column.n_missing += int(cells.isna().sum())
        if is_checked:
            column.keys.add(hash_cells(cells))
            filled = cells.dropna()
            column.n_padded += int((filled.str.len() != filled.str.strip().str.len()).sum())
            column.n_unprintable += int(
                filled.str.contains(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]", regex=True).sum()
            )
            column.n_formulas += int(filled.str.contains(r"^[=@]|^[+\-][A-Za-z(]", regex=True).sum())
        elif column.keys.share < 1 or column.keys.n_distinct > table.n_checked * 0.2:
            column.keys.add(hash_cells(cells))
    if is_checked:
        table.rows.add(hash_rows(frame))
        table.n_checked += len(frame)
    table.n_rows += len(frame)
    sample.add(_cut(frame))


def _cut(frame: pd.DataFrame) -> pd.DataFrame:
    """Cut long cells short, so that the sample stays small."""
    longest = [name for name in frame.columns if (frame[name].str.len().max() or 0) > CELL]
    return frame.assign(**{name: frame[name].str.slice(0, CELL) for name in longest}) if longest else frame


def numbers(column: ColumnFacts, cells: pd.Series) -> np.ndarray:
    """Return the cells of a column of numbers as floats, without marks that stand for no value."""
    look = column.look
    assert look is not None
    text = cells.dropna().str.strip()
    text = text[~text.isin(look.sentinels)].str.replace(r"[^\d.,\-]", "", regex=True)
    if look.thousands:
        text = text.str.replace(
            "," if look.thousands == "," else "." if look.thousands == "." else "\0", "", regex=False
        )
    values = pd.to_numeric(text.str.replace(",", ".", regex=False), errors="coerce").dropna()
    return values[np.isfinite(values)].to_numpy(dtype="float64")


def days(column: ColumnFacts, cells: pd.Series) -> pd.Series:
    """Return the cells of a column of dates as days, aligned with the rows; marks that stand for no value are missing."""
    look = column.look
    assert look is not None
    text = cells.str.strip()
    text = text.mask(text.isin(look.sentinels))
    parsed = pd.to_datetime(text, format=look.formats[0] if look.formats else "ISO8601", errors="coerce", utc=True)
    return parsed.dt.tz_localize(None).dt.normalize()
