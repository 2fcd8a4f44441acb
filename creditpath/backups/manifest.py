"""What a database holds: rows and a checksum of every table, and how far every sequence is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection

Progress = Callable[[int, int, str], None]

# The text of a row must not depend on the session that asks.
PLAIN_TEXT = "SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL timezone = 'UTC'; SET LOCAL intervalstyle = 'postgres';"
PLAIN_TEXT += "SET LOCAL bytea_output = 'hex'; SET LOCAL extra_float_digits = 1; SET LOCAL jit = off"
TABLES = """
    SELECT format('%I.%I', schema.nspname, relation.relname)
    FROM pg_class AS relation
    JOIN pg_namespace AS schema ON schema.oid = relation.relnamespace
    WHERE relation.relkind IN ('r', 'p') AND NOT relation.relispartition AND relation.relpersistence <> 't'
        AND schema.nspname NOT LIKE 'pg\\_%' AND schema.nspname <> 'information_schema'
    ORDER BY 1
"""
SUM_OF = """
    SELECT count(*), coalesce(sum(('x' || left(md5(entry::text), 16))::bit(64)::bigint::numeric), 0)::text
    FROM {table} AS entry
"""
SEQUENCES = """
    SELECT format('%I.%I', schemaname, sequencename), coalesce(last_value, 0) FROM pg_sequences ORDER BY 1
"""


@dataclass(frozen=True)
class Manifest:
    """Rows and checksums by table, last values by sequence."""

    tables: dict[str, tuple[int, str]]
    sequences: dict[str, int]

    @property
    def n_rows(self) -> int:
        return sum(rows for rows, _ in self.tables.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "tables": {name: {"rows": rows, "checksum": checksum} for name, (rows, checksum) in self.tables.items()},
            "sequences": self.sequences,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> "Manifest":
        """Read what as_json wrote; raises KeyError and TypeError for anything else."""
        tables = {name: (int(entry["rows"]), str(entry["checksum"])) for name, entry in told["tables"].items()}
        return cls(tables=tables, sequences={name: int(value) for name, value in told["sequences"].items()})


def find_tables() -> list[str]:
    """Return every table that is not PostgreSQL's own."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        return [name for (name,) in cursor.fetchall()]


def build_manifest(progress: Progress) -> Manifest:
    """Count and sum up every table as the running transaction sees it; one pass over all data, the order of rows is no matter.

    A sequence is read as it is at the moment, which no transaction holds still.
    """
    tables: dict[str, tuple[int, str]] = {}
    names = find_tables()
    with connection.cursor() as cursor:
        cursor.execute(PLAIN_TEXT)
        cursor.execute(SEQUENCES)
        sequences = dict(cursor.fetchall())
        for number, name in enumerate(names):
            progress(number, len(names), name)
            cursor.execute(SUM_OF.replace("{table}", name))
            rows, checksum = cursor.fetchone()
            tables[name] = (rows, checksum)
    return Manifest(tables=tables, sequences=sequences)


def differences(kept: Manifest, found: Manifest) -> Iterator[str]:
    """Yield one line for each table or sequence that a restored database has otherwise than the backup says."""
    for name in sorted(kept.tables.keys() | found.tables.keys()):
        told, is_there = kept.tables.get(name), found.tables.get(name)
        if told is None or is_there is None:
            yield f"{name} is {'not in the backup' if told is None else 'missing'}"
        elif told[0] != is_there[0]:
            yield f"{name} has {is_there[0]:,} rows, the backup {told[0]:,}"
        elif told[1] != is_there[1]:
            yield f"{name} has other contents than the backup"
    for name, value in sorted(kept.sequences.items()):
        if (reached := found.sequences.get(name)) is None or reached < value:
            yield f"sequence {name} stands at {reached}, the backup's at {value}"
