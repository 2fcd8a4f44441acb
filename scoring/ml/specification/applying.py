"""The one interpreter of specifications: for training, for score_table and for the extra attributes of imported loans."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring.ml.learner import Matrix
from scoring.ml.specification.parsing import read_days, read_numbers, strip_nothing
from scoring.ml.specification.schema import MISSING, RARE, Column, Specification

FLOAT32 = np.finfo(np.float32)


class ColumnsMissing(ValueError):
    """A table lacks columns that the specification reads."""


def apply_specification(specification: Specification, frame: pd.DataFrame) -> Matrix:
    """Return the features (n, k) float32 of a frame of text, NaN for missing; raises ColumnsMissing naming what is not there.

    A level that training never saw counts as rare, or as missing where there was no rare one. A number beyond float32 is cut.
    """
    read = [column for column in specification.columns if column.kind != "left_out"]
    if absent := [column.name for column in read if column.name not in frame.columns]:
        raise ColumnsMissing(
            f"The table has no column {', '.join(map(repr, absent[:5]))}; the model was trained with it."
        )
    blocks = [_features(column, frame[column.name]) for column in read]
    return np.hstack(blocks) if blocks else np.empty((len(frame), 0), dtype=np.float32)


def _features(column: Column, text: pd.Series) -> Matrix:
    cells = strip_nothing(text)
    if column.kind == "category":
        return _levels(column, cells)
    numbers = (
        read_numbers(cells, decimal=column.decimal) if column.kind == "number" else read_days(cells, form=column.form)
    )
    flags = [np.where(np.isnan(numbers), 0, numbers == sentinel) for sentinel in column.sentinels]
    values = np.where(np.isin(numbers, column.sentinels), np.nan, numbers)
    clipped = np.clip(values, FLOAT32.min, FLOAT32.max)
    return np.column_stack([clipped, *flags]).astype(np.float32)


def _levels(column: Column, cells: pd.Series) -> Matrix:
    known = {level: place for place, level in enumerate(column.levels)}
    fallback = known.get(RARE, known.get(MISSING, -1))
    codes, distinct = pd.factorize(cells)
    places = np.array(
        [*(known.get(str(cell), fallback) for cell in distinct), known.get(MISSING, fallback)], dtype=np.int64
    )
    place = places[codes]
    block = np.zeros((len(cells), len(column.levels)), dtype=np.float32)
    rows = np.flatnonzero(place >= 0)
    block[rows, place[rows]] = 1
    return block


@dataclass(frozen=True)
class Typed:
    """One column as the guard against leaks and the finder of twins see it: numbers, or codes of its values."""

    name: str
    text: pd.Series  # cells, missing where they say nothing
    numbers: NDArray[np.float64] | None
    codes: NDArray[np.int64]  # -1 is missing

    @property
    def is_missing(self) -> NDArray[np.bool_]:
        return self.codes < 0


def type_columns(specification: Specification, frame: pd.DataFrame) -> list[Typed]:
    """Return every column with what its cells are; identifiers and free text too."""
    typed = []
    for column in specification.columns:
        cells = strip_nothing(frame[column.name])
        numbers = None
        if column.kind == "number":
            numbers = read_numbers(cells, decimal=column.decimal)
        elif column.kind == "date":
            numbers = read_days(cells, form=column.form)
        codes, _ = pd.factorize(cells)
        typed.append(Typed(column.name, cells, numbers, codes.astype(np.int64)))
    return typed
