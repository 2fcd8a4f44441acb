"""The cleaned set: what was typed and accepted, one Parquet file per table, streamed from staging."""

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from django.db import transaction

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.kinds import KINDS
from borrowers.importing.mapping import FIELDS, WITH_ATTRIBUTES, Mapping
from borrowers.importing.rows import STAGED_COLUMNS
from borrowers.importing.staging import staged, statements

COPY_OUT = "COPY (SELECT {} FROM {}) TO STDOUT (FORMAT csv)"
MONEY = pa.decimal128(14, 2)
TYPES = {
    "money": MONEY, "positive_money": MONEY, "ratio": pa.decimal128(8, 6), "count": pa.int32(), "days": pa.int32(),
    "date": pa.date32(), "instant": pa.timestamp("us", "UTC"), "boolean": pa.bool_(),
}  # fmt: skip
ATTRIBUTE_TYPES = {
    "text": (pa.string(), "text"), "integer": (pa.int64(), "bigint"), "number": (pa.float64(), "double precision"),
    "date": (pa.date32(), "date"), "boolean": (pa.bool_(), "boolean"),
}  # fmt: skip


def check_folder(folder: Path) -> None:
    """Raise SourceUnreadable early if the cleaned set cannot be written there; makes the folder."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SourceUnreadable(f"{folder}: the cleaned set cannot be written there ({error.strerror}).") from error


@contextlib.contextmanager
def cleaned_set(folder: Path, run_id: int, mapping: Mapping) -> Iterator[Callable[[], None]]:
    """Write the files under passing names and give what puts them in place; without that call none of them stays.

    Borrowers and loans are merged from all sources, attributes are columns named attributes.<name>. Memory of one batch; the rows
    pass through a temporary file beside their final place.
    """
    with tempfile.TemporaryDirectory(prefix=".cleaned-", dir=folder) as passing:
        with staged(run_id) as cursor:
            for sql in statements("merge.sql").values():
                cursor.execute(sql)
            for kind, what in KINDS.items():
                if kind in mapping.kinds:
                    _write(cursor, kind, mapping, Path(passing), f"{what.reported}.parquet")
            transaction.set_rollback(True)

        def put_in_place() -> None:
            for file in Path(passing).glob("*.parquet"):
                file.replace(folder / file.name)

        yield put_in_place


def _write(cursor: Any, kind: str, mapping: Mapping, folder: Path, name: str) -> None:
    columns: list[tuple[str, str, pa.DataType]] = [
        (column, f'"{column}"', TYPES.get(FIELDS[kind][column][0], pa.string()))
        for column in STAGED_COLUMNS[kind]
        if column != "attributes"
    ]
    for attribute, type_ in _attributes(kind, mapping).items():
        arrow, sql = ATTRIBUTE_TYPES[type_]
        expression = cursor.mogrify(f"(attributes->>%s)::{sql}", [attribute]).decode()
        columns.append((f"attributes.{attribute}", expression, arrow))
    table = f"new_{kind}" if kind in WITH_ATTRIBUTES else f"staged_{kind}"
    schema = pa.schema([(column, type_) for column, _, type_ in columns])
    selected = ", ".join(expression for _, expression, _ in columns)
    with tempfile.TemporaryFile(dir=folder) as rows, pq.ParquetWriter(folder / name, schema) as writer:
        cursor.copy_expert(COPY_OUT.format(selected, table), rows)
        if not rows.tell():
            return
        rows.seek(0)
        reader = pa_csv.open_csv(
            rows,
            read_options=pa_csv.ReadOptions(column_names=schema.names, use_threads=False),
            parse_options=pa_csv.ParseOptions(newlines_in_values=True),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict(zip(schema.names, schema.types, strict=True)), null_values=[""], true_values=["t", "true"],
                false_values=["f", "false"], strings_can_be_null=True, quoted_strings_can_be_null=False,
            ),
        )  # fmt: skip
        for batch in reader:
            writer.write_batch(batch)


def _attributes(kind: str, mapping: Mapping) -> dict[str, str]:
    return {
        name: value.type
        for source in mapping.sources
        if kind in WITH_ATTRIBUTES and kind in source.tables
        for name, value in source.tables[kind].attributes.items()
    }
