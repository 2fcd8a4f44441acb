"""Which files a source consists of, what they are, and their fingerprint."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.mapping import Mapping

KINDS = {
    ".csv": "text", ".tsv": "text", ".txt": "text", ".xlsx": "workbook", ".parquet": "parquet", ".pq": "parquet",
    ".sqlite": "sqlite", ".sqlite3": "sqlite", ".db": "sqlite",
}  # fmt: skip
READABLE = "csv, tsv or txt (also .gz), xlsx, parquet, sqlite"


@dataclass(frozen=True)
class SourceFile:
    """One file of the source; `name` is its path inside the source's folder, as people know it."""

    path: Path
    name: str

    @property
    def kind(self) -> str:
        suffixes = [suffix.lower() for suffix in self.path.suffixes[-2:]]
        if suffixes and suffixes[-1] == ".gz":
            suffixes.pop()
            kind = KINDS.get(suffixes[-1] if suffixes else ".csv", "")
            return kind if kind == "text" else ""
        return KINDS.get(suffixes[-1] if suffixes else "", "")

    def complain(self, message: str, *, row: int | None = None, column: str | None = None) -> SourceUnreadable:
        place = self.name + (f" row {row}" if row else "") + (f", column {column!r}" if column else "")
        return SourceUnreadable(f"{place}: {message}", fields={self.name: message})


def find_files(source: Path, mapping: Mapping) -> list[tuple[SourceFile, ...]]:
    """Return the files of each [[source]] in order; raises SourceUnreadable where a pattern finds none."""
    if not source.exists():
        raise SourceUnreadable(f"{source}: there is no such file or folder.")
    return [match_files(source, item.files, optional=item.optional) for item in mapping.sources]


def match_files(source: Path, pattern: str, *, optional: bool = False) -> tuple[SourceFile, ...]:
    """Return the files under the source that match a name or a pattern, sorted by name."""
    if source.is_file():
        alone = SourceFile(source, source.name)
        found = [alone] if source.match(pattern) else []
        beside = f"the source is the single file {source.name}"
    else:
        root = source.resolve()
        paths = sorted(path for path in source.glob(pattern) if path.is_file())
        for path in paths:
            if not path.resolve().is_relative_to(root):
                raise SourceUnreadable(f"{path.name}: leads out of the source's folder; copy the file into it.")
        found = [SourceFile(path, path.relative_to(source).as_posix()) for path in paths]
        names = sorted(path.name for path in source.iterdir())
        beside = f"the folder has {', '.join(names[:8]) or 'no files'}{' …' if len(names) > 8 else ''}"
    if not found and not optional:
        raise SourceUnreadable(f"{pattern}: no such file in {source}; {beside}. Correct files in the mapping.")
    for file in found:
        if not file.kind:
            raise file.complain(f"is of no kind that can be read; save it as {READABLE}.")
        try:
            with file.path.open("rb"):
                pass
        except OSError as error:
            raise file.complain(f"cannot be opened: {error.strerror}.") from error
    return tuple(found)


def fingerprint(files: list[SourceFile]) -> str:
    """Return the sha256 of one file, or that of the names and sha256 of several; reads them once."""
    digests = {}
    for file in files:
        with file.path.open("rb") as stream:
            digests[file.name] = hashlib.file_digest(stream, "sha256").hexdigest()
    if len(digests) == 1:
        return next(iter(digests.values()))
    return hashlib.sha256(
        "".join(f"{name}\0{digest}\n" for name, digest in sorted(digests.items())).encode()
    ).hexdigest()
