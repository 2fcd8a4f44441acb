"""Turn a chunk of a source into rows for the staging tables. A row of the file is taken whole or rejected whole."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from borrowers.importing.chunks import Chunk, Fault
from borrowers.importing.mapping import FIELDS, WITH_ATTRIBUTES, Source, TableMapping
from borrowers.importing.money import split
from borrowers.importing.values import Context, Names, add_months, attribute, evaluate

STAGED_COLUMNS = {
    kind: (*fields, "attributes") if kind in WITH_ATTRIBUTES else tuple(fields)
    for kind, fields in FIELDS.items()
    if kind != "schedule"
}
MONEY_COLUMNS = frozenset(
    column
    for fields in FIELDS.values()
    for column, (type_, _) in fields.items()
    if type_ in ("money", "positive_money", "minutes")
)


@dataclass(frozen=True)
class Staged:
    """What one chunk gives: a frame per staging table, each with the column `row`, and the faults of the rows left out."""

    tables: dict[str, pd.DataFrame]
    faults: list[Fault]
    n_read: int


def stage_chunk(chunk: Chunk, source: Source, *, names: Names) -> Staged:
    """Type one chunk; a row with any fault is in no frame."""
    context = Context(chunk.frame, chunk.rows, source.reading, names, list(chunk.faults))
    typed = {kind: _type_table(table, context) for kind, table in source.tables.items()}
    if "schedule" in typed:
        schedule = typed.pop("schedule")
        _check_schedule(typed["loan"], schedule, source.tables["schedule"], context)
    else:
        schedule = None
    bad_rows = {fault.row for fault in context.faults}
    sound = ~np.isin(chunk.rows, list(bad_rows)) if bad_rows else np.ones(len(chunk.rows), dtype=bool)
    tables = {}
    for kind, frame in typed.items():
        kept = frame[sound[frame.index]]
        tables[kind] = kept.assign(row=chunk.rows[kept.index])
    if schedule is not None:
        planned = schedule[sound[schedule.index] & schedule.index.isin(typed["loan"].index)]
        made = generate_instalments(
            typed["loan"].loc[planned.index], planned, source.tables["schedule"], chunk.rows[planned.index]
        )
        tables["instalment"] = pd.concat([tables["instalment"], made]) if "instalment" in tables else made
    faults = _with_loans(context.faults, typed, chunk.rows) if "instalment" in typed else context.faults
    ragged = len({fault.row for fault in chunk.faults})
    return Staged(tables, faults, n_read=len(chunk.rows) + ragged)


def _type_table(table: TableMapping, context: Context) -> pd.DataFrame:
    """Type what a source gives to one table; rows in which `if_given` is empty give nothing to it."""
    if table.if_given is not None:
        given = context.frame[table.if_given].str.strip()
        frame = context.frame[given.notna() & ~given.isin(context.reading.missing)]
        context = replace(context, frame=frame, rows=context.rows[frame.index])
    columns = {name: evaluate(value, context) for name, value in table.fields.items()}
    frame = pd.DataFrame(columns, index=context.frame.index)
    if table.attributes:
        frame["attributes"] = _as_json(table, context)
    return frame


def _as_json(table: TableMapping, context: Context) -> pd.Series:
    """Return the attributes of each row as one JSON object; what is missing is not in it."""
    body = pd.Series("", index=context.frame.index, dtype="str")
    for name, value in table.attributes.items():
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        body = body + (f',"{escaped}":' + attribute(value, context)).fillna("")
    return "{" + body.str.slice(1) + "}"


def _check_schedule(loan: pd.DataFrame, schedule: pd.DataFrame, table: TableMapping, context: Context) -> None:
    if "total_due_amount" not in schedule:
        return
    principal = loan["principal_amount"].reindex(schedule.index)
    below = (
        (schedule["total_due_amount"] < principal)
        .fillna(False)
        .astype(bool)
        .reindex(context.frame.index, fill_value=False)
    )
    value = table.fields["total_due_amount"]
    text = context.frame[value.column] if value.column else pd.Series("", index=context.frame.index)
    context.blame(below, value, text, "is less than the principal; the total due is principal and interest together")


def generate_instalments(
    loan: pd.DataFrame, schedule: pd.DataFrame, table: TableMapping, rows: np.ndarray
) -> pd.DataFrame:
    """Spread each loan over its instalments: equal whole cents with the remainder in the last, days or months apart.

    Dates that are computed move to the next working day if the mapping says so; a first due date that the file gives stays.
    """
    parts = schedule["instalments"].to_numpy(dtype=np.int64)
    which = np.repeat(np.arange(len(parts)), parts)
    number = np.arange(len(which)) - np.repeat(np.cumsum(parts) - parts, parts) + 1
    first = schedule["first_due_on"].to_numpy().astype("datetime64[D]")[which]
    if table.every_months:
        due = add_months(first, (number - 1) * table.every_months)
    else:
        due = first + (number - 1) * (table.every_days or 30)
    if table.working_days:
        holidays = np.array(table.holidays, dtype="datetime64[D]")
        given = table.fields["first_due_on"]
        computed = (number > 1) | bool(given.plus_days or given.plus_months)
        due = np.where(computed, np.busday_offset(due, 0, roll="forward", holidays=holidays), due)
    principal = loan["principal_amount"].to_numpy(dtype=np.int64)
    if "total_due_amount" in schedule:
        total = schedule["total_due_amount"].fillna(loan["principal_amount"]).to_numpy(dtype=np.int64)
        interest = total - principal
    else:
        interest = _cents(schedule, "interest_amount")
    n = parts[which]
    return pd.DataFrame(
        {
            "loan": loan["external_id"].to_numpy()[which],
            "number": number,
            "due_on": due.astype("datetime64[s]"),
            "principal_amount": split(principal[which], n, number),
            "interest_amount": split(interest[which], n, number),
            "fee_amount": split(_cents(schedule, "fee_amount")[which], n, number),
            "row": rows[which],
        }
    )


def _cents(frame: pd.DataFrame, column: str) -> np.ndarray:
    if column not in frame:
        return np.zeros(len(frame), dtype=np.int64)
    return frame[column].fillna(0).to_numpy(dtype=np.int64)


def _with_loans(faults: list[Fault], typed: dict[str, pd.DataFrame], rows: np.ndarray) -> list[Fault]:
    """Name the loan in the faults of instalments, so that no loan gets half a schedule."""
    instalments = typed["instalment"]
    loans = dict(zip(rows[instalments.index].tolist(), instalments["loan"].tolist(), strict=True))
    named = []
    for fault in faults:
        loan = loans.get(fault.row)
        named.append(Fault(fault.row, fault.column, fault.value, fault.reason, loan if isinstance(loan, str) else None))
    return named
