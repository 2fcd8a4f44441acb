"""Read a table as text, whatever its file is; one clear line for what cannot be read."""

import gzip
import sqlite3
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.specification.parsing import strip_nothing
from scoring.tables.errors import TableRefused

COLUMNS_LIMIT = 5_000
SEPARATORS = ",;\t|"
BAD_WORDS = frozenset({"1", "1.0", "bad", "yes", "y", "true", "default", "charged off", "t"})
CODECS = ("utf-8-sig", "cp1252")


def read_table(path: Path) -> pd.DataFrame:
    """Return the table as text, a row a record; csv, tsv, txt (also .gz), xlsx, parquet, or sqlite with one table.

    Raises TableRefused for a file that is missing, empty, of no known kind, or has more than 5,000 columns.
    """
    if not path.is_file():
        raise TableRefused(f"{path}: there is no such file.")
    suffix = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    try:
        if suffix in ("csv", "tsv", "txt"):
            frame = _read_text(path)
        elif suffix == "xlsx":
            frame = pd.read_excel(path, dtype=str, keep_default_na=False)
        elif suffix in ("parquet", "pq"):
            frame = pd.read_parquet(path)
        elif suffix in ("sqlite", "sqlite3", "db"):
            frame = _read_sqlite(path)
        else:
            raise TableRefused(f"{path.name}: is of no kind that can be read; save it as csv, xlsx, parquet or sqlite.")
    except (pd.errors.ParserError, pd.errors.EmptyDataError, OSError, ValueError, sqlite3.Error) as error:
        raise TableRefused(f"{path.name}: cannot be read as a table ({' '.join(str(error).split())[:200]}).") from error
    _check_width(path, frame.shape[1])
    if not len(frame):
        raise TableRefused(f"{path.name}: has a header and no rows.")
    frame.columns = [str(name).strip() for name in frame.columns]
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise TableRefused(f"{path.name}: the header has {twice[0]!r} twice; rename one of them.")
    return frame.astype("str").where(frame.notna()).reset_index(drop=True)


def _check_width(path: Path, n_columns: int) -> None:
    if n_columns > COLUMNS_LIMIT:
        raise TableRefused(
            f"{path.name}: has {n_columns:,} columns; {COLUMNS_LIMIT:,} are the most that can be learned from."
        )


def _read_text(path: Path) -> pd.DataFrame:
    with gzip.open(path) if path.name.lower().endswith(".gz") else path.open("rb") as stream:
        head = stream.readline(64 * 1024 * 1024)
    line = head.decode("utf-8", "replace")
    separator = max(SEPARATORS, key=line.count)
    _check_width(path, line.count(separator) + 1)
    for codec in CODECS:
        try:
            return pd.read_csv(path, dtype=str, keep_default_na=False, sep=separator, encoding=codec, low_memory=False)
        except UnicodeDecodeError:
            continue
    raise TableRefused(f"{path.name}: is neither UTF-8 nor cp1252; save it as UTF-8.")


def _read_sqlite(path: Path) -> pd.DataFrame:
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        names = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        ]
        if len(names) != 1:
            raise TableRefused(f"{path.name}: has the tables {', '.join(names) or '-'}; one table is needed.")
        quoted = names[0].replace('"', '""')
        return pd.read_sql_query(f'SELECT * FROM "{quoted}"', connection)  # noqa: S608  (the name is the file's own)


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
