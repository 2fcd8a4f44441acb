"""Delimited text: encodings found and told, or asked for, packed or not, ragged rows told apart, memory of one block."""

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv

from borrowers.importing.chunks import Chunk, Fault, name_columns
from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.files import SourceFile
from borrowers.importing.mapping import Source
from borrowers.importing.neutral import NEUTRALISED, REJECTS_HEAD, restore

BLOCK_BYTES = 8 * 1024 * 1024
GZIP_GRACE_BYTES = 64 * 1024 * 1024
GZIP_RATIO_LIMIT = 250  # text packs 5 to 20 times; a thousandfold is a bomb
SAMPLE_BYTES = 1 << 16
PLAUSIBLE_SHARE = 0.95
# What stands between and inside words of languages that cp1252 is for.
WESTERN_LETTERS = frozenset("ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿŠšŽžŒœŸ")
SIGNS = frozenset("€‚„…‹‘’“”•–—™›\u00a0¡£¥§«°²³´·»¿®©ªº½¼")
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "vertical bars"}
BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


class Unpacked:
    """The bytes of a file as UTF-8, whatever it is packed and encoded in; `position` counts the packed bytes read."""

    def __init__(self, file: SourceFile, encoding: str | None) -> None:
        self.file = file
        self.raw = file.path.open("rb")
        self.packed = self.raw.read(2) == b"\x1f\x8b"
        self.raw.seek(0)
        self.stream: BinaryIO = gzip.GzipFile(fileobj=self.raw) if self.packed else self.raw  # type: ignore[assignment]
        self.unpacked_bytes = 0
        self.closed = False
        self.is_given = encoding is not None
        self.is_ascii = True
        self.told: str | None = None
        try:
            head = self._take(1 << 16)
            self.encoding = encoding or guess_encoding(head, file)
        except SourceUnreadable:
            self.raw.close()
            raise
        self.decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        self.rest = head
        self.ready = b""

    @property
    def position(self) -> int:
        return self.raw.tell()

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self.ready) < size:
            data, self.rest = self.rest or self._take(1 << 20), b""
            try:
                text = self.decoder.decode(data, final=not data)
            except UnicodeDecodeError as error:
                text = self._decode_otherwise(error, final=not data)
            self.is_ascii = self.is_ascii and text.isascii()
            self.ready += text.encode()
            if not data:
                break
        end = len(self.ready) if size < 0 else size
        chunk, self.ready = self.ready[:end], self.ready[end:]
        return chunk

    def close(self) -> None:
        self.closed = True
        self.raw.close()

    def _take(self, size: int) -> bytes:
        try:
            data = self.stream.read(size)
        except (EOFError, gzip.BadGzipFile, zlib.error, OSError) as error:
            raise self.file.complain(f"is broken ({error}); fetch it again from where it came.") from error
        self.unpacked_bytes += len(data)
        ratio = self.unpacked_bytes / max(self.raw.tell(), 1)
        if self.packed and self.unpacked_bytes > GZIP_GRACE_BYTES and ratio > GZIP_RATIO_LIMIT:
            raise self.file.complain("unpacks to more than 250 times its size; unpack it and look at it first.")
        return data

    def _decode_otherwise(self, error: UnicodeDecodeError, *, final: bool) -> str:
        """Go on in cp1252 where that is what it looks like; all before was ASCII, so it reads the same. Else ask."""
        data = error.object  # with the bytes that the decoder held back
        sample = data[max(error.start - SAMPLE_BYTES, 0) : error.start + SAMPLE_BYTES]
        was_ascii = self.is_ascii and data[: error.start].isascii()
        if self.is_given or self.encoding != "utf-8" or not was_ascii or not looks_western(sample):
            raise self._bad_bytes(error) from error
        self.encoding = "cp1252"
        self.decoder = codecs.getincrementaldecoder(self.encoding)("strict")
        try:
            text = self.decoder.decode(data, final=final)
        except UnicodeDecodeError as second:
            raise self._bad_bytes(second) from second
        place = next(n for n, character in enumerate(text) if not character.isascii())
        shown = " ".join(text[max(place - 20, 0) : place + 20].replace('"', " ").split())
        self.told = (
            f"{self.file.name}: is not UTF-8 and was read as cp1252, so that it says {shown!r}; "
            "if that is wrong, name the right encoding in the mapping."
        )
        return text

    def _bad_bytes(self, error: UnicodeDecodeError) -> Exception:
        """Find the cell by reading the file again with the bytes kept as they are."""
        bad = error.object[error.start : error.start + 4]
        remedy = 'name the right one in the mapping, such as encoding = "cp1252"'
        shown = " ".join(f"{byte:02x}" for byte in bad[:1])
        if self.encoding not in ("utf-8", "utf-8-sig"):
            return self.file.complain(f"is not {self.encoding}: byte {shown} cannot be read; {remedy}.")
        with self.file.path.open("rb") as raw:
            stream: Any = gzip.GzipFile(fileobj=raw) if self.packed else raw
            text = io.TextIOWrapper(stream, self.encoding, errors="surrogateescape", newline="")
            head = text.read(1 << 16)
            text.seek(0)
            records = csv.reader(text, delimiter=guess_delimiter(head, self.file))
            header = next(records, [])
            for row, record in enumerate(records if not any(map(_is_half, header)) else [header], start=2):
                for column, cell in enumerate(record):
                    if _is_half(cell):
                        reading = cell.encode("utf-8", "surrogateescape").decode("cp1252", "replace")
                        name = header[column] if column < len(header) else f"column {column + 1}"
                        return self.file.complain(
                            f"byte {shown} is not UTF-8 (in cp1252 the cell reads {reading[:60]!r}); {remedy}.",
                            row=row if record is not header else 1,
                            column=None if record is header else name,
                        )
        return self.file.complain(f"byte {shown} is not UTF-8; {remedy}.")


