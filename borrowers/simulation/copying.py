"""Columns of numbers and bytes, encoded for PostgreSQL's binary COPY without a loop over rows."""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection, models
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Bools = NDArray[np.bool_]

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
EPOCH_DAY = 10957  # PostgreSQL counts days and instants from 2000-01-01, we count from 1970
DIGIT = 10_000  # NUMERIC is sent in digits of this base
NEGATIVE = 0x4000
ROWS_A_STATEMENT = 200_000  # foreign keys are checked per statement: this bounds what waits to be checked


@dataclass(frozen=True)
class Chunk:
    """Rows of one table, ready for COPY."""

    table: str
    columns: tuple[str, ...]
    data: bytes
    n_rows: int


def encode(model: type[models.Model], columns: Mapping[str, Any], n_rows: int) -> Iterator[Chunk]:
    """Encode columns by the model's fields into chunks of at most ROWS_A_STATEMENT rows.

    A column is an array of n_rows or one value for all: whole numbers; days since 1970 for dates; microseconds since 1970, UTC,
    for instants; the smallest unit (cents) for decimals; bytes of UTF-8 for text and JSON. Masked elements become NULL. Raises
    OverflowError for a number beyond its column.
    """
    fields = [model._meta.get_field(name) for name in columns]
    assert all(isinstance(field, models.Field) for field in fields)
    names = tuple(str(field.column) for field in fields)  # type: ignore[union-attr]
    for start in range(0, n_rows, ROWS_A_STATEMENT):
        n = min(ROWS_A_STATEMENT, n_rows - start)
        parts: list[Bytes] = [np.broadcast_to(_big_endian(np.array([len(fields)]), 2), (n, 2))]
        keeps: list[Bools | None] = [None]
        for field, values in zip(fields, columns.values(), strict=True):
            part, keep = _encode_column(field, _rows_of(values, start, n))
            parts.append(part)
            keeps.append(keep)
        rows = np.concatenate(parts, axis=1)
        if any(keep is not None for keep in keeps):
            kept = [
                np.ones(part.shape, bool) if keep is None else keep for part, keep in zip(parts, keeps, strict=True)
            ]
            rows = rows[np.concatenate(kept, axis=1)]
        yield Chunk(model._meta.db_table, names, b"".join((SIGNATURE, rows.tobytes(), TRAILER)), n)


def copy_chunk(cursor: Any, chunk: Chunk) -> None:
    """Send a chunk; database errors come as django.db errors, all or nothing inside the caller's transaction."""
    quote = connection.ops.quote_name
    statement = f"COPY {quote(chunk.table)} ({', '.join(map(quote, chunk.columns))}) FROM STDIN (FORMAT binary)"
    with connection.wrap_database_errors:
        cursor.copy_expert(statement, io.BytesIO(chunk.data), 1 << 20)


def _rows_of(values: Any, start: int, n: int) -> Any:
    return values[start : start + n] if np.ndim(values) else np.broadcast_to(np.asanyarray(values), n)


def _encode_column(field: Any, values: Any) -> tuple[Bytes, Bools | None]:
    """Return the bytes of a column, length first, one row each, and which of them are sent (None: all)."""
    null = np.ma.getmaskarray(values) if isinstance(values, np.ma.MaskedArray) and values.mask.any() else None
    data, keep = _encode_values(field, np.ma.getdata(values))
    length = np.full(len(data), data.shape[1]) if keep is None else keep.sum(axis=1)
    if null is not None:
        length = np.where(null, -1, length)
        keep = ~null[:, None] & (np.ones(data.shape, bool) if keep is None else keep)
    if keep is not None:
        keep = np.concatenate([np.ones((len(data), 4), bool), keep], axis=1)
    return np.concatenate([_big_endian(length, 4), data], axis=1), keep


def _encode_values(field: Any, values: Any) -> tuple[Bytes, Bools | None]:
    kind = field.target_field.get_internal_type() if field.is_relation else field.get_internal_type()
    match kind:
        case "BigAutoField" | "BigIntegerField":
            return _big_endian(values, 8), None
        case "AutoField" | "IntegerField" | "PositiveIntegerField":
            return _big_endian(values, 4), None
        case "SmallIntegerField" | "PositiveSmallIntegerField":
            return _big_endian(values, 2), None
        case "DateField":
            return _big_endian(values - EPOCH_DAY, 4), None
        case "DateTimeField":
            return _big_endian(values - EPOCH_DAY * 86_400_000_000, 8), None
        case "BooleanField":
            return _big_endian(values, 1), None
        case "DecimalField":
            return _numeric(values, field.decimal_places), None
        case "JSONField":
            data, keep = _text(values)
            ones = np.ones((len(data), 1), np.uint8)  # the version of jsonb's binary form
            return np.concatenate([ones, data], axis=1), np.concatenate([ones.astype(bool), keep], axis=1)
        case _:
            return _text(values)


def _big_endian(values: Any, width: int) -> Bytes:
    wide = np.asarray(values).astype(np.int64)
    limit = 1 << (8 * width - 1)
    if len(wide) and not (-limit <= wide.min() and wide.max() < limit):
        raise OverflowError(f"{wide.max()} or {wide.min()} does not fit {width} bytes")
    return np.ascontiguousarray(wide.astype(f">i{width}")).view(np.uint8).reshape(len(wide), width)


def _text(values: Any) -> tuple[Bytes, Bools]:
    text = np.ascontiguousarray(values, dtype=f"S{max(values.dtype.itemsize, 1)}")
    width = text.dtype.itemsize
    return text.view(np.uint8).reshape(len(text), width), np.arange(width) < np.strings.str_len(text)[:, None]


def _numeric(values: Any, places: int) -> Bytes:
    """Return NUMERIC with a fixed number of digits of base 10,000; the server strips the leading ones that are zero."""
    after_point = -(-places // 4)
    size = np.abs(values.astype(np.int64)) * 10 ** (4 * after_point - places)
    n_digits = max(after_point, 1)
    while len(size) and size.max() >= DIGIT**n_digits:
        n_digits += 1
    parts = np.zeros((len(size), 4 + n_digits), np.int64)
    parts[:, 0] = n_digits
    parts[:, 1] = n_digits - after_point - 1  # the weight of the first digit
    parts[:, 2] = np.where(values < 0, NEGATIVE, 0)
    parts[:, 3] = places
    for position in range(n_digits):
        parts[:, 4 + position] = size // DIGIT ** (n_digits - 1 - position) % DIGIT
    return np.ascontiguousarray(parts.astype(">i2")).view(np.uint8).reshape(len(size), 2 * (4 + n_digits))
