"""The rules across rows: duplicates, unknown borrowers and loans, days that cannot be. Set-based, on the staged rows."""

from collections.abc import Iterator
from typing import Any

from borrowers.importing.errors import MappingInvalid
from borrowers.importing.kinds import KINDS
from borrowers.importing.mapping import Mapping, Source
from borrowers.importing.rows import STAGED_COLUMNS
from borrowers.importing.staging import find_step, note_step, staged, statements
from borrowers.models import AttributeDefinition

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
        kinds = [kind for kind in KINDS if kind in mapping.kinds]
        for kind in kinds:
            cursor.execute(f"ANALYZE staged_{kind}")
        notes = tuple(note for kind in kinds for note in _settle_duplicates(cursor, kind, mapping))
        _purge(cursor, kinds)
        checks = list(_checks(kinds))
        while True:
            for sql in checks:
                cursor.execute(sql, {**facts, "bookkeeping": mapping.bookkeeping})
            if not _purge(cursor, kinds):
                note_step(cursor, "checked", notes)
                return notes


def _complete(cursor: Any, mapping: Mapping) -> None:
    complete = statements("complete.sql")
    instalments = [source.tables["instalment"] for source in mapping.sources if "instalment" in source.tables]
    if any("number" not in table.fields for table in instalments):
        for name in ("number_instalments", "drop_unnumbered_instalments", "take_numbered_instalments"):
            cursor.execute(complete[name])
    for kind, what in KINDS.items():
        if what.name is None or kind not in mapping.kinds:
            continue
        cursor.execute(complete["ask_for_unnamed"].format(kind=kind))
        if cursor.fetchone()[0]:
            others = ", ".join(column for column in STAGED_COLUMNS[kind] if column != "external_id")
            for name in ("name_rows", "drop_unnamed", "take_named"):
                cursor.execute(complete[name].format(kind=kind, name=what.name, others=others))


def _checks(kinds: list[str]) -> Iterator[str]:
    """Give the rules of the kinds at hand."""
    yield from statements("checks.sql").values()
    for title, sql in statements("checks_of_one.sql").items():
        if title.split()[0] in kinds:
            yield sql
    shared = statements("checks_of_kind.sql")
    for kind in kinds:
        for rule in KINDS[kind].rules:
            yield shared[rule].format(kind=kind, day=KINDS[kind].day, borrower=KINDS[kind].person)


def _settle_duplicates(cursor: Any, kind: str, mapping: Mapping) -> list[str]:
    key, group = KINDS[kind].key, KINDS[kind].group or KINDS[kind].key
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


def _purge(cursor: Any, kinds: list[str]) -> bool:
    """Take the rejected rows out of the staging tables; return whether there were any."""
    cursor.execute("SELECT EXISTS (SELECT FROM reject WHERE is_new)")
    if not cursor.fetchone()[0]:
        return False
    sql = statements("purge.sql")
    cursor.execute(sql["note_loans"])
    for kind in kinds:
        cursor.execute(sql["purge"].format(kind=kind))
    cursor.execute(sql["age"])
    return True


def check_attributes(mapping: Mapping) -> None:
    """Refuse a mapping that gives one of the lender's own columns another type than the books have; raises MappingInvalid."""
    definitions = AttributeDefinition.objects.values_list("entity", "name", "type")
    known = {(entity, name): type_ for entity, name, type_ in definitions}
    for source in mapping.sources:
        for kind, table in source.tables.items():
            for name, value in table.attributes.items():
                if known.get((kind, name), value.type) != value.type:
                    raise MappingInvalid(
                        f"{value.path}: the attribute {name!r} is {value.type} here but {known[kind, name]} in the books; "
                        f'say type = "{known[kind, name]}", or give it another name.'
                    )
