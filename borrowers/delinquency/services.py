"""Keep the figures of every loan for the business date, and those of each month end for good."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from time import monotonic
from typing import Any

from django.db import connection, transaction
from django.db.models import Min

from borrowers.clock import end_of_day, get_business_date, known_at
from borrowers.errors import DayNotClosed
from borrowers.models import BalanceSnapshot, Loan, MonthEndSnapshot
from creditpath.sql import load

REFRESH_LOCK, LOAN_LOCK = 7_304_117, 7_304_118  # numbers of advisory locks, of no meaning
MOST_LOANS_HELD = 1_000  # the server has room for some thousand locks in all
MONTH_ENDS_KEPT = 13  # a year of change needs the month end before it
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class DelinquencyReport:
    """What a refresh wrote."""

    as_of: date
    n_loans: int
    inserted: int
    updated: int
    removed: int
    month_ends: tuple[date, ...]
    snapshots: int
    seconds: float

    @property
    def unchanged(self) -> int:
        return self.n_loans - self.inserted - self.updated

    def summary(self) -> str:
        text = (
            f"Delinquency as of {self.as_of}: {self.n_loans:,} loans, {self.inserted:,} new, {self.updated:,} changed, "
            f"{self.unchanged:,} as before"
        )
        if self.removed:
            text += f", {self.removed:,} not yet approved then"
        if self.month_ends:
            text += f"; {self.snapshots:,} snapshots for {len(self.month_ends)} month ends"
        return f"{text} ({self.seconds:.1f} s)."

    def as_json(self) -> dict[str, Any]:
        return {
            "as_of": self.as_of,
            "n_loans": self.n_loans,
            "inserted": self.inserted,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "removed": self.removed,
            "month_ends": list(self.month_ends),
            "snapshots": self.snapshots,
            "seconds": round(self.seconds, 3),
        }


def refresh_delinquency(
    *,
    as_of: date | None = None,
    loans: Iterable[int] | None = None,
    progress: Progress = lambda done, total, message: None,
) -> DelinquencyReport:
    """Compute and keep the figures of a day (the business date), of all loans or of the given loan ids.

    A refresh of all loans also keeps the snapshots of the month ends up to that day which are missing, at most the last
    MONTH_ENDS_KEPT (all, where every loan is kept by snapshots), each as it was known then. All in one transaction: readers
    see the figures of before or of after. Cost linear in payments and loans; a row that is the same is not written, so
    running it again changes nothing. Refreshes that could write the same rows wait for each other. Raises NoBusinessDate on
    empty books, DayNotClosed for a day after the business date.
    """
    began = monotonic()
    business_date = get_business_date()
    as_of = as_of or business_date
    if as_of > business_date:
        raise DayNotClosed(f"{as_of} lies after the business date {business_date}.")
    loan_ids = None if loans is None else sorted(set(loans))
    with transaction.atomic():
        missing = _find_missing_month_ends(as_of) if loan_ids is None else []
        steps = len(missing) + 1
        snapshots = 0
        for done, day in enumerate(missing):
            progress(done, steps, f"month end {day}")
            snapshots += _keep_month_end(day)
        progress(steps - 1, steps, f"days past due on {as_of}")
        with connection.cursor() as cursor:
            if snapshots:  # measures are asked for before the server looks by itself
                cursor.execute("ANALYZE borrowers_monthendsnapshot")
            _take_turn(cursor, loan_ids)
            computed, inserted, updated, removed = _write(cursor, as_of, loan_ids)
        progress(steps, steps, "done")
    return DelinquencyReport(
        as_of=as_of,
        n_loans=computed,
        inserted=inserted,
        updated=updated,
        removed=removed,
        month_ends=tuple(missing),
        snapshots=snapshots,
        seconds=monotonic() - began,
    )


def _take_turn(cursor: Any, loan_ids: list[int] | None) -> None:
    """Wait until no refresh runs that could write the same rows from older knowledge.

    A refresh of all loans, or of more than MOST_LOANS_HELD, excludes every other one. Smaller ones go side by side and wait for
    each other at the loans they share, in the order of ids so that none waits in a circle; nothing is written for it. What is
    read afterwards is what was committed by then.
    """
    if loan_ids is None or len(loan_ids) > MOST_LOANS_HELD:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFRESH_LOCK])
        return
    cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [REFRESH_LOCK])
    numbers = sorted({loan_id % 2**31 for loan_id in loan_ids})
    cursor.execute("SELECT pg_advisory_xact_lock(%s, loan) FROM unnest(%s::integer[]) AS loan", [LOAN_LOCK, numbers])


def _write(cursor: Any, as_of: date, loan_ids: list[int] | None) -> tuple[int, int, int, int]:
    """Return how many loans were computed, and how many rows inserted, updated and removed.

    Rows are removed only where the day does not know all of the loans that were asked for.
    """
    # One literal of bigint[] is read at once; the driver's ARRAY[…] would be an expression of every id.
    literal = None if loan_ids is None else "{" + ",".join(map(str, loan_ids)) + "}"
    facts = {"as_of": as_of, "known_at": known_at(as_of=as_of), "loans": literal}
    cursor.execute("SET LOCAL work_mem = '256MB'")  # one group per loan is hashed; smaller, it goes through the disk
    if loan_ids is None:
        # Each worker would add up all payments for itself, which costs the other people's processors and saves little time.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    cursor.execute(load("borrowers", "refreshing/compute.sql"), facts)
    if loan_ids is None:
        cursor.execute("ANALYZE refreshed_figure")  # so that write.sql goes through the table page by page
    cursor.execute(load("borrowers", "refreshing/write.sql"), facts)
    computed, inserted, updated = cursor.fetchone()
    removed = 0
    if loan_ids is None or computed != len(loan_ids):
        cursor.execute(load("borrowers", "refreshing/remove.sql"), facts)
        removed = int(cursor.rowcount)
    return computed, inserted, updated, removed


def _keep_month_end(day: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(load("borrowers", "keep_month_end.sql"), {"as_of": day, "known_at": end_of_day(day)})
        return int(cursor.rowcount)


def _find_missing_month_ends(as_of: date) -> list[date]:
    """Return the month ends up to a day, oldest first, that have no snapshot though there were loans.

    Books that the lender's snapshots alone make go back to the first of them: their history is given, not computed.
    """
    first = Loan.objects.aggregate(first=Min("approved_on"))["first"]
    if first is None:
        return []
    n_months = MONTH_ENDS_KEPT
    if not Loan.objects.filter(bookkeeping=Loan.Bookkeeping.LEDGER).exists():
        told = BalanceSnapshot.objects.aggregate(first=Min("as_of"))["first"] or as_of
        n_months = (as_of.year - told.year) * 12 + as_of.month - told.month + 1
        first = max(first, told)
    ends = [day for day in _month_ends_before(as_of + timedelta(days=1), n_months) if day >= first]
    kept = set(MonthEndSnapshot.objects.filter(as_of__in=ends).values_list("as_of", flat=True).distinct())
    return sorted(set(ends) - kept)


def _month_ends_before(day: date, n_months: int) -> list[date]:
    """Return the last n_months month ends before a day."""
    ends = []
    for _ in range(n_months):
        day = day.replace(day=1) - timedelta(days=1)
        ends.append(day)
    return ends
