"""Enter what hangs on borrowers and loans: contact points, consents, parties, charges, events, statements, snapshots, contacts,
promises, collateral. Runs inside the publishing transaction, only for the kinds that the mapping feeds.
"""

import json
from typing import Any

from borrowers.importing.kinds import ENTRIES, KINDS, STATES, Kind
from borrowers.importing.mapping import WITH_ATTRIBUTES, Mapping
from borrowers.importing.staging import statements

BLANK = frozenset(
    {"counterparty", "note", "text_sent", "status", "description", "wording"}
)  # text columns whose '' says nothing
# The instant an entry was known where no column says it; publish.sql tells why.
KNOWN = """coalesce(
    s.booked_at,
    CASE
        WHEN NOT %(on_their_day)s AND s.{day} <= %(closed)s THEN %(now)s
        ELSE least(((s.{day} + 1)::timestamp AT TIME ZONE %(zone)s) - interval '1 microsecond', %(now)s)
    END
)"""
Counts = dict[str, tuple[int, int, int]]


def enter(cursor: Any, mapping: Mapping, facts: dict[str, Any]) -> Counts:
    """Enter every kind that the mapping feeds; returns how many rows there are of it, were created and updated."""
    people = statements("people.sql")
    define_attributes(cursor, mapping, people["define_attributes"])
    counts: Counts = {}
    for kind, plural in (("contact_point", "contact_points"), ("party", "parties")):
        if kind in mapping.kinds:
            updated = _run(cursor, people[f"update_{plural}"], facts)
            created = _run(cursor, people[f"insert_{plural}"], facts)
            cursor.execute(people[f"count_of_{plural}"])
            counts[kind] = (cursor.fetchone()[0], created, updated)
    for kind in (*STATES, *ENTRIES):
        if kind in mapping.kinds:
            counts[kind] = _enter_kind(cursor, kind, facts)
    return counts


def define_attributes(cursor: Any, mapping: Mapping, sql: str) -> None:
    """Register the lender's own columns with their types."""
    said = {
        (kind, name): {"entity": kind, "name": name, "type": value.type, "source_column": (value.column or "")[:200]}
        for source in mapping.sources
        for kind in WITH_ATTRIBUTES
        if kind in source.tables
        for name, value in source.tables[kind].attributes.items()
    }
    if said:
        cursor.execute(sql, {"attributes": json.dumps(list(said.values()))})


def _enter_kind(cursor: Any, kind: str, facts: dict[str, Any]) -> tuple[int, int, int]:
    said = statements("say.sql")[kind].replace("{known}", KNOWN.format(day=KINDS[kind].day or "happened_at"))
    total = _run(cursor, said, facts)
    names = _names_of_state(kind, STATES[kind]) if kind in STATES else _names_of_entry(kind)
    done = {}
    for title, sql in statements("states.sql" if kind in STATES else "entries.sql").items():
        is_of_another = title.startswith(("take_back_", "waive_")) and not title.endswith(f"_{kind}")
        if is_of_another or (title == "touch" and kind == "consent"):
            continue
        done[title] = _run(cursor, sql.format(**names), facts)
    return total, done["insert"], done["update"] + done.get("waive_charge", 0)


def _names_of_entry(kind: str) -> dict[str, str]:
    what = KINDS[kind]
    # A contact has one promise, so a promise that takes another's place is without it.
    again = tuple(column for column in what.columns if column != "contact_event_id")
    return {
        "kind": kind,
        "table": what.table or "",
        "columns": ", ".join(what.columns),
        "again": ", ".join(again),
        "completed": ", ".join(f"{_complete(column)} AS {column}" for column in again),
        "compared": ", ".join(map(_complete, again)),
        "known": ", ".join(f"known.{column}" for column in again),
        "link": ", corrects_id" if kind == "contact" else "",
        "linked": ", known_id" if kind == "contact" else "",
    }


def _names_of_state(kind: str, key: tuple[str, ...]) -> dict[str, str]:
    what: Kind = KINDS[kind]
    return {
        "kind": kind,
        "table": what.table or "",
        "key": ", ".join(key),
        "key_of_said": ", ".join(f"s.{column}" for column in key),
        "key_of_known": ", ".join(f"known.{column}" for column in key),
        "columns": ", ".join(what.columns),
        "completed": ", ".join(f"{_complete(column)} AS {column}" for column in what.columns),
        "compared": ", ".join(map(_complete, what.columns)),
        "known": ", ".join(f"known.{column}" for column in what.columns),
    }


def _complete(column: str) -> str:
    """Return what holds of a column from now on: what the file says, else what is known."""
    said = f"nullif(s.{column}, '')" if column in BLANK else f"s.{column}"
    return f"coalesce({said}, known.{column})"


def _run(cursor: Any, sql: str, facts: dict[str, Any]) -> int:
    cursor.execute(sql, facts)
    return int(cursor.rowcount)
