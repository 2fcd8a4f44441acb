"""What an import reports."""

from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Change:
    """One field of one thing in the books that an import would change; None is empty."""

    kind: str
    name: str
    field: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        before, after = (text if text not in (None, "") else "empty" for text in (self.before, self.after))
        return f"{self.kind} {self.name}: {self.field} {before} → {after}"


@dataclass(frozen=True)
class ImportReport:
    """What an import did, or would do."""

    read: int
    rejected: int
    seconds: float
    tables: dict[str, dict[str, int]]
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    business_date: date | None = None
    changes: tuple[Change, ...] = ()
    dry_run: bool = False
    rejects: Path | None = None
    run_id: int | None = field(default=None, compare=False)

    @property
    def accepted(self) -> int:
        return self.read - self.rejected

    @property
    def failed(self) -> bool:
        """A dry run fails where the import would."""
        return self.dry_run and self.rejected > 0 and self.rejects is None

    def summary(self) -> str:
        head = "Dry run, nothing was changed. " if self.dry_run else ""
        lines = [
            f"{head}Read {self.read:,} rows, accepted {self.accepted:,}, rejected {self.rejected:,}, in {self.seconds:.1f} s."
        ]
        for name, counts in self.tables.items():
            if any(counts.values()):
                told = ", ".join(f"{n:,} {word}" for word, n in counts.items())
                lines.append(f"  {name:<12} {told}")
        if self.changes:
            lines += ["Would change, to begin with:", *(f"  {change}" for change in self.changes)]
        lines += self.notes
        lines += self.faults
        if self.rejects and self.rejected:
            lines.append(f"The rejected rows are in {self.rejects}.")
        if self.failed:
            lines.append(
                "The import would stop at these rows; correct them, or add --rejects F.csv to import the others."
            )
        elif not self.dry_run and self.business_date:
            lines.append("Next: refresh_delinquency.")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        said = {
            "read": self.read,
            "accepted": self.accepted,
            "rejected": self.rejected,
            "seconds": round(self.seconds, 3),
            "tables": self.tables,
        }
        return {**said, "changes": [asdict(change) for change in self.changes]} if self.dry_run else said
