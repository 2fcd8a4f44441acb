"""Find what breaks a chain of evidence: a changed row, a missing link, a row that was left out."""

from collections.abc import Iterator
from typing import Any

from django.db import connection

from borrowers.models import Borrower
from creditpath.sql import load_statements
from recovery.evidence.sources import SOURCES

MESSAGES = "recovery_outgoingmessage"  # move on by a guard of their own


def changed_events(borrower: Borrower | None = None) -> Iterator[str]:
    """Yield a line for each sealed event whose row is gone, changed or shown a text again; a query per source."""
    yield from _of_sources("entries", borrower)


def broken_links(borrower: Borrower | None = None) -> Iterator[str]:
    """Yield a line for each event that does not follow from the one before, and for each chain that lost its end."""
    yield from _lines("links", {"borrower": borrower and borrower.pk})
    yield from _lines("ends", {"borrower": borrower and borrower.pk})


def broken_seals() -> Iterator[str]:
    """Yield a line for each seal whose events are not those that it sealed."""
    yield from _lines("seals", {"borrower": None})


def unsealed_rows(borrower: Borrower | None = None) -> Iterator[str]:
    """Yield a line for each row of evidence that is neither sealed nor waits to be; a query per source."""
    yield from _of_sources("left_out", borrower)


def _of_sources(name: str, borrower: Borrower | None) -> Iterator[str]:
    for source in SOURCES:
        yield from _lines(name, {"source": source.name, "borrower": borrower and borrower.pk}, rows=source.rows)


def _lines(name: str, values: dict[str, Any], **parts: str) -> Iterator[str]:
    statement = load_statements("recovery", "evidence/check.sql")[name]
    with connection.cursor() as cursor:
        cursor.execute(statement.format(**parts) if parts else statement, values)
        for (line,) in cursor:
            yield line


def unguarded_tables() -> Iterator[str]:
    """Yield a line for each table of evidence whose new rows would not wait for a seal, or whose texts anybody could change."""
    with connection.cursor() as cursor:
        for name, tables in (
            ("new_rows_are_evidence", {source.table for source in SOURCES}),
            ("changes_by_erasure_alone", {source.table for source in SOURCES if source.texts} - {MESSAGES}),
            ("message_texts_go_by_erasure_alone", {MESSAGES}),
            ("salts_go_by_erasure_alone", {"recovery_evidenceevent"}),
        ):
            cursor.execute(
                "SELECT guarded FROM unnest(%s::text[]) AS guarded WHERE NOT EXISTS ("
                "SELECT FROM pg_trigger WHERE tgrelid = guarded::regclass AND tgname = %s AND tgenabled IN ('O', 'A'))"
                " ORDER BY guarded",
                [sorted(tables), name],
            )
            for (table,) in cursor.fetchall():
                yield f"{table} has no trigger {name}"
