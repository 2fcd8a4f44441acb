"""What readers hand on: a frame of text with the row numbers that people see, and the faults found on the way."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from borrowers.importing.files import SourceFile

MOST_COLUMNS = 5_000


@dataclass(frozen=True)
class Fault:
    """What is wrong with one row: the column, the value as it stands in the file, the reason with its remedy."""

    row: int
    column: str
    value: str
    reason: str
    loan: str | None = None

    def __str__(self) -> str:
        return f"column {self.column!r}: {show(self.value)} {self.reason}" if self.column else self.reason


@dataclass(frozen=True)
class Chunk:
    """Some rows of a file; every column is text, missing where the cell is empty; rows are numbered with the header as row 1.

    `told` is what a person should know of how the file was read, `encoding` the one it turned out to have if it is not UTF-8.
    """

    frame: pd.DataFrame
    rows: np.ndarray
    faults: list[Fault] = field(default_factory=list)
    position: int = 0
    told: tuple[str, ...] = ()
    encoding: str | None = None

    def after(self, *, row: int, fault: int) -> "Chunk | None":
        """Return what comes behind a row and the faults behind another, None if that is nothing."""
        rest = self.rows > row
        faults = [item for item in self.faults if item.row > fault]
        if not rest.any() and not faults:
            return None
        if rest.all():
            return Chunk(self.frame, self.rows, faults, self.position, self.told, self.encoding)
        return Chunk(self.frame[rest].reset_index(drop=True), self.rows[rest], faults, self.position)


def show(value: str) -> str:
    """Return a value as a person can read it in one line: quoted, control characters visible, cut at 60."""
    text = value if len(value) <= 60 else value[:59] + "…"
    return ascii(text) if any(not character.isprintable() for character in text) else repr(text)


def name_columns(header: list[str], file: SourceFile, needed: set[str] | None) -> list[str]:
    """Return distinct names; raises SourceUnreadable for more than MOST_COLUMNS, and where a column that the mapping reads is
    missing or there twice."""
    if len(header) > MOST_COLUMNS:
        raise file.complain(
            f"the header has {len(header):,} columns, and {MOST_COLUMNS:,} are the most; keep those that you map, or see "
            "whether the separator is right.",
            row=1,
        )
    names = [" ".join(str(name).split()) or f"column {n}" for n, name in enumerate(header, start=1)]
    if not any(str(name).strip() for name in header):
        raise file.complain("has no header: its first row is empty.", row=1)
    for name in sorted({name for name in names if names.count(name) > 1}):
        if needed and name in needed:
            raise file.complain(
                f"the column {name!r} is there {names.count(name)} times; rename one of them, "
                f"or say {name + ' (1)'!r} or {name + ' (2)'!r} in the mapping.",
                row=1,
            )
    names = _number_doubles(names, needed or set())
    missing = sorted((needed or set()) - set(names))
    if missing:
        listed = ", ".join(repr(name) for name in missing)
        raise file.complain(
            f"there is no column {listed}; the header has {', '.join(names[:20])}{' …' if len(names) > 20 else ''}. "
            "Correct the mapping or the file.",
            row=1,
        )
    return names


def _number_doubles(names: list[str], needed: set[str]) -> list[str]:
    """Call the second of two columns with one name "name (2)", and the first "name (1)" if the mapping does."""
    seen: dict[str, int] = {}
    result = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered = f"{name} ({seen[name]})"
        result.append(numbered if seen[name] > 1 or (names.count(name) > 1 and numbered in needed) else name)
    return result
