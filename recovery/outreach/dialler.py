"""Files for a dialler: whom it may call now, each call reserved."""

import csv
import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from borrowers.services import current_instant, get_business_date
from creditpath.accounts.models import Role, User
from creditpath.exports.cells import csv_cell
from creditpath.exports.models import ExportRun
from creditpath.exports.services import log_export
from creditpath.sql import load
from recovery.errors import DiallerRefused
from recovery.models import DiallerEntry, DiallerFile, Recommendation
from recovery.models.reservations import Purpose

MOST = 5_000
LONGEST = timedelta(hours=12)
COLUMNS = ("reference", "number", "name", "borrower_number", "loan_number", "language", "call_until")


@dataclass(frozen=True)
class Reachable:
    """One person whom the gate lets be called now."""

    borrower_id: int
    loan_id: int | None
    contact_point_id: int
    number: str
    call_until: datetime


@transaction.atomic
def make_dialler_file(
    *, made_by: User, limit: int = 500, lease: timedelta = timedelta(hours=2), as_of: date | None = None
) -> DiallerFile:
    """Reserve the day's most urgent calls that the gate permits now, and keep them as a file for a dialler.

    A call is reserved until the lease ends, or the hours of contact do where the person is, or a time that they called
    inconvenient begins; the file says until when. What the gate refuses meanwhile is logged and left out. Two at once get
    different people. About five milliseconds a call. Raises DiallerRefused.
    """
    if not 1 <= limit <= MOST:
        raise DiallerRefused(fields={"limit": f"From 1 to {MOST:,} calls."})
    if not timedelta(minutes=5) <= lease <= LONGEST:
        raise DiallerRefused(fields={"lease": "From 5 minutes to 12 hours."})
    now, day = current_instant(), as_of or get_business_date()
    lease_until = now + lease
    with connection.cursor() as cursor:
        cursor.execute(
            load("recovery", "outreach/callable.sql"),
            {
                "as_of": day, "instant": now, "lease_until": lease_until, "at_most": limit,
                "teams": ([made_by.team_id] if made_by.team_id else []) if made_by.role == Role.AGENT else None,
            },
        )  # fmt: skip
        found = [Reachable(*row) for row in cursor.fetchall()]
        reserved = _reserve(cursor, found, made_by, now)
    file = DiallerFile.objects.create(
        created_by=made_by, as_of=day, lease_until=lease_until, n_rows=len(reserved),
        n_asked=Recommendation.objects.filter(as_of=day, channel="call").count(),
    )  # fmt: skip
    DiallerEntry.objects.bulk_create(
        DiallerEntry(
            file=file, borrower_id=row.borrower_id, reservation_id=reserved[row.borrower_id], number=row.number,
            contact_point_id=row.contact_point_id,
        )
        for row in found
        if row.borrower_id in reserved
    )  # fmt: skip
    return file


def _reserve(cursor: Any, found: list[Reachable], by: User, now: datetime) -> dict[int, int]:
    """Reserve each call, in the order of borrowers so that two at once never wait for each other in a circle."""
    rows = sorted(found, key=lambda row: row.borrower_id)
    cursor.execute(
        "SELECT asked.borrower, reserved.reservation_id"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::timestamptz[]) AS asked (borrower, loan, point, until)"
        " CROSS JOIN LATERAL reserve_contact("
        "asked.borrower, asked.loan, 'call', asked.point, %s, %s, %s, asked.until - %s) AS reserved"
        " WHERE reserved.reservation_id IS NOT NULL AND NOT reserved.is_repeat",
        [
            [row.borrower_id for row in rows], [row.loan_id for row in rows], [row.contact_point_id for row in rows],
            [row.call_until for row in rows], by.pk, now, Purpose.COLLECTION.value, now,
        ],
    )  # fmt: skip
    return dict(cursor.fetchall())


def rows_of(file: DiallerFile) -> list[dict[str, Any]]:
    """Return the rows of a file by column; one query. The number is E.164 without its plus, which a spreadsheet would run."""
    entries = file.entries.select_related("borrower", "reservation__loan").order_by("id")
    return [
        {
            "reference": entry.reference,
            "number": entry.number.removeprefix("+"),
            "name": entry.borrower.full_name,
            "borrower_number": entry.borrower.external_id,
            "loan_number": str(entry.reservation.loan or ""),
            "language": entry.borrower.language,
            "call_until": entry.reservation.lease_until,
        }
        for entry in entries
    ]


def write_dialler_csv(*, file: DiallerFile, taken_by: User) -> str:
    """Return a file as CSV in which no cell is a formula, and log who took it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    rows = rows_of(file)
    for row in rows:
        until = row["call_until"]
        writer.writerow([csv_cell(row[name]) for name in COLUMNS[:-1]] + [until.isoformat(timespec="seconds")])
    log_export(
        model="recovery.diallerentry", form=ExportRun.Form.CSV, filters=f"file={file.pk}", n_rows=len(rows),
        exported_by=taken_by,
    )  # fmt: skip
    return text.getvalue()
