"""Reconcile our figures with the core system's own file."""

import csv
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic
from typing import Any

from django.db import connection, transaction

from borrowers.clock import end_of_day, get_business_date, known_at
from borrowers.derivation.model import ZERO
from borrowers.derivation.services import derive_many, lines_before
from borrowers.errors import DayNotClosed
from borrowers.importing.files import fingerprint, match_files
from borrowers.models import Borrower, Loan, Reconciliation, ReconciliationDifference
from borrowers.reconciling.causes import MISSING_HERE, MISSING_THERE, UNEXPLAINED, WORDS, Core, find_cause
from borrowers.reconciling.reading import Columns, read_core_file
from creditpath.accounts.models import User
from creditpath.exports.cells import csv_cell
from creditpath.sql import copy_rows, load_statements

LOANS_AT_A_TIME = 1_000
SHOWN = 10
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class ReconciliationReport:
    """What agrees, what differs and why, and control totals that tie out."""

    id: int
    as_of: date
    n_core: int
    n_agreeing: int
    totals: list[dict[str, Any]]
    by_cause: dict[str, int]
    findings: tuple[str, ...]
    is_simulated: bool
    seconds: float

    @property
    def n_unexplained(self) -> int:
        return self.by_cause.get(UNEXPLAINED, 0)

    @property
    def failed(self) -> bool:
        return self.n_unexplained > 0

    def summary(self) -> str:
        simulated = ", simulated borrowers" if self.is_simulated else ""
        lines = [
            f"Reconciled {self.as_of}{simulated}: {self.n_core:,} loans there, {self.n_agreeing:,} agree ({self.seconds:.1f} s)."
        ]
        lines += [f"  {n:>9,}  {words_of(cause)}" for cause, n in self.by_cause.items()]
        for total in self.totals:
            lines.append(
                f"{total['currency'] or 'unknown loans'}: balance {total['core_balance_amount']:,.2f} there, "
                f"{total['our_balance_amount']:,.2f} here, difference {total['difference_amount']:,.2f}; "
                f"late {total['n_core_late']:,} there, {total['n_our_late']:,} here"
            )
            lines += [f"  {amount:>16,.2f}  {words_of(cause)}" for cause, amount in total["by_cause"].items()]
        if self.findings:
            lines += ["Findings:", *(f"  {finding}" for finding in self.findings)]
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "as_of": self.as_of,
            "is_simulated": self.is_simulated,
            "n_core": self.n_core,
            "n_agreeing": self.n_agreeing,
            "n_unexplained": self.n_unexplained,
            "by_cause": self.by_cause,
            "totals": self.totals,
            "findings": list(self.findings),
            "seconds": round(self.seconds, 3),
        }


def words_of(cause: str) -> str:
    """Say a cause, or a pair of them, in words."""
    return ", and ".join(WORDS[code] for code in cause.split("+"))


def reconcile(
    *,
    source: Path,
    as_of: date | None = None,
    columns: Columns = Columns(),  # noqa: B008  frozen
    balance_is_principal: bool = False,
    decimal: str = ".",
    output: Path | None = None,
    made_by: User | None = None,
    progress: Progress = lambda done, total, message: None,
) -> ReconciliationReport:
    """Compare the core system's figures of a day (the business date) with ours, explain each difference and keep the result.

    One pass over the books and, for loans that differ, their ledgers in slices; nothing of the books is changed. One
    transaction. `output` gets one row per difference. Raises CoreFileUnreadable naming row and column, DayNotClosed.
    """
    began = monotonic()
    business_date = get_business_date()
    as_of = as_of or business_date
    if as_of > business_date:
        raise DayNotClosed(f"{as_of} lies after the business date {business_date}.")
    known = known_at(as_of=business_date)
    sql = load_statements("borrowers", "reconcile.sql")
    asked: dict[str, Any] = {"day": as_of, "known": known, "principal": balance_is_principal}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE core_figure "
            "(external_id text PRIMARY KEY, days_past_due integer, balance_amount numeric(14, 2)) ON COMMIT DROP"
        )
        rows = read_core_file(source, columns=columns, decimal=decimal)
        n_core = copy_rows(cursor, "core_figure", ("external_id", "days_past_due", "balance_amount"), rows)
        cursor.execute(sql["figures"], asked)
        cursor.execute(sql["look"])
        cursor.execute(sql["differences"])
        differing = _as_dicts(cursor)
        cursor.execute(sql["totals"])
        totals = _as_dicts(cursor)
        cursor.execute("DROP TABLE core_figure, our_figure")
        differences = list(_explain(differing, as_of, known, balance_is_principal, progress))
        report = _keep(
            differences, totals, as_of=as_of, known=known, source=source, n_core=n_core, made_by=made_by, began=began
        )
    if output is not None:
        _write(output, differences)
    return report