def _is_half(cell: str) -> bool:
    return any("\udc80" <= character <= "\udcff" for character in cell)


def looks_western(sample: bytes) -> bool:
    """Tell whether bytes that are no UTF-8 read as words of a western language in cp1252: letters in them, few at a time."""
    text = sample.decode("cp1252", "replace")
    found = [n for n, character in enumerate(text) if not character.isascii()]
    sound = 0
    for n in found:
        before, after = text[n - 1 : n], text[n + 1 : n + 2]
        if text[n] in WESTERN_LETTERS:
            sound += any(other.isascii() and other.isalpha() for other in (before, after))
        elif text[n] in SIGNS:
            sound += not (before.isalpha() and after.isalpha()) or text[n] in "’´"
    return bool(found) and sound >= PLAUSIBLE_SHARE * len(found)


def guess_encoding(head: bytes, file: SourceFile) -> str:
    """Return the encoding that the first bytes show: a byte-order mark, UTF-16 without one, else UTF-8."""
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    if head.startswith(b"PK\x03\x04"):
        raise file.complain("is a zip or Excel file, not text; give it its right ending, such as .xlsx.")
    even, odd = head[0:4096:2].count(0), head[1:4096:2].count(0)
    if max(even, odd) > len(head[:4096]) // 5 and min(even, odd) < max(even, odd) // 10:
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8"


def guess_delimiter(head: str, file: SourceFile) -> str:
    """Return the separator that occurs most in the first line, tab for .tsv."""
    if any(suffix.lower() == ".tsv" for suffix in file.path.suffixes):
        return "\t"
    line = head.lstrip("\r\n").split("\n", 1)[0]
    return max(",;\t|", key=line.count)


def read_text(file: SourceFile, source: Source, columns: set[str] | None) -> Iterator[Chunk]:
    """Read delimited text block by block; raises SourceUnreadable for what cannot be read at all."""
    stream = Unpacked(file, source.encoding)
    try:
        yield from _read(stream, file, source, columns)
    finally:
        stream.close()


