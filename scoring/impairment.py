"""What the books need of PDs for stages, and the inputs of an impairment calculation as a file. No ECL is claimed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from borrowers.measures.services import ALL_LOANS, PortfolioFilter, rows_of, stand_at
from creditpath.exports.cells import csv_cell
from creditpath.sql import load
from scoring.errors import ExportRefused
from scoring.models import Purpose

RISEN_MULTIPLE = 2.0
RISEN_STEP = 0.02
ROWS_AT_ONCE = 20_000
FORMATS = (".csv", ".parquet")


@dataclass(frozen=True)
class ExportReport:
    """What was written where."""

    as_of: date
    path: Path
    n_loans: int

    def summary(self) -> str:
        return f"{self.n_loans:,} loans as of {self.as_of} written to {self.path}. Inputs only: no ECL is claimed."

    def as_json(self) -> dict[str, Any]:
        return {"as_of": self.as_of.isoformat(), "path": str(self.path), "n_loans": self.n_loans}


def find_risen_pd(
    *, as_of: date | None = None, multiple: float = RISEN_MULTIPLE, step: float = RISEN_STEP
) -> list[int] | None:
    """Return the loans whose PD rose significantly since their first score; None where no loan was ever scored twice.

    Two queries over the published scores. Raises NoBusinessDate, DayNotClosed.
    """
    at = stand_at(as_of)
    # Champions of segments score in runs of their own: two runs of one day are one scoring where no loan is in both.
    if not rows_of("scoring", "scored_twice", at.as_parameters() | {"purpose": Purpose.DEFAULT.value})[0]["is_known"]:
        return None
    asked = {"purpose": Purpose.DEFAULT.value, "multiple": multiple, "step": step}
    return [row["loan_id"] for row in rows_of("scoring", "risen_pd", at.as_parameters() | asked)]


def export_impairment_inputs(
    *, path: Path, as_of: date | None = None, only: PortfolioFilter = ALL_LOANS
) -> ExportReport:
    """Write one line per loan that owes to a CSV or Parquet file: days past due, stage, PDs, exposure, rate.

    Rows are streamed: memory stays at ROWS_AT_ONCE of them. The file appears whole or not at all. Raises NoBusinessDate,
    DayNotClosed, ExportRefused for another kind of file or a folder that is not there.
    """
    at = stand_at(as_of)
    if path.suffix not in FORMATS:
        raise ExportRefused(f"{path.name} must end with {' or '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise ExportRefused(f"There is no folder {path.parent}.")
    asked = {"purpose": Purpose.DEFAULT.value, "multiple": RISEN_MULTIPLE, "step": RISEN_STEP}
    unfinished = path.with_name(f".{path.name}.part")
    try:
        n_loans = _write(unfinished, only.as_parameters() | at.as_parameters() | asked, is_csv=path.suffix == ".csv")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return ExportReport(at.day, path, n_loans)


def _write(path: Path, parameters: dict[str, Any], *, is_csv: bool) -> int:
    import pyarrow as pa
    from pyarrow import csv, parquet

    money = pa.decimal128(14, 2)
    schema = pa.schema(
        [
            ("loan", pa.string()), ("product", pa.string()), ("currency", pa.string()), ("approved_on", pa.date32()),
            ("as_of", pa.date32()), ("days_past_due", pa.int32()), ("bucket", pa.string()), ("stage", pa.int8()),
            ("first_pd", pa.float64()), ("pd", pa.float64()), ("outstanding_principal_amount", money),
            ("exposure_amount", money), ("annual_interest_ratio", pa.decimal128(8, 6)),
            ("is_simulated", pa.bool_()),
        ]
    )  # fmt: skip
    n_loans = 0
    with (csv.CSVWriter if is_csv else parquet.ParquetWriter)(path, schema) as writer:
        for rows in _stream(parameters):
            # A spreadsheet would run text that looks like a formula; a Parquet file is no spreadsheet.
            safe = [(csv_cell(row[0]), csv_cell(row[1]), *row[2:]) for row in rows] if is_csv else rows
            columns = [
                pa.array(column, type=field.type) for column, field in zip(zip(*safe, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            n_loans += len(rows)
    return n_loans


def _stream(parameters: dict[str, Any]) -> Iterator[list[tuple[Any, ...]]]:
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(load("scoring", "measures/impairment_inputs.sql"), parameters)
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            yield rows
