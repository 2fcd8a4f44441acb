"""Read any file of a source as chunks, with joins looked up and rows filtered as the mapping says."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from borrowers.importing.chunks import Chunk
from borrowers.importing.errors import MappingInvalid
from borrowers.importing.files import SourceFile, match_files
from borrowers.importing.mapping import Join, Source
from borrowers.importing.tables import read_parquet, read_sqlite, read_workbook
from borrowers.importing.text import read_text

READERS = {"text": read_text, "workbook": read_workbook, "parquet": read_parquet, "sqlite": read_sqlite}
JOIN_ROWS_LIMIT = (
    1_000_000  # a joined file is held in memory; larger ones feed their table as a [[source]] of their own
)


class SourceReader:
    """Reads the files of one [[source]]; what its joins look up is read once and held."""

    def __init__(self, source: Source, root: Path) -> None:
        self.source = source
        self.lookups = [(join, _read_lookup(join, source, root)) for join in source.joins]
        joined = {name for _, lookup in self.lookups for name in lookup.columns}
        self.columns = source.columns() - joined

    def chunks(self, file: SourceFile, *, whole: bool = False) -> Iterator[Chunk]:
        """Yield the rows that the mapping wants; `whole` gives every column of the file and no joins, for the rejects."""
        for chunk in READERS[file.kind](file, self.source, None if whole else self.columns):
            frame = chunk.frame
            filled = frame.notna().any(axis=1)  # blank lines are no records
            frame, rows = frame[filled], chunk.rows[filled.to_numpy()]
            if not whole:
                for join, lookup in self.lookups:
                    keys = [frame[column].str.strip() for column in join.on]
                    index = pd.MultiIndex.from_arrays(keys) if len(keys) > 1 else pd.Index(keys[0])
                    frame = pd.concat([frame, lookup.reindex(index).set_index(frame.index)], axis=1)
                wanted = self._wanted(frame)
                frame, rows = frame[wanted], rows[wanted.to_numpy()]
            yield Chunk(frame.reset_index(drop=True), rows, chunk.faults, chunk.position, chunk.told, chunk.encoding)

    def _wanted(self, frame: pd.DataFrame) -> pd.Series:
        wanted = pd.Series(True, index=frame.index)
        for column, values in self.source.where.items():
            wanted &= frame[column].str.strip().isin(values)
        for column, values in self.source.where_not.items():
            wanted &= ~frame[column].str.strip().isin(values)
        return wanted


def _read_lookup(join: Join, source: Source, root: Path) -> pd.DataFrame:
    parts = []
    rows = 0
    keys = list(join.on.values())
    for file in match_files(root, join.files):
        needed = {*keys, *join.columns}
        for chunk in READERS[file.kind](file, source, needed if join.columns else None):
            if chunk.faults:
                raise file.complain(chunk.faults[0].reason, row=chunk.faults[0].row)
            missing = [key for key in keys if key not in chunk.frame.columns]
            if missing:
                raise file.complain(f"there is no column {missing[0]!r} to join by.", row=1)
            parts.append(chunk.frame)
            rows += len(chunk.frame)
            if rows > JOIN_ROWS_LIMIT:
                raise file.complain(
                    f"is joined but has more than {JOIN_ROWS_LIMIT:,} rows; make it a [[source]] of its own for the same table."
                )
    frame = pd.concat(parts, ignore_index=True)
    for key in keys:
        frame[key] = frame[key].str.strip()
    frame = frame.dropna(subset=keys).drop_duplicates()
    twice = frame[frame.duplicated(subset=keys)]
    if len(twice):
        shown = ", ".join(str(value) for value in twice.iloc[0][keys])
        raise MappingInvalid(
            f"{join.files}: {' and '.join(keys)} {shown!r} is there several times with different values, so it cannot be joined."
        )
    frame = frame.set_index(keys if len(keys) > 1 else keys[0])
    return frame.rename(columns=lambda name: join.prefix + name)
