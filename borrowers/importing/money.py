"""Amounts as exact whole cents (int64) inside a chunk; never binary fractions."""

import numpy as np
import pandas as pd
import pyarrow as pa

CENTS_LIMIT = 10**14  # a trillion, where NUMERIC(14, 2) ends
_WHOLE, _CENTS = pa.decimal128(19, 0), pa.decimal128(19, 2)


def to_cents(text: pd.Series) -> pd.Series:
    """Return canonical decimal text such as "-12.5" (at most two decimals) as Int64 cents; missing stays missing."""
    exact = pa.array(text, type=pa.string(), from_pandas=True).cast(_CENTS)
    return pd.Series(
        _reinterpret(exact, _WHOLE).cast(pa.int64()).to_pandas(types_mapper=_nullable), index=text.index, dtype="Int64"
    )


def to_decimals(cents: pd.Series) -> pa.Array:
    """Return Int64 cents as decimals with two places, for COPY."""
    whole = pa.array(cents, type=pa.int64(), from_pandas=True).cast(_WHOLE)
    return _reinterpret(whole, _CENTS)


def _reinterpret(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """Move the decimal point: the same integers under another scale."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return pa.Array.from_buffers(kind, len(array), array.buffers(), offset=array.offset)


def _nullable(kind: pa.DataType) -> pd.Int64Dtype:
    return pd.Int64Dtype()


def split(cents: np.ndarray, parts: np.ndarray, number: np.ndarray) -> np.ndarray:
    """Return the share of each instalment: equal whole cents, the remainder in the last one. Arrays of one length."""
    share = cents // parts
    return np.where(number == parts, cents - share * (parts - 1), share)
