"""Workbooks, parquet and sqlite files: typed cells come as the text a person would write, in chunks."""

import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from itertools import islice
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook, PasswordError

from borrowers.importing.chunks import Chunk, name_columns
from borrowers.importing.files import SourceFile
from borrowers.importing.mapping import Source

CHUNK_ROWS = 50_000
WORKBOOK_LIMIT_BYTES = 256 * 1024 * 1024
WORKBOOK_GRACE_BYTES = 32 * 1024 * 1024
WORKBOOK_LIMIT_CELLS = 20_000_000  # a sheet is read as the rectangle that its cells span
CELL_REFERENCE = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')
REFERENCE_BYTES = 16
SQLITE_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND sql NOT LIKE 'CREATE VIRTUAL%' "
    "ORDER BY 1"
)
# A virtual column is an expression: a few bytes of it make gigabytes (hidden: 2 is virtual, 3 is stored).
SQLITE_COLUMNS = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (0, 3) ORDER BY cid"
SQLITE_COMPUTED_COLUMNS = "SELECT name FROM pragma_table_xinfo(?) WHERE hidden = 2 ORDER BY cid"
BATCH_BYTES_LIMIT = 256 * 2**20  # of a batch of CHUNK_ROWS: five thousand characters a row
WORKBOOK_RATIO_LIMIT = 100  # real workbooks pack 5 to 15 times


def cell_text(cell: Any) -> str | None:
    """Return a cell as text. A binary number carries 15 digits, so that is what is read of it."""
    match cell:
        case None | "":
            return None
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case float():
            return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
        case datetime():
            return cell.isoformat(sep=" ")
        case date() | time():
            return cell.isoformat()
        case bytes():
            return cell.decode("utf-8", "replace")
    return str(cell)


def read_workbook(file: SourceFile, source: Source, columns: set[str] | None) -> Iterator[Chunk]:
    """Read one sheet of an xlsx file, after its unpacked size was counted; raises SourceUnreadable."""
    refuse_bomb(file)
    try:
        book = CalamineWorkbook.from_path(str(file.path))
        names = book.sheet_names
        if source.sheet is not None and source.sheet not in names:
            raise file.complain(f"there is no sheet {source.sheet!r}; it has {', '.join(names)}. Correct sheet.")
        sheet = book.get_sheet_by_name(source.sheet or names[0])
        rows = sheet.iter_rows()  # cells become Python objects row by row; the whole of them would not fit
        first = next(rows, None)
    except (CalamineError, PasswordError, OSError, ValueError) as error:
        raise file.complain(
            f"cannot be read as a workbook ({error}); open it in Excel and save it again as xlsx."
        ) from error
    if first is None:
        raise file.complain("is empty; it needs a header row and data.")
    header = [cell_text(cell) or "" for cell in first]
    yield from _chunks(rows, header, file, columns)


def refuse_bomb(file: SourceFile) -> None:
    """Raise SourceUnreadable for a workbook that unpacks to too much; counts what comes out, not what its index claims."""
    packed = max(file.path.stat().st_size, 1)
    total = 0
    try:
        with zipfile.ZipFile(file.path) as archive:
            if sum(item.file_size for item in archive.infolist()) > WORKBOOK_LIMIT_BYTES:
                raise file.complain(f"unpacks to more than {WORKBOOK_LIMIT_BYTES >> 20} MB; save the sheet as csv.")
            for item in archive.infolist():
                is_sheet = item.filename.startswith("xl/worksheets/")
                furthest_row, furthest_column, rest = 0, 0, b""
                with archive.open(item) as part:
                    while block := part.read(1 << 20):
                        total += len(block)
                        if is_sheet:
                            for column, row in CELL_REFERENCE.findall(rest + block):
                                furthest_row = max(furthest_row, int(row))
                                furthest_column = max(furthest_column, _column_number(column))
                            rest = block[-REFERENCE_BYTES:]
                            if furthest_row * furthest_column > WORKBOOK_LIMIT_CELLS:
                                raise file.complain(
                                    f"spans {furthest_row:,} rows and {furthest_column:,} columns in one sheet; "
                                    "save the part with data as csv."
                                )
                        if total > WORKBOOK_LIMIT_BYTES:
                            raise file.complain(
                                f"unpacks to more than {WORKBOOK_LIMIT_BYTES >> 20} MB; save the sheet as csv."
                            )
                        if total > WORKBOOK_GRACE_BYTES and total / packed > WORKBOOK_RATIO_LIMIT:
                            raise file.complain(
                                f"unpacks to more than {WORKBOOK_RATIO_LIMIT} times its size; save the sheet as csv."
                            )
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise file.complain(f"is not a sound xlsx file ({error}); open it in Excel and save it again.") from error


