"""Publish what is staged: one transaction into the books, or, for a dry run, the same transaction rolled back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from borrowers.clock import set_business_date
from borrowers.importing.entering import Counts, enter
from borrowers.importing.kinds import KINDS
from borrowers.importing.mapping import Mapping
from borrowers.importing.reports import Change
from borrowers.importing.staging import staged, statements
from borrowers.models import BusinessDate, ImportRun
from borrowers.signals import books_changed
from creditpath.accounts.models import Team, User

LOANS_PER_MESSAGE = 10_000
NEW_LOANS_LIMIT = (
    1_000  # more new loans than this are for the batch commands; none of them has a score that could be wrong
)
STATISTICS_ROWS = 1_000
CHANGES_SHOWN = 20  # fields of each kind that a dry run shows before and after
SLICE_PAGES = 16_384  # of a staging table: 128 MB
SLICED = {"insert_instalments": "staged_instalment", "insert_payments": "staged_payment"}


@dataclass(frozen=True)
class Published:
    """What a publication did."""

    tables: dict[str, dict[str, int]]
    notes: tuple[str, ...]
    business_date: date | None
    changes: tuple[Change, ...] = ()


def publish(
    *,
    run_id: int,
    mapping: Mapping,
    now: datetime,
    by: User | None,
    team: Team | None,
    dry_run: bool,
    finish: Callable[[Published], None],
    progress: Callable[[int, int, str], None],
) -> Published:
    """Bring the staged rows into the books in one transaction; `finish` is called inside it, last.

    Either all of it is there afterwards, with the business date moved, or nothing. Entries that people make meanwhile are not
    blocked. Loans that were in the books and changed are told through `books_changed`, new ones if they are few.
    """
    with staged(run_id) as cursor:
        books = BusinessDate.objects.select_for_update().first()
        report = statements("report.sql")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        _run_all(cursor, "merge.sql", progress=progress)
        (last_day,) = _ask(cursor, report["last_day"])
        day = mapping.business_date or last_day
        facts = {
            "now": now,
            "zone": settings.TIME_ZONE,
            "closed": books.day if books else None,
            "on_their_day": mapping.late_entries == "booked_on_their_day",
            "changed_schedules": mapping.changed_schedules,
            "bookkeeping": mapping.bookkeeping,
            "business_date": max(filter(None, (day, books and books.day)), default=now.date()),
            "by": by.pk if by else None,
            "team": team.pk if team else None,
        }
        changes = _find_changes(cursor, "stand_in_the_books") if dry_run else []
        counts = _run_all(cursor, "publish.sql", facts, progress)
        changes += _find_changes(cursor, "are_entered_anew") if dry_run else []
        progress(0, 1, "publishing: what hangs on loans and borrowers")
        entered = enter(cursor, mapping, facts)
        tables = _count(cursor, counts, entered, report)
        notes = _notes(cursor, report, tables)
        if day is not None:
            notes += _move_business_date(books, day, asked=mapping.business_date is not None)
        published = Published(tables, tuple(notes), day, tuple(changes))
        if dry_run:
            transaction.set_rollback(True)
        else:
            _tell_of_changes(cursor, report)
            finish(published)
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    return published


def refresh_statistics(tables: dict[str, dict[str, int]]) -> None:
    """Let the planner know of the new rows at once, if they are many: whatever comes next joins these tables."""
    if sum(counts["created"] + counts["updated"] for counts in tables.values()) < STATISTICS_ROWS:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE borrowers_borrower, borrowers_contactpoint, borrowers_loan, borrowers_scheduleversion, "
            "borrowers_instalment, borrowers_payment, " + ", ".join(what.table for what in KINDS.values() if what.table)
        )


def _run_all(
    cursor: Any,
    name: str,
    facts: dict[str, Any] | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> dict[str, int]:
    counts = {}
    found = statements(name)
    for n, (title, sql) in enumerate(found.items()):
        message = f"publishing: {title.replace('_', ' ')}"
        if progress:
            progress(n, len(found), message)
        if title not in SLICED:
            cursor.execute(sql, facts)
            counts[title] = cursor.rowcount
            continue
        counts[title] = 0
        (pages,) = _ask(cursor, _PAGES.format(SLICED[title]))
        for page in range(0, pages, SLICE_PAGES):
            if progress:
                progress(n, len(found), f"{message}, {100 * page // pages} %")
            cursor.execute(sql, {**(facts or {}), "first": f"({page},0)", "last": f"({page + SLICE_PAGES},0)"})
            counts[title] += cursor.rowcount
    return counts


def _find_changes(cursor: Any, name: str) -> list[Change]:
    cursor.execute(statements("changes.sql")[name], {"limit": CHANGES_SHOWN})
    return [Change(*row) for row in cursor.fetchall()]


_PAGES = "SELECT pg_relation_size('{}') / current_setting('block_size')::integer"


def _ask(cursor: Any, sql: str) -> tuple[Any, ...]:
    cursor.execute(sql)
    return cursor.fetchone()


def _count(cursor: Any, counts: dict[str, int], entered: Counts, report: dict[str, str]) -> dict[str, dict[str, int]]:
    borrowers, loans, instalments, payments, payments_changed = _ask(cursor, report["totals"])
    (instalments_created,) = _ask(cursor, report["instalments_created"])
    changes: Counts = {
        "borrower": (borrowers, counts["insert_borrowers"], counts["update_borrowers"]),
        "loan": (loans, counts["insert_loans"], counts["update_loans"]),
        "instalment": (instalments, instalments_created, counts["insert_instalments"] - instalments_created),
        "payment": (payments, counts["insert_payments"], payments_changed),
        **entered,
    }
    tables = {}
    for kind, what in KINDS.items():
        total, created, updated = changes.get(kind, (0, 0, 0))
        tables[what.reported] = {"created": created, "updated": updated, "unchanged": total - created - updated}
    return tables


def _notes(cursor: Any, report: dict[str, str], tables: dict[str, dict[str, int]]) -> list[str]:
    texts = {
        "payments_left_reversed": "{:,} payments are reversed in the books: they were left reversed.",
        "loans_without_schedule": "{:,} loans have no schedule, so they are never past due.",
        "schedules_off_principal": "{:,} schedules do not add up to the principal of their loan.",
    }
    notes = []
    for name, text in texts.items():
        (n,) = _ask(cursor, report[name])
        if n:
            notes.append(text.format(n))
    return notes


def _tell_of_changes(cursor: Any, report: dict[str, str]) -> None:
    cursor.execute(report["changed_loans"])
    while rows := cursor.fetchmany(LOANS_PER_MESSAGE):
        books_changed.send(sender=ImportRun, loan_ids=[loan_id for (loan_id,) in rows])
    cursor.execute(report["new_loans"], {"limit": NEW_LOANS_LIMIT + 1})
    loan_ids = [loan_id for (loan_id,) in cursor.fetchall()]
    if 0 < len(loan_ids) <= NEW_LOANS_LIMIT:
        books_changed.send(sender=ImportRun, loan_ids=loan_ids)


def _move_business_date(books: BusinessDate | None, day: date, *, asked: bool) -> list[str]:
    """Move the books forward to the day of the import; never back, and not where they are frozen."""
    if books is None or (day > books.day and not books.is_frozen):
        set_business_date(day=day)
        return []
    if day != books.day and (asked or day > books.day):
        why = "are frozen" if books.is_frozen else "do not move back"
        return [f"The books stand at {books.day} and {why}: {day} was not taken as the business date."]
    return []


def try_lock() -> bool:
    """Take the lock of imports for this connection; a process that dies gives it back by itself."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext('creditpath import'))")
        return bool(cursor.fetchone()[0])


def unlock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtext('creditpath import'))")
