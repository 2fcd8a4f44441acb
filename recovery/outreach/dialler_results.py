"""What came of a dialler's calls, from a file, the API or an event: each recorded once, by the one verb for it."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_datetime

from borrowers.models import ContactEvent
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from recovery.contacts.services import record_action
from recovery.errors import DiallerRefused
from recovery.models import DiallerEntry

REQUIRED = ("reference", "outcome", "happened_at")
OPTIONAL = ("connected", "talk_minutes", "wrap_up_minutes", "note", "follow_up_on", "agent")
MOST_ROWS, MOST_BYTES = 20_000, 10 * 1024 * 1024
# A promise has an amount and a day, and is taken on the page of the borrower; messages are not called.
OUTCOMES = tuple(
    value
    for value in ContactEvent.Outcome.values
    if value not in (ContactEvent.Outcome.PROMISE, ContactEvent.Outcome.SENT)
)


@dataclass(frozen=True)
class Rejection:
    """What is wrong with a row, and what to do."""

    row: int
    field: str
    remedy: str


@dataclass
class ResultsReport:
    """How many rows were recorded, had been before, or cannot be."""

    n_recorded: int = 0
    n_repeated: int = 0
    n_flagged: int = 0
    rejected: list[Rejection] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        return bool(self.rejected)

    @property
    def n_rows(self) -> int:
        return self.n_recorded + self.n_repeated + len({rejection.row for rejection in self.rejected})

    def summary(self) -> str:
        lines = [f"{self.n_rows:,} rows: {self.n_recorded:,} recorded, {self.n_repeated:,} known before."]
        if self.n_flagged:
            lines.append(f"{self.n_flagged:,} were not permitted when they took place, and are flagged.")
        lines += [f"row {each.row}, {each.field}: {each.remedy}" for each in self.rejected]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "recorded": self.n_recorded, "repeated": self.n_repeated, "flagged": self.n_flagged,
            "rejected": [vars(each) for each in self.rejected],
        }  # fmt: skip


def read_results(data: bytes) -> list[dict[str, str]]:
    """Read a CSV of results; raises DiallerRefused for a file that is none."""
    if len(data) > MOST_BYTES:
        raise DiallerRefused(f"The file is larger than {MOST_BYTES // 2**20} MB: split it.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DiallerRefused(f"Byte {error.start:,} is no UTF-8: save the file as UTF-8.") from error
    if "\x00" in text:
        raise DiallerRefused("The file holds NUL characters: it is no CSV.")
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names = list(reader.fieldnames or [])
        if missing := [name for name in REQUIRED if name not in names]:
            raise DiallerRefused(f"The first line names no column {', '.join(missing)}.")
        if unknown := [name for name in names if name not in REQUIRED + OPTIONAL]:
            raise DiallerRefused(
                f"There is no column {unknown[0]!r}: take it out. There are {', '.join(REQUIRED + OPTIONAL)}."
            )
        rows: list[dict[str, str]] = []
        for row in reader:
            if len(rows) == MOST_ROWS:
                raise DiallerRefused(f"The file has more than {MOST_ROWS:,} rows: split it.")
            rows.append({name: (value or "") for name, value in row.items() if isinstance(name, str)})
    except csv.Error as error:
        raise DiallerRefused(f"The file is no whole CSV: {error}.") from error
    return rows


def record_results(*, rows: Iterable[Mapping[str, Any]], by: User) -> ResultsReport:
    """Record what came of calls, each row for itself: one that cannot be is rejected with its number, field and remedy.

    A row that was recorded before is counted and changes nothing; another result for the same call is rejected. Rows are
    numbered from 1, without the heading.
    """
    report = ResultsReport()
    agents = {user.username: user for user in User.objects.filter(is_active=True)}
    for number, row in enumerate(rows, start=1):
        try:
            with transaction.atomic():
                is_new, flags = _record_row(row, by, agents)
        except DomainError as error:
            faults = error.fields or {"reference": error.detail}
            report.rejected += [Rejection(number, name, str(remedy)) for name, remedy in faults.items()]
        else:
            report.n_recorded += is_new
            report.n_repeated += not is_new
            report.n_flagged += bool(is_new and flags)
    return report


def _record_row(row: Mapping[str, Any], by: User, agents: Mapping[str, User]) -> tuple[bool, list[str]]:
    values, faults = _typed(row)
    name = _text(row, "agent")
    agent = agents.get(name) if name else by
    if agent is None:
        faults["agent"] = f"Nobody with the log-in {name[:40]} works here: correct it, or leave it empty."
    entry = find_entry(_text(row, "reference"))
    if entry is None:
        faults["reference"] = "This is no reference of a dialler file of ours, such as CP-12."
    if faults or entry is None or agent is None:
        raise DiallerRefused(fields=faults)
    return record_result(entry=entry, agent=agent, **values)


def find_entry(reference: str) -> DiallerEntry | None:
    """Return the call that a reference names."""
    number = reference.strip().removeprefix("CP-")
    if not (number.isascii() and number.isdigit() and len(number) < 19):
        return None
    return (
        DiallerEntry.objects.select_related("borrower", "contact_point", "reservation__loan", "file")
        .filter(pk=number)
        .first()
    )


def record_result(
    *,
    entry: DiallerEntry,
    agent: User,
    outcome: str,
    happened_at: datetime,
    is_connected: bool | None = None,
    talk_minutes: Decimal | None = None,
    wrap_up_minutes: Decimal | None = None,
    note: str = "",
    follow_up_on: date | None = None,
) -> tuple[bool, list[str]]:
    """Record a call of a dialler as the attempt that was reserved for it; say whether it is new, and its flags.

    Raises DiallerRefused if another result is known, and what record_action raises.
    """
    if happened_at < entry.reservation.reserved_at.replace(second=0, microsecond=0):
        raise DiallerRefused(
            fields={"happened_at": "This is before the call was reserved: correct the time and its zone."}
        )
    report = record_action(
        borrower=entry.borrower, agent=agent, channel="call", outcome=outcome, note=note, follow_up_on=follow_up_on,
        loan=entry.reservation.loan, contact_point=entry.contact_point, happened_at=happened_at, is_connected=is_connected,
        talk_minutes=talk_minutes, wrap_up_minutes=wrap_up_minutes, reservation=entry.reservation,
        external_id=f"dialler:{entry.pk}",
    )  # fmt: skip
    known = report.event
    if report.is_repeat and (known.outcome, known.happened_at) != (outcome, happened_at):
        raise DiallerRefused(
            fields={
                "outcome": f"Known as {known.get_outcome_display()} before: correct it on the page of the borrower."
            }
        )
    return not report.is_repeat, report.flags


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    return "" if value is None else str(value).strip()


def _typed(row: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values of a row, and what is wrong with them by field."""
    values: dict[str, Any] = {"outcome": _text(row, "outcome"), "note": _text(row, "note")}
    faults: dict[str, str] = {}
    if values["outcome"] not in OUTCOMES:
        faults["outcome"] = f"One of {', '.join(OUTCOMES)}; a promise is entered on the page of the borrower."
    try:
        happened_at = parse_datetime(_text(row, "happened_at"))
    except ValueError:
        happened_at = None
    if happened_at is None or happened_at.tzinfo is None:
        faults["happened_at"] = "Write it with its zone, such as 2026-06-30T14:05:00-04:00."
    values["happened_at"] = happened_at
    connected = _text(row, "connected").casefold()
    if connected not in {"", "yes", "no", "true", "false", "1", "0"}:
        faults["connected"] = "yes, no, or empty where it is not known."
    values["is_connected"] = None if not connected else connected in {"yes", "true", "1"}
    for name in ("talk_minutes", "wrap_up_minutes"):
        values[name], fault = _minutes(_text(row, name))
        faults |= {name: fault} if fault else {}
    day = _text(row, "follow_up_on")
    try:
        values["follow_up_on"] = date.fromisoformat(day) if day else None
    except ValueError:
        faults["follow_up_on"] = "Write the day as 2026-07-05."
    return values, faults


def _minutes(text: str) -> tuple[Decimal | None, str]:
    if not text:
        return None, ""
    try:
        value = Decimal(text) if text.isascii() and len(text) < 12 else Decimal("NaN")
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or not 0 <= value < 10_000:
        return None, "Minutes such as 4.5."
    return value.quantize(Decimal("0.01")), ""