def _read(stream: Unpacked, file: SourceFile, source: Source, columns: set[str] | None) -> Iterator[Chunk]:
    head = stream.read(1 << 18)
    stream.ready = head + stream.ready
    if not head.strip():
        raise file.complain("is empty; it needs a header row and data.")
    text = head.decode("utf-8", "ignore")
    delimiter = source.delimiter or guess_delimiter(text, file)
    separated = _tell_separator(delimiter, stream, file) if source.delimiter is None else ""
    csv.field_size_limit(BLOCK_BYTES)
    leading = len(text) - len(text.lstrip("\r\n"))
    try:
        first = next(csv.reader(io.StringIO(text[leading:]), delimiter=delimiter))
    except csv.Error as error:  # lines that end as they did on old Macs, or a name that never ends
        raise file.complain(f"has a header that cannot be read ({error}); lines end with a newline.") from error
    is_rejects = tuple(first[: len(REJECTS_HEAD)]) == REJECTS_HEAD
    header = name_columns(list(map(restore, first)) if is_rejects else first, file, columns)
    faults = _Ragged(file.name)
    numbers = [f"c{n}" for n in range(len(header))]
    wanted = [n for n, name in enumerate(header) if columns is None or name in columns]
    try:
        reader = pa_csv.open_csv(
            pa.PythonFile(stream, "r"),
            read_options=pa_csv.ReadOptions(use_threads=False, block_size=BLOCK_BYTES, column_names=numbers),
            parse_options=pa_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=faults
            ),
            convert_options=pa_csv.ConvertOptions(
                column_types=dict.fromkeys(numbers, pa.string()),
                include_columns=[numbers[n] for n in wanted],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
                null_values=[""],
            ),
        )
        next_row = 1
        last = None
        for batch in reader:
            rows = faults.number(next_row, batch.num_rows)
            next_row = int(rows[-1]) + 1 if len(rows) else next_row
            frame = batch.rename_columns([header[n] for n in wanted]).to_pandas()
            if is_rejects:
                frame = frame.apply(lambda cells: cells.str.replace(NEUTRALISED, r"\1", regex=True))
            past_header = rows > 1 + text[:leading].count("\n")
            frame, rows = frame[past_header].reset_index(drop=True), rows[past_header]
            if len(frame):
                last = (frame.iloc[-1], rows[-1])
            told = tuple(filter(None, (separated, stream.told)))
            yield Chunk(frame, rows, faults.take(), stream.position, told, stream.encoding if stream.told else None)
    except pa.ArrowInvalid as error:
        raise file.complain(_explain(str(error))) from error
    if last is not None and _swallowed(last[0]):
        raise file.complain(
            'a quote (") is opened and never closed: the rest of the file became one cell.', row=int(last[1])
        )
    if left := faults.take():
        yield Chunk(
            pd.DataFrame(columns=[header[n] for n in wanted], dtype="str"), np.empty(0, np.int64), left, stream.position
        )


def _tell_separator(delimiter: str, stream: Unpacked, file: SourceFile) -> str:
    """Say how a file was read whose cells are not separated by commas or whose text is in UTF-16; "" for all others."""
    name = SEPARATORS.get(delimiter)
    if name is None and not stream.encoding.startswith("utf-16"):
        return ""
    return f"{file.name}: read as {stream.encoding.upper()}, cells separated by {name or 'commas'}."


def _swallowed(record: pd.Series) -> bool:
    """Tell whether the last record's last filled cell ran on over line ends to the end of the file."""
    cells = record.dropna()
    return len(cells) > 0 and str(cells.iloc[-1]).endswith("\n")


def _explain(message: str) -> str:
    if "straddling" in message:
        return 'has a row of more than 8 MB; a quote (") may be opened and never closed.'
    return f"cannot be read as a table: {message.splitlines()[0]}."


class _Ragged:
    """Collects rows with too few or too many cells and keeps the numbers of all rows right."""

    def __init__(self, file_name: str) -> None:
        self.faults: list[Fault] = []
        self.numbers: list[int] = []

    def __call__(self, row: Any) -> str:
        self.numbers.append(row.number)
        if row.text.strip():
            count = f"{row.actual_columns} cells where the header has {row.expected_columns}"
            self.faults.append(
                Fault(
                    row.number, "", row.text, f"has {count}; quote cells that hold the separator, or complete the row"
                )
            )
        return "skip"

    def number(self, start: int, count: int) -> np.ndarray:
        """Return the file's numbers of the next rows, leaving out those that were skipped."""
        skipped = [n for n in self.numbers if n >= start]
        rows = np.arange(start, start + count + len(skipped), dtype=np.int64)
        rows = rows[~np.isin(rows, skipped)][:count]
        self.numbers = [n for n in skipped if count and n > rows[-1]]
        return rows

    def take(self) -> list[Fault]:
        taken, self.faults = self.faults, []
        return taken
