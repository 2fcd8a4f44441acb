"""What backup and restore say they did."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class BackupReport:
    """One file that holds everything."""

    path: Path
    n_bytes: int
    n_tables: int
    n_rows: int
    seconds: float

    def summary(self) -> str:
        return (
            f"{self.path}: {self.n_rows:,} rows of {self.n_tables} tables, {self.n_bytes / 1e6:,.1f} MB "
            f"({self.seconds:.1f} s). Try it: manage.py restore {self.path} --check"
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "path": str(self.path),
            "bytes": self.n_bytes,
            "tables": self.n_tables,
            "rows": self.n_rows,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class RestoreReport:
    """What was restored, and what is not as in the backup."""

    made_at: str
    n_tables: int
    n_rows: int
    differences: tuple[str, ...]
    broken: tuple[str, ...]
    n_checked: int
    n_migrations_missing: int
    is_check: bool
    seconds: float

    @property
    def failed(self) -> bool:
        return bool(self.differences or self.broken)

    def summary(self) -> str:
        what = "can be restored" if self.is_check else "is restored"
        if self.failed:
            what = "was restored, and is not what the backup says"
        lines = [
            f"The backup of {self.made_at} {what}: {self.n_rows:,} rows of {self.n_tables} tables ({self.seconds:.1f} s)."
        ]
        if not self.differences:
            lines.append("Rows, contents and sequences are those of the backup.")
        lines += [f"  {line}" for line in (*self.differences, *self.broken)]
        if self.n_migrations_missing:
            lines.append(
                f"It is of an older release: run manage.py migrate ({self.n_migrations_missing} to do), then verify."
            )
        elif not self.broken:
            lines.append(f"All {self.n_checked} invariants hold.")
        return "\n".join(lines)

    def as_json(self) -> dict[str, Any]:
        return {
            "made_at": self.made_at,
            "tables": self.n_tables,
            "rows": self.n_rows,
            "differences": list(self.differences),
            "checked": self.n_checked,
            "broken": list(self.broken),
            "migrations_missing": self.n_migrations_missing,
            "is_check": self.is_check,
            "seconds": round(self.seconds, 3),
        }
