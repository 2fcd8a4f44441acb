"""Read the core system's file: which column is the loan, which the days past due, which the balance."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

import pandas as pd

from borrowers.errors import CoreFileUnreadable
from borrowers.importing.files import match_files
from borrowers.importing.mapping import DEFAULT_MISSING, Reading, Source
from borrowers.importing.reading import READERS
from borrowers.models.fields import MONEY_LIMIT

NAMES = {
    "loan": ("loan", "loan_id", "loan_no", "loan_number", "loanid", "external_id", "account", "account_id", "account_no",
             "account_number", "acct", "acct_no", "contract", "contract_no", "contract_id", "id"),
    "dpd": ("dpd", "days_past_due", "days_overdue", "days_late", "overdue_days", "days_in_arrears", "arrears_days"),
    "balance": ("balance", "balance_amount", "outstanding", "outstanding_amount", "outstanding_balance", "os_bal", "os_balance",
                "current_balance", "total_outstanding", "amount_outstanding", "outstanding_principal"),
}  # fmt: skip


@dataclass(frozen=True)
class Columns:
    """The names of the columns; None for what is to be found by its name or is not there."""

    loan: str | None = None
    dpd: str | None = None
    balance: str | None = None


CoreRow = tuple[str, int | None, Decimal | None]


def read_core_file(path: Path, *, columns: Columns, decimal: str) -> Iterator[CoreRow]:
    """Yield (loan, days past due, balance) row by row; raises CoreFileUnreadable naming row, column and remedy."""
    seen: dict[str, int] = {}
    source = Source(
        name=path.name, files=path.name, reading=Reading(decimal=decimal), tables={}, where={}, where_not={}
    )
    for file in match_files(path, path.name):
        chosen: Columns | None = None
        for chunk in READERS[file.kind](file, source, None):
            if chunk.faults:
                raise CoreFileUnreadable(f"{file.name} row {chunk.faults[0].row}: {chunk.faults[0].reason}")
            chosen = chosen or _choose(chunk.frame, columns, file.name)
            for row, cells in zip(chunk.rows, _cells(chunk.frame, chosen), strict=True):
                yield _row(file.name, int(row), cells, decimal, seen)


def _choose(frame: pd.DataFrame, asked: Columns, file_name: str) -> Columns:
    found = {}
    plain = {re.sub(r"[^a-z0-9]+", "_", str(name).strip().lower()).strip("_"): name for name in reversed(frame.columns)}
    for field, names in NAMES.items():
        wanted = getattr(asked, field)
        if wanted is not None and wanted not in frame.columns:
            raise CoreFileUnreadable(
                f"{file_name} has no column {wanted!r}; it has {', '.join(map(str, frame.columns))}."
            )
        found[field] = wanted or next((plain[name] for name in names if name in plain), None)
    if found["loan"] is None or (found["dpd"] is None and found["balance"] is None):
        lacking = "loan numbers" if found["loan"] is None else "days past due or a balance"
        raise CoreFileUnreadable(
            f"{file_name}: no column is known to hold {lacking}. Name it with --loan-column, --dpd-column or "
            f"--balance-column; the file has {', '.join(map(str, frame.columns))}."
        )
    return Columns(**found)


def _cells(frame: pd.DataFrame, columns: Columns) -> Iterator[tuple[str, str, str]]:
    blank = pd.Series("", index=frame.index)
    chosen = [frame[name].fillna("") if name else blank for name in (columns.loan, columns.dpd, columns.balance)]
    yield from zip(*chosen, strict=True)


def _row(file_name: str, row: int, cells: tuple[str, str, str], decimal: str, seen: dict[str, int]) -> CoreRow:
    loan, dpd, balance = (cell.strip() for cell in cells)
    if not loan:
        raise CoreFileUnreadable(f"{file_name} row {row}: the loan number is empty. Remove the row or fill it in.")
    if loan in seen:
        raise CoreFileUnreadable(
            f"{file_name} row {row}: loan {loan} was in row {seen[loan]} already. Keep one of them."
        )
    seen[loan] = row
    return loan, _days(file_name, row, dpd), _amount(file_name, row, balance, decimal)


def _days(file_name: str, row: int, cell: str) -> int | None:
    if cell in DEFAULT_MISSING:
        return None
    text = cell.removesuffix(".0")
    if not re.fullmatch(r"\d{1,6}", text, re.ASCII):
        raise CoreFileUnreadable(
            f"{file_name} row {row}: {cell!r} is not a number of days. Write whole days, 0 for none."
        )
    return int(text)


def _amount(file_name: str, row: int, cell: str, decimal: str) -> Decimal | None:
    if cell in DEFAULT_MISSING:
        return None
    text = cell.replace(" ", "").replace("." if decimal == "," else ",", "").replace(decimal, ".")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not (amount.is_finite() and -MONEY_LIMIT < amount < MONEY_LIMIT):
        raise CoreFileUnreadable(
            f"{file_name} row {row}: {cell!r} is not an amount. Write it as 1234.56, or say --decimal ,."
        )
    return amount.quantize(Decimal("0.01"))
