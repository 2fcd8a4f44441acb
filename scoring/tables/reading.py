"""Read a labelled table as text, through the readers of imports; one clear line for what cannot be read or learned from."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.reading import READERS
from borrowers.importing.suggesting.sampling import list_files, parts_of, plain_source
from scoring.ml.specification.parsing import strip_nothing
from scoring.tables.errors import TableRefused

NUL = "\0"
BAD_WORDS = frozenset({"1", "1.0", "bad", "yes", "y", "true", "default", "charged off", "t"})


def read_table(path: Path) -> pd.DataFrame:
    """Return the table as text, a row a record; csv, tsv, txt (also .gz), parquet, xlsx (its first sheet) or
    sqlite with one table.

    Raises TableRefused for whatever an import would refuse, a row of too many or too few cells among it.
    """
    if path.is_dir():
        raise TableRefused(f"{path}: is a folder; name one file.")
    try:
        file = list_files(path)[0]
        parts = list(parts_of(file))
        if file.kind == "sqlite" and len(parts) > 1:
            raise TableRefused(
                f"{path.name}: has the tables {', '.join(str(table) for _, table in parts)}; one table is needed."
            )
        chunks = list(READERS[file.kind](file, plain_source(file, sheet=parts[0][0], table=parts[0][1]), None))
    except SourceUnreadable as error:
        raise TableRefused(error.detail) from error
    for fault in (fault for chunk in chunks for fault in chunk.faults):
        raise TableRefused(f"{path.name} row {fault.row}: {fault}")
    frames = [chunk.frame for chunk in chunks if len(chunk.frame)]
    if not frames:
        raise TableRefused(f"{path.name}: has a header and no rows.")
    frame = pd.concat(frames, ignore_index=True)
    if named := [name for name in frame.columns if NUL in name or frame[name].str.contains(NUL, regex=False).any()]:
        raise TableRefused(
            f"{path.name}: column {named[0].replace(NUL, ' ')[:60]!r} holds characters of code 0, which no text has."
        )
    return frame


def take_target(frame: pd.DataFrame, target: str, bad: str | None) -> tuple[pd.DataFrame, NDArray[np.int8], str]:
    """Return the other columns, 1 for bad rows (n,), and the bad value; rows without a target are left out.

    Without `bad`, of two values the one that says so (1, bad, yes, default …), else the rarer one. Raises TableRefused.
    """
    if target not in frame.columns:
        names = ", ".join(map(repr, frame.columns[:12]))
        raise TableRefused(
            f"There is no column {target!r} to predict; the table has {names}{' …' if frame.shape[1] > 12 else ''}."
        )
    labels = strip_nothing(frame[target])
    known = labels.notna()
    values = labels[known].value_counts()
    if not len(values):
        raise TableRefused(f"The target {target!r} is empty in every row.")
    if bad is None:
        if len(values) > 2:
            raise TableRefused(f"The target {target!r} has {len(values):,} values; say with --bad which one is bad.")
        named = [str(value) for value in values.index if str(value).lower() in BAD_WORDS]
        bad = named[0] if len(named) == 1 else str(values.index[-1])
    if bad not in set(map(str, values.index)):
        raise TableRefused(f"No row has {bad!r} as {target!r}; its values are {', '.join(map(str, values.index[:6]))}.")
    rows = frame[known].drop(columns=target).reset_index(drop=True)
    return rows, (labels[known] == bad).to_numpy().astype(np.int8), bad
