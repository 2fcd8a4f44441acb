"""The verb of profiling."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.mapping_file import load_mapping

if TYPE_CHECKING:
    from borrowers.profiling.findings import Finding


@dataclass(frozen=True)
class ProfileReport:
    """What was found in a source, and where the page about it is."""

    output: Path
    rows: int
    tables: int
    columns: int
    findings: "tuple[Finding, ...]"
    size: int

    def count(self, severity: str) -> int:
        return sum(finding.severity == severity for finding in self.findings)

    def summary(self) -> str:
        lines = [f"Read {self.rows:,} rows of {self.tables} tables with {self.columns} columns."]
        lines += [
            f"  {f.severity:<5} {f.table}{f', {f.column}' if f.column else ''}: {f.title}" for f in self.findings[:20]
        ]
        if len(self.findings) > 20:
            lines.append(f"  And {len(self.findings) - 20} more.")
        lines.append(f"The report is in {self.output} ({self.size / 1000:,.0f} KB).")
        return "\n".join(line if line.isprintable() else ascii(line) for line in "\n".join(lines).split("\n"))

    def as_json(self) -> dict[str, Any]:
        keys = ("severity", "table", "column", "title", "detail", "remedy")
        return {
            "rows": self.rows, "tables": self.tables, "columns": self.columns, "report": str(self.output),
            "findings": [{key: getattr(f, key) for key in keys} for f in self.findings],
        }  # fmt: skip


def profile_source(
    *,
    source: Path,
    output: Path,
    mapping: Path | None = None,
    title: str = "",
    now: datetime | None = None,
    is_simulated: bool = False,
    progress: Callable[[int, int, str], None] | None = None,
) -> ProfileReport:
    """Write one HTML page about a file or folder: each column with a chart, and what is wrong with a remedy.

    With a mapping the files are those that it names, and its fields stand at the columns. Reads every row once; memory is that
    of a chunk, a sample and the keys, whatever the size. Changes nothing. Raises SourceUnreadable, MappingInvalid.
    """
    from borrowers.profiling.findings import find_faults
    from borrowers.profiling.gathering import gather
    from borrowers.profiling.page import build_page

    now = now or timezone.now()
    plan = load_mapping(mapping) if mapping else None
    if output.is_dir() or not output.resolve().parent.is_dir():
        raise SourceUnreadable(f"{output}: the report cannot be written there; name a file in a folder that exists.")
    tables = gather(Path(source), plan, progress or _silent)
    findings = find_faults(tables, today=timezone.localdate(now))
    page = build_page(
        title=title or Path(source).name, tables=tables, findings=findings, made_at=timezone.localtime(now),
        is_simulated=is_simulated,
    )  # fmt: skip
    try:
        output.write_text(page, encoding="utf-8")
    except OSError as error:
        raise SourceUnreadable(f"{output}: the report cannot be written ({error.strerror}).") from error
    return ProfileReport(
        output=output, rows=sum(table.n_rows for table in tables), tables=len(tables),
        columns=sum(len(table.columns) for table in tables), findings=tuple(findings), size=len(page.encode()),
    )  # fmt: skip


def _silent(done: int, total: int, message: str) -> None:
    """Show nothing."""