def _explain(
    differing: list[dict[str, Any]], as_of: date, known: datetime, principal: bool, progress: Progress
) -> Iterator[ReconciliationDifference]:
    for start in range(0, len(differing), LOANS_AT_A_TIME):
        progress(start, len(differing), "explaining differences")
        slice_ = differing[start : start + LOANS_AT_A_TIME]
        loans = Loan.objects.select_related("product").in_bulk(
            [row["loan_id"] for row in slice_ if row["loan_id"] and not row["is_missing_there"]]
        )
        found = list(loans.values())
        now = {one.loan.pk: one for one in derive_many(loans=found, as_of=as_of, known_at=known)}
        then = {one.loan.pk: one for one in derive_many(loans=found, as_of=as_of, known_at=end_of_day(as_of))}
        before = lines_before(loans=found, as_of=as_of, known_at=known)
        for row in slice_:
            loan_id, is_missing_there = row["loan_id"], row.pop("is_missing_there")
            if loan_id is None:
                cause, explanation = MISSING_HERE, ""
            elif is_missing_there:
                cause, explanation = MISSING_THERE, ""
            else:
                cause, explanation = find_cause(
                    core=Core(row["core_days_past_due"], row["core_balance_amount"]),
                    derivation=now[loan_id],
                    known_then=then.get(loan_id),
                    earlier=before.get(loan_id, ()),
                    balance="principal" if principal else "all",
                )
            yield ReconciliationDifference(
                **row | {"currency": row["currency"] or ""}, cause=cause, explanation=explanation
            )


def _keep(
    differences: list[ReconciliationDifference],
    totals: list[dict[str, Any]],
    *,
    as_of: date,
    known: datetime,
    source: Path,
    n_core: int,
    made_by: User | None,
    began: float,
) -> ReconciliationReport:
    by_cause: dict[str, int] = defaultdict(int)
    amounts: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
    for difference in differences:
        by_cause[difference.cause] += 1
        amounts[difference.currency][difference.cause] += _amount_of(difference)
    for total in totals:
        total["difference_amount"] = total["core_balance_amount"] - total["our_balance_amount"]
        total["by_cause"] = {cause: amount for cause, amount in amounts[total["currency"]].items() if amount}
        rest = total["difference_amount"] - sum(total["by_cause"].values(), ZERO)
        if rest:
            total["by_cause"][UNEXPLAINED] = total["by_cause"].get(UNEXPLAINED, ZERO) + rest
    ordered = dict(sorted(by_cause.items(), key=lambda item: (item[0] == UNEXPLAINED, -item[1])))
    n_there = n_core - sum(difference.cause != MISSING_THERE for difference in differences)
    record = Reconciliation.objects.create(
        as_of=as_of,
        known_at=known,
        source_name=source.name[:300],
        source_sha256=fingerprint(list(match_files(source, source.name))),
        n_core=n_core,
        n_agreeing=n_there,
        n_unexplained=ordered.get(UNEXPLAINED, 0),
        totals=[{key: _plain(value) for key, value in total.items()} for total in totals],
        made_by=made_by,
    )
    for difference in differences:
        difference.reconciliation = record
    ReconciliationDifference.objects.bulk_create(differences, batch_size=5_000)
    return ReconciliationReport(
        id=record.pk,
        as_of=as_of,
        n_core=n_core,
        n_agreeing=n_there,
        totals=totals,
        by_cause=ordered,
        findings=tuple(_tell(one) for one in differences if one.cause == UNEXPLAINED)[:SHOWN],
        is_simulated=Borrower.objects.filter(is_simulated=True).exists(),
        seconds=monotonic() - began,
    )


def _amount_of(difference: ReconciliationDifference) -> Decimal:
    """Return the core system's balance less ours; where its file has no balance for a loan of ours, there is none to compare."""
    if difference.cause == MISSING_THERE:
        return -(difference.our_balance_amount or ZERO)
    if difference.core_balance_amount is None:
        return ZERO
    return difference.core_balance_amount - (difference.our_balance_amount or ZERO)


def _tell(one: ReconciliationDifference) -> str:
    return (
        f"loan {one.loan_reference}: {one.core_days_past_due} days and {one.core_balance_amount} there, "
        f"{one.our_days_past_due} days and {one.our_balance_amount} here"
    )


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return str(value) if isinstance(value, Decimal) else value


def _as_dicts(cursor: Any) -> list[dict[str, Any]]:
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


COLUMNS = (
    "loan_reference", "currency", "core_days_past_due", "our_days_past_due", "core_balance_amount", "our_balance_amount",
    "cause", "explanation",
)  # fmt: skip


def _write(output: Path, differences: list[ReconciliationDifference]) -> None:
    """Write the differences beside their final name first, so that half a file is never taken for a whole one."""
    fresh = output.with_name(f".{output.name}.new")
    with fresh.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow((*COLUMNS, "in words"))
        for one in differences:
            writer.writerow([*(csv_cell(getattr(one, name)) for name in COLUMNS), words_of(one.cause)])
    fresh.replace(output)
