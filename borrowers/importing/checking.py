"""The rules across rows: duplicates, unknown borrowers and loans, days that cannot be. Set-based, on the staged rows."""

from typing import Any

from borrowers.importing.mapping import Mapping, Source
from borrowers.importing.staging import find_step, note_step, staged, statements

# kind -> (columns that name one, columns within which rows are compared)
KEYS = {
    "borrower": (("external_id",), ("source", "external_id")),
    "loan": (("external_id",), ("source", "external_id")),
    "instalment": (("loan", "number"), ("loan", "number")),
    "payment": (("external_id",), ("external_id",)),
}
NOTES = (
    "{n:,} {kind} rows are there again, identical: counted once.",
    "{n:,} {kind} rows differ from an earlier row of the same {kind}: the first was kept.",
    "{n:,} {kind} rows differ from a later row of the same {kind}: the last was kept.",
)


def check_rows(run_id: int, mapping: Mapping, facts: dict[str, Any]) -> tuple[str, ...]:
    """Find and set aside every staged row that breaks a rule across rows; return what is worth telling of the others.

    One transaction. Rounds go on until nothing more falls; without rejects that is one. A run that was cut off after it tells
    what was found then.
    """
    with staged(run_id) as cursor:
        told = find_step(cursor, "checked")
        if told is not None:
            return tuple(told)
        _complete(cursor, mapping)
        for kind in KEYS:
            cursor.execute(f"ANALYZE staged_{kind}")
        notes = tuple(note for kind in KEYS for note in _settle_duplicates(cursor, kind, mapping))
        _purge(cursor)
        checks = statements("checks.sql")
        while True:
            for sql in checks.values():
                cursor.execute(sql, facts)
            if not _purge(cursor):
                note_step(cursor, "checked", notes)
                return notes


def _complete(cursor: Any, mapping: Mapping) -> None:
    complete = statements("complete.sql")
    instalments = [source.tables["instalment"] for source in mapping.sources if "instalment" in source.tables]
    if any("number" not in table.fields for table in instalments):
        for name in ("number_instalments", "drop_unnumbered_instalments", "take_numbered_instalments"):
            cursor.execute(complete[name])
    if any("payment" in source.tables for source in mapping.sources):
        cursor.execute("SELECT EXISTS (SELECT FROM staged_payment WHERE external_id IS NULL)")
        if cursor.fetchone()[0]:
            for name in ("name_payments", "drop_unnamed_payments", "take_named_payments"):
                cursor.execute(complete[name])


def _settle_duplicates(cursor: Any, kind: str, mapping: Mapping) -> list[str]:
    key, group = KEYS[kind]
    names = {
        "kind": kind,
        "key": ", ".join(key),
        "group": ", ".join(group),
        "same_key": " AND ".join(f"s.{column} = d.{column}" for column in key),
    }
    rules: dict[str, list[int]] = {"reject": [], "first": [], "last": []}
    told = []
    for number, source in enumerate(mapping.sources):
        rule = source.tables[kind].duplicates if kind in source.tables else "reject"
        rules[rule].append(number)
        if _is_subject(kind, source):
            told.append(number)
    facts = {"rejecting": rules["reject"], "first": rules["first"], "last": rules["last"], "told": told}
    sql = {name: text.format(**names) for name, text in statements("duplicates.sql").items()}
    cursor.execute(sql["find"])
    notes = []
    if cursor.rowcount:
        cursor.execute(sql["reject"], facts)
        cursor.execute(sql["count"], facts)
        counts = cursor.fetchone()
        notes = [text.format(n=n, kind=kind) for n, text in zip(counts, NOTES, strict=True) if n]
        cursor.execute(sql["drop_others"], facts)
    cursor.execute(sql["forget"])
    return notes


def _is_subject(kind: str, source: Source) -> bool:
    """Tell whether the rows of a source are about this kind; a loan list names a borrower in many rows, rightly."""
    if kind == "borrower":
        return set(source.tables) == {"borrower"}
    return kind in source.tables and not (
        kind == "loan" and {"instalment", "payment"} & set(source.tables) and "schedule" not in source.tables
    )


def _purge(cursor: Any) -> bool:
    """Take the rejected rows out of the staging tables; return whether there were any."""
    cursor.execute("SELECT EXISTS (SELECT FROM reject WHERE is_new)")
    if not cursor.fetchone()[0]:
        return False
    for sql in statements("purge.sql").values():
        cursor.execute(sql)
    return True