def _column_number(letters: bytes) -> int:
    """Return the number of a spreadsheet's column: A is 1, XFD 16,384."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def read_sqlite(file: SourceFile, source: Source, columns: set[str] | None) -> Iterator[Chunk]:
    """Read one table of an sqlite file, opened for reading only; views and virtual columns compute, and need not end."""
    try:
        connection = sqlite3.connect(f"{file.path.resolve().as_uri()}?mode=ro", uri=True)
    except sqlite3.Error as error:
        raise file.complain(f"cannot be opened ({error}).") from error
    try:
        names = [row[0] for row in connection.execute(SQLITE_TABLES)]
        table = source.table or (names[0] if len(names) == 1 else None)
        if table is None or table not in names:
            raise file.complain(
                f"there is no table {table!r}; it has {', '.join(names)}. Say table = … in the mapping."
            )
        stored = ", ".join(_quote(name) for (name,) in connection.execute(SQLITE_COLUMNS, (table,)))
        cursor = connection.execute(f"SELECT {stored} FROM {_quote(table)}")  # noqa: S608  (names are the file's own)
        header = [item[0] for item in cursor.description]
        yield from _chunks(iter(cursor), header, file, columns)
    except sqlite3.Error as error:
        raise file.complain(f"is not a sound sqlite file ({error}).") from error
    finally:
        connection.close()


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _chunks(
    records: Iterable[Sequence[Any]], header: list[str], file: SourceFile, columns: set[str] | None
) -> Iterator[Chunk]:
    names = name_columns(header, file, columns)
    wanted = [(n, name) for n, name in enumerate(names) if columns is None or name in columns]
    next_row = 2
    rest = iter(records)
    while block := list(islice(rest, CHUNK_ROWS)):
        frame = pd.DataFrame(
            {name: pd.Series([cell_text(record[n]) for record in block], dtype="str") for n, name in wanted}
        )
        yield Chunk(frame, np.arange(next_row, next_row + len(block), dtype=np.int64), position=next_row)
        next_row += len(block)


def read_parquet(file: SourceFile, source: Source, columns: set[str] | None) -> Iterator[Chunk]:
    """Read a parquet file batch by batch; its first record counts as row 2, as under a header."""
    try:
        schema = pq.read_schema(file.path)
        header = schema.names
        # as it stands in the file, each text once: spread over the rows, a few bytes make gigabytes
        texts = [field.name for field in schema if pa.types.is_string(field.type) or pa.types.is_binary(field.type)]
        parquet = pq.ParquetFile(file.path, read_dictionary=texts)
        names = name_columns(header, file, columns)
        wanted = [name for name in header if columns is None or name in columns]
        next_row = 2
        for batch in parquet.iter_batches(batch_size=CHUNK_ROWS, columns=wanted):
            _refuse_spread(batch, file)
            frame = pd.DataFrame({name: _texts(batch.column(name)) for name in wanted if name in names})
            yield Chunk(frame, np.arange(next_row, next_row + len(frame), dtype=np.int64), position=next_row)
            next_row += len(frame)
    except (pa.ArrowException, OSError) as error:
        raise file.complain(f"cannot be read as parquet ({str(error).splitlines()[0]}).") from error


def _refuse_spread(batch: pa.RecordBatch, file: SourceFile) -> None:
    """Raise SourceUnreadable where the texts of a batch take more than a batch may."""
    spread = 0
    for column in batch.columns:
        if pa.types.is_dictionary(column.type) and not pa.types.is_primitive(column.type.value_type):
            lengths = pc.take(pc.binary_length(column.dictionary), column.indices)
            spread += pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0
    if spread > BATCH_BYTES_LIMIT:
        raise file.complain(
            f"has {len(batch):,} rows whose texts take {spread / 2**20:,.0f} MiB; "
            "shorten its longest column, or leave that out."
        )


def _texts(column: pa.Array) -> pd.Series:
    """Return a parquet column as text; decimals and dates exactly, binary numbers with their 15 digits."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_floating(column.type):
        return pd.Series([cell_text(value) for value in column.to_pylist()], dtype="str")
    if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
        return pd.Series([None if value is None else str(value) for value in column.to_pylist()], dtype="str")
    return pd.Series(pc.cast(column, pa.string()).to_pandas(), dtype="str")
