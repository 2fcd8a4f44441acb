"""Where uploads lie: a folder with a random name under var/imports, which no web address reaches; names are "
"cleaned, kinds checked."""

import re
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile

from borrowers.importing.files import KINDS
from borrowers.models import Upload
from borrowers.wizard.errors import UploadRefused

FILES_LIMIT = 20
HEAD_BYTES = 1 << 16
MAGIC = {"workbook": b"PK\x03\x04", "parquet": b"PAR1", "sqlite": b"SQLite format 3\x00"}
PAGE = re.compile(rb"\s*(?:<!doctype|<html|<svg|<\?xml|<script|<!--|%PDF|\{\\rtf)", re.IGNORECASE)
READABLE = "csv, tsv or txt (also .gz), xlsx, parquet, sqlite"


def folder_of(upload: Upload) -> Path:
    """Return the folder of an upload's own files and of what is made from them."""
    return Path(settings.IMPORT_ROOT) / upload.key.hex


def source_of(upload: Upload) -> Path:
    """Return the folder with nothing but the files that were sent in."""
    return folder_of(upload) / "source"


def clean_name(name: str) -> str:
    """Return a name that is only a name: no folder, no second ending, nothing but letters, digits, dashes and underscores.

    Raises UploadRefused for a kind that cannot be read.
    """
    base = unicodedata.normalize("NFKC", name.replace("\\", "/").rpartition("/")[2]).replace("\0", "").strip(". ")
    stem, ending = _split(base)
    if not ending:
        raise UploadRefused(f"{_shown(name)} is of no kind that can be read; the kinds are {READABLE}.")
    stem = re.sub(r"[^\w\-]+", "_", stem, flags=re.UNICODE).strip("_-")[:80]
    return (stem or "file") + ending


def _split(base: str) -> tuple[str, str]:
    low = base.lower()
    packed = ".gz" if low.endswith(".gz") else ""
    rest = base[: len(base) - len(packed)]
    stem, dot, ending = rest.rpartition(".")
    kind = KINDS.get(f".{ending.lower()}", "") if dot else ""
    if not kind or (packed and kind != "text"):
        return base, ""
    return stem, f".{ending.lower()}{packed}"


def check_head(name: str, head: bytes) -> None:
    """Raise UploadRefused where the first bytes are not those of the kind that the name says."""
    ending = "." + name.removesuffix(".gz").rpartition(".")[2]
    kind = KINDS[ending]
    if not head:
        raise UploadRefused(f"{name} is empty; it needs a header row and data.")
    if name.endswith(".gz"):
        if not head.startswith(b"\x1f\x8b"):
            raise UploadRefused(f"{name} is not packed with gzip, though its name says so.")
        return
    if kind in MAGIC:
        if not head.startswith(MAGIC[kind]):
            raise UploadRefused(f"{name} is no {ending[1:]} file, though its name says so; save it again.")
        return
    if head.startswith(b"PK\x03\x04"):
        raise UploadRefused(f"{name} is a zip or Excel file, not text; unpack it, or give it its right ending.")
    if PAGE.match(head.removeprefix(b"\xef\xbb\xbf")):
        raise UploadRefused(f"{name} is a web page, a picture or a document, not a table; export the table as csv.")
    is_wide = (
        head.startswith((b"\xff\xfe", b"\xfe\xff")) or max(head[0::2].count(0), head[1::2].count(0)) > len(head) // 5
    )
    if b"\0" in head and not is_wide:
        raise UploadRefused(f"{name} holds NUL bytes, so it is no text; export the table as csv again.")


def store_files(upload: Upload, files: Sequence[UploadedFile]) -> None:
    """Move the files into the upload's folder and note their names and sizes; on a refusal nothing stays."""
    if not files:
        raise UploadRefused("Choose at least one file.", fields={"files": "Choose at least one file."})
    if len(files) > FILES_LIMIT:
        raise UploadRefused(f"These are {len(files)} files; at most {FILES_LIMIT} are taken at once.")
    total = sum(file.size or 0 for file in files)
    if total > settings.IMPORT_MAX_BYTES:
        raise UploadRefused(too_large(total))
    folder = source_of(upload)
    try:
        for closed in (*reversed(folder.parents[:2]), folder):  # parents=True would leave them open to others
            closed.mkdir(mode=0o700, parents=True, exist_ok=closed is not folder)
        names: list[str] = []
        for file in files:
            name = _distinct(clean_name(file.name or ""), names)
            check_head(name, next(iter(file.chunks(HEAD_BYTES)), b"")[:HEAD_BYTES])
            _move(file, folder / name)
            names.append(name)
            upload.files.append({"name": name, "size": file.size})
    except BaseException:
        remove_files(upload)
        raise
    upload.name = ", ".join(names)[:300]
    upload.n_bytes = total


def too_large(size: int) -> str:
    """Return what to say of an upload above the limit."""
    return (
        f"This is {size / 1e6:,.0f} MB; at most {settings.IMPORT_MAX_BYTES / 1e6:,.0f} MB are taken through the browser. "
        "Pack it with gzip (csv.gz), split it, or let an administrator run import_portfolio on the server."
    )


def _move(file: UploadedFile, target: Path) -> None:
    if isinstance(file, TemporaryUploadedFile):  # it lies under var/ already
        shutil.move(file.temporary_file_path(), target)
        target.chmod(0o600)
        return
    file.seek(0)
    with target.open("xb") as stream:
        for block in file.chunks():
            stream.write(block)
    target.chmod(0o600)


def _distinct(name: str, taken: Sequence[str]) -> str:
    stem, ending = _split(name)
    number = 2
    while name in taken:
        name, number = f"{stem}_{number}{ending}", number + 1
    return name


def _shown(name: str) -> str:
    short = name if len(name) <= 60 else name[:59] + "…"
    return "".join(c if c.isprintable() else "�" for c in short) or "A file without a name"


def remove_files(upload: Upload) -> None:
    """Remove an upload's folder with all that is in it."""
    shutil.rmtree(folder_of(upload), ignore_errors=True)
