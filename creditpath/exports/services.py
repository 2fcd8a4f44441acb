"""Write a list into a file and log who took it."""

import csv
import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from typing import IO, Any

from django.db import transaction
from django.db.models import QuerySet

from creditpath.accounts.models import User
from creditpath.exports.cells import Column, csv_cell, excel_cell
from creditpath.exports.errors import ExportFailed, TooManyRows
from creditpath.exports.models import ExportRun

# What is written within the time of one request.
MOST_ROWS = {ExportRun.Form.CSV: 200_000, ExportRun.Form.EXCEL: 50_000}
CHUNK = 2_000

_business_date: Callable[[], date | None] = lambda: None  # noqa: E731  replaced by the app that keeps the books


def stand_at(ask: Callable[[], date | None]) -> None:
    """Say how to find the day as of which rows are exported."""
    global _business_date
    _business_date = ask


@transaction.atomic
def export_rows(
    *,
    rows: QuerySet,
    columns: Sequence[Column],
    form: str,
    filters: str,
    is_selection: bool,
    exported_by: User,
) -> tuple[ExportRun, IO[bytes]]:
    """Return the log's row and a file that is whole, with a line on what it holds: as of, filters, number of rows, by whom.

    Cost: one query, one pass; memory is one chunk of rows, the file is on the disk and gone when closed. A file that cannot be
    written is not logged and not given. Raises TooManyRows, ExportFailed.
    """
    limit = MOST_ROWS[ExportRun.Form(form)]
    if (n_rows := rows.order_by()[: limit + 1].count()) > limit:
        raise TooManyRows(
            f"The list has more than {limit:,} rows, the most for {ExportRun.Form(form).label}: filter it, or take a part."
        )
    run = ExportRun(
        model=rows.model._meta.label_lower,
        form=form,
        filters=filters,
        is_selection=is_selection,
        n_rows=n_rows,
        as_of=_business_date(),
        exported_by=exported_by,
    )
    stream = tempfile.TemporaryFile()  # noqa: SIM115  the response closes it
    try:
        run.n_rows = (
            _write_excel(stream, rows, columns, run)
            if form == ExportRun.Form.EXCEL
            else _write_csv(stream, rows, columns, run)
        )
    except OSError as error:
        stream.close()
        raise ExportFailed(f"The file could not be written: {error.strerror or error}.") from error
    run.save(force_insert=True)
    stream.seek(0)
    return run, stream


def log_export(*, model: str, form: str, filters: str, n_rows: int, exported_by: User) -> ExportRun:
    """Log a file that a page wrote by itself, before it is given."""
    return ExportRun.objects.create(
        model=model, form=form, filters=filters, is_selection=False, n_rows=n_rows, as_of=_business_date(),
        exported_by=exported_by,
    )  # fmt: skip


def describe(run: ExportRun, n_rows: int) -> str:
    """Say in one line what a file holds."""
    what = "rows ticked" if run.is_selection else "all rows of the list"
    return (
        f"{n_rows} {run.model}, {what}; filters: {run.filters or 'none'}; as of {run.as_of or 'no business date'}; "
        f"exported by {run.exported_by.username}"
    )


def _write_csv(stream: IO[bytes], rows: QuerySet, columns: Sequence[Column], run: ExportRun) -> int:
    """Write a byte-order mark, which lets Excel read UTF-8, a head, the rows, an empty line and what the file holds."""
    writer = csv.writer(_Encoded(stream))
    stream.write(b"\xef\xbb\xbf")
    writer.writerow([title for title, _ in columns])
    n_rows = 0
    for row in rows.iterator(chunk_size=CHUNK):
        writer.writerow([csv_cell(read(row)) for _, read in columns])
        n_rows += 1
    writer.writerow([])
    writer.writerow([f"# {describe(run, n_rows)}"])
    return n_rows


def _write_excel(stream: IO[bytes], rows: QuerySet, columns: Sequence[Column], run: ExportRun) -> int:
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell

    book = Workbook(write_only=True)
    sheet = book.create_sheet(run.model.partition(".")[2])

    def cell(value: Any) -> Any:
        value = excel_cell(value)
        if not isinstance(value, str):
            return value
        made = WriteOnlyCell(sheet, value=value)
        made.data_type = "s"  # whatever it begins with
        return made

    sheet.append([cell(title) for title, _ in columns])
    n_rows = 0
    for row in rows.iterator(chunk_size=CHUNK):
        sheet.append([cell(read(row)) for _, read in columns])
        n_rows += 1
    about = book.create_sheet("about")
    about.append([cell(describe(run, n_rows))])
    book.save(stream)
    return n_rows


class _Encoded:
    """What csv.writer writes text to."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream

    def write(self, line: str) -> int:
        return self.stream.write(line.encode("utf-8", errors="replace"))
