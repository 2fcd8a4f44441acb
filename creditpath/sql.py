"""SQL that lives in files, and COPY."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

CHUNK_BYTES = 1 << 16


@cache
def load(app: str, name: str) -> str:
    """Return the text of <app>/sql/<name>; `app` is the label."""
    return (Path(apps.get_app_config(app).path) / "sql" / name).read_text(encoding="utf-8")


def load_statements(app: str, name: str) -> dict[str, str]:
    """Return the named statements of <app>/sql/<name> in order; each begins with a line `-- name: …`."""
    found = {}
    for part in load(app, name).split("-- name: ")[1:]:
        title, _, body = part.partition("\n")
        found[title.strip()] = body.strip()
    return found


class RunSqlFile(Operation):
    """Run a SQL file of the app that owns the migration: `RunSqlFile("sql/features.sql", reverse="DROP FUNCTION …")`.

    `reverse` is SQL, or the path of another file if it ends with .sql; without it the migration cannot be undone. A merged
    file is never edited: a later migration brings a new one.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True

    def __init__(self, path: str, reverse: str | None = None) -> None:
        self.path = path
        self.reverse = reverse

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        return self.reverse is not None

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, [self.path], {"reverse": self.reverse} if self.reverse is not None else {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change no model."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        self._execute(app_label, schema_editor, self.path)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        if self.reverse is None:
            raise NotImplementedError(f"{self.path} says no way back")
        self._execute(app_label, schema_editor, self.reverse)

    def describe(self) -> str:
        return f"Run {self.path}"

    @property
    def migration_name_fragment(self) -> str:
        return Path(self.path).stem

    def _execute(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, sql: str) -> None:
        if sql.endswith(".sql"):
            sql = (Path(apps.get_app_config(app_label).path) / sql).read_text(encoding="utf-8")
        if sql.strip():
            schema_editor.execute(sql, params=None)


class AppendOnly(Operation):
    """Let the database refuse UPDATE, DELETE and TRUNCATE of a table: `AppendOnly("scoring_score")`.

    The migration must depend on the one of borrowers that brings refuse_change(). The refusal is an IntegrityError under the
    constraint name <table>_is_append_only.
    """

    category = OperationCategory.SQL
    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return type(self).__name__, [self.table], {}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change no model."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        quote = schema_editor.quote_name
        schema_editor.execute(
            f"CREATE TRIGGER {quote(self.trigger)} BEFORE UPDATE OR DELETE OR TRUNCATE ON {quote(self.table)} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        quote = schema_editor.quote_name
        schema_editor.execute(f"DROP TRIGGER {quote(self.trigger)} ON {quote(self.table)}")

    def describe(self) -> str:
        return f"Refuse changes to rows of {self.table}"

    @property
    def trigger(self) -> str:
        return f"{self.table}_is_append_only"

    @property
    def migration_name_fragment(self) -> str:
        return self.trigger


def copy_rows(cursor: Any, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Stream rows into a table through COPY and return how many went in.

    Memory stays at one chunk however many rows come; making a row must not query the same connection, which is busy with the
    COPY. None becomes NULL; dicts and lists become JSON. Raises ValueError with
    the row's number for a value no text column can hold (NUL, half a surrogate pair) and for rows of the wrong width;
    database errors come as django.db errors. All or nothing inside the caller's transaction.
    """
    quote = connection.ops.quote_name
    statement = f"COPY {quote(table)} ({', '.join(quote(column) for column in columns)}) FROM STDIN"
    stream = _CopyStream(rows, width=len(columns))
    with connection.wrap_database_errors:
        try:
            cursor.copy_expert(statement, stream, CHUNK_BYTES)
        except Exception:
            if stream.error is not None:  # the driver reports an error of ours as a cancelled query: say the true one
                raise stream.error from None
            raise
    return int(cursor.rowcount)


class _CopyStream:
    """A readable file over rows, in the text format of COPY."""

    def __init__(self, rows: Iterable[Sequence[Any]], *, width: int) -> None:
        self.lines = self._encode(rows, width)
        self.buffer = bytearray()
        self.error: Exception | None = None

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self.buffer) < size:
            try:
                line = next(self.lines, None)
            except Exception as error:
                self.error = error
                raise
            if line is None:
                break
            self.buffer += line
        end = len(self.buffer) if size < 0 else size
        chunk = bytes(self.buffer[:end])
        del self.buffer[:end]
        return chunk

    @staticmethod
    def _encode(rows: Iterable[Sequence[Any]], width: int) -> Iterator[bytes]:
        for number, row in enumerate(rows, start=1):
            if len(row) != width:
                raise ValueError(f"row {number} has {len(row)} values for {width} columns")
            try:
                line = "\t".join(map(copy_text, row)) + "\n"
                yield line.encode()
            except ValueError as error:  # UnicodeEncodeError is one
                raise ValueError(f"row {number}: {error}") from error


_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f", "\v": "\\v"})


_encode_json = json.JSONEncoder(default=str).encode


def copy_text(value: Any) -> str:
    """Return one value in the text format of COPY; raises ValueError for NUL characters."""
    match value:
        case None:
            return "\\N"
        case Enum():
            return copy_text(value.value)
        case str():
            text = value
        case bool():
            return "t" if value else "f"
        case int():
            return str(value)
        case dict() | list():
            return _encode_json(value).replace("\\", "\\\\")  # JSON escapes all other control characters itself
        case datetime() | date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return "\\\\x" + value.hex()
        case _:
            text = str(value)
    if text.isalnum():  # most are codes, for which looking at each character in turn would cost most
        return text
    if "\0" in text:
        raise ValueError("a NUL character cannot be stored")
    return text.translate(_ESCAPES)
