"""Files that cannot be read at all: one line that names the file and the way out; the books stay as they were."""

import gzip
import sqlite3
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from borrowers.importing import tables, text
from borrowers.importing.errors import MappingInvalid, SourceUnreadable
from borrowers.importing.files import SourceFile
from borrowers.importing.mapping import Reading, Source
from borrowers.models import Borrower, ImportRun, Payment
from tests.borrowers.importing.lender import CUSTOMERS, PAYMENTS, Lender, books, xlsx


def refusal_of(lender: Lender) -> str:
    before = books()
    with pytest.raises(SourceUnreadable) as refusal:
        lender.load(rejects=lender.folder.parent / "bad.csv")
    assert books() == before
    assert not (lender.folder.parent / "bad.csv").exists()
    assert not ImportRun.objects.exclude(state="failed").exists()
    return refusal.value.detail


def rename_payments(lender: Lender, name: str, content: bytes) -> None:
    lender.change("lender.toml", '"payments.csv"', f'"{name}"')
    lender.write(name, content)


@pytest.mark.parametrize("pattern", ["../secret.csv", "sub/../../secret.csv", "/etc/hosts", "link.csv", "folder/*.csv"])
def test_no_pattern_leads_out_of_the_folder(lender: Lender, pattern: str) -> None:
    secret = lender.folder.parent / "secret.csv"
    secret.write_text(CUSTOMERS)
    (lender.folder / "sub").mkdir()
    (lender.folder / "link.csv").symlink_to(secret)
    (lender.folder / "folder").symlink_to(lender.folder.parent)
    lender.change("lender.toml", 'files = "customers.csv"', f'files = "{pattern}"')

    with pytest.raises((SourceUnreadable, MappingInvalid)):
        lender.load()

    assert not Borrower.objects.exists()


def test_a_source_that_is_not_there(lender: Lender) -> None:
    lender.folder = lender.folder / "nowhere"
    assert "there is no such file or folder" in refusal_of(lender)


def test_a_file_that_is_not_there_is_told_with_what_is(lender: Lender) -> None:
    (lender.folder / "payments.csv").rename(lender.folder / "pay.csv")
    told = refusal_of(lender)
    assert "payments.csv: no such file" in told
    assert "pay.csv" in told


def test_a_missing_column_is_told_with_the_header(lender: Lender) -> None:
    lender.change("payments.csv", "amount", "betrag")
    told = refusal_of(lender)
    assert "payments.csv row 1: there is no column 'amount'; the header has reference, loan, betrag, paid" in told


def test_a_header_of_tens_of_thousands_of_columns_is_refused_at_once(lender: Lender) -> None:
    names = ["reference", "loan", "amount", "paid", *(f"x{n}" for n in range(20_000))]
    lender.write("payments.csv", f"{','.join(names)}\nP1,L1,1,30/01/2026{',' * 20_000}\n")
    assert "the header has 20,004 columns, and 5,000 are the most" in refusal_of(lender)


def test_a_header_that_names_a_needed_column_twice(lender: Lender) -> None:
    lender.write("payments.csv", "reference,loan,amount,paid,amount\nP1,L1,1,30/01/2026,2\n")
    told = refusal_of(lender)
    assert "the column 'amount' is there 2 times; rename one of them, or say 'amount (1)' or 'amount (2)'" in told


@pytest.mark.parametrize(("said", "cents"), [("amount (1)", 100), ("amount (2)", 200)])
def test_one_of_two_columns_with_one_name_is_told_by_its_number(lender: Lender, said: str, cents: int) -> None:
    lender.write("payments.csv", "reference,loan,amount,paid,amount\nP1,L1,1,30/01/2026,2\n")
    lender.change("lender.toml", 'amount = "amount"', f'amount = "{said}"')
    lender.load()
    assert int(Payment.objects.get().amount * 100) == cents


def test_a_column_that_is_there_twice_but_not_needed_does_no_harm(lender: Lender) -> None:
    lender.write("payments.csv", "reference,loan,amount,paid,note,note\nP1,L1,1,30/01/2026,a,b\n")
    assert lender.load().rejected == 0


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file(lender: Lender, content: bytes) -> None:
    lender.write("payments.csv", content)
    assert "payments.csv: is empty; it needs a header row and data" in refusal_of(lender)


def test_a_header_alone_is_a_file_without_rows(lender: Lender) -> None:
    lender.write("payments.csv", "reference,loan,amount,paid\n")
    report = lender.load()
    assert (report.read, report.tables["payments"]["created"]) == (4, 0)


@pytest.mark.parametrize("cut", [20, -6, -2])
def test_a_gzip_that_breaks_off(lender: Lender, cut: int) -> None:
    rename_payments(lender, "payments.csv.gz", gzip.compress(PAYMENTS.encode())[:cut])
    told = refusal_of(lender)
    assert "payments.csv.gz: is broken" in told
    assert "fetch it again" in told


def test_a_gzip_with_a_flipped_byte(lender: Lender) -> None:
    packed = bytearray(gzip.compress(PAYMENTS.encode() * 50))
    packed[len(packed) // 2] ^= 0xFF
    rename_payments(lender, "payments.csv.gz", bytes(packed))
    assert "payments.csv.gz: is broken" in refusal_of(lender)


def test_a_gzip_bomb(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "GZIP_GRACE_BYTES", 1 << 20)
    rename_payments(lender, "payments.csv.gz", gzip.compress(PAYMENTS.encode() + b"P1,L1,1,30/01/2026\n" * 500_000))
    assert "more than 250 times its size" in refusal_of(lender)


def test_bytes_that_are_no_known_encoding_are_shown_with_row_column_and_remedy(lender: Lender) -> None:
    lender.write("customers.csv", "id,name,phone,segment\nC1,Ada,1,a\nC2,Łódź żółć,2,b\n".encode("cp1250"))
    told = refusal_of(lender)
    assert "customers.csv row 3, column 'name': byte a3 is not UTF-8" in told
    assert "name the right one in the mapping" in told


def test_utf_8_and_another_encoding_in_one_file_are_asked_about(lender: Lender) -> None:
    lender.write("customers.csv", "id,name,phone,segment\nC1,Zoë,1,a\nC2,".encode() + "Zoë,2,b\n".encode("cp1252"))
    assert "customers.csv row 3, column 'name': byte eb is not UTF-8" in refusal_of(lender)


def test_an_encoding_that_is_named_wrongly(lender: Lender) -> None:
    lender.change("lender.toml", 'files = "customers.csv"', 'files = "customers.csv"\nencoding = "ascii"')
    lender.write("customers.csv", "id,name,phone,segment\nC1,Zoë,1,a\nC2,B,2,b\n")
    assert "customers.csv: is not ascii" in refusal_of(lender)


def test_a_quote_that_is_never_closed(lender: Lender) -> None:
    lender.write(
        "payments.csv", 'reference,loan,amount,paid\nP1,L1,1,30/01/2026\nP2,L2,1,"30/01/2026\nP3,L1,1,30/01/2026\n'
    )
    told = refusal_of(lender)
    assert "payments.csv row 3" in told
    assert "never closed" in told


def test_a_quote_that_swallows_megabytes(lender: Lender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "BLOCK_BYTES", 1 << 16)
    lender.write("payments.csv", 'reference,loan,amount,paid\nP1,"L1,1,30/01/2026\n' + "x,y,z,w\n" * 50_000)
    assert "never closed" in refusal_of(lender)


def test_a_workbook_that_calls_itself_csv(lender: Lender) -> None:
    lender.write("payments.csv", xlsx([["reference"]]))
    assert "is a zip or Excel file" in refusal_of(lender)


def test_a_workbook_that_is_none(lender: Lender) -> None:
    rename_payments(lender, "payments.xlsx", b"PK\x03\x04 and then nothing")
    assert "payments.xlsx: is not a sound xlsx file" in refusal_of(lender)


def test_a_zip_that_is_no_workbook(lender: Lender) -> None:
    with zipfile.ZipFile(lender.folder / "payments.xlsx", "w") as archive:
        archive.writestr("readme.txt", "hello")
    lender.change("lender.toml", '"payments.csv"', '"payments.xlsx"')
    assert "payments.xlsx: cannot be read as a workbook" in refusal_of(lender)


def test_a_workbook_bomb_is_refused_before_it_is_parsed(lender: Lender) -> None:
    bomb = xlsx([["reference", "loan", "amount", "paid"]], extra={"xl/bomb.xml": b" " * (100 << 20)})
    assert len(bomb) < 1 << 20
    rename_payments(lender, "payments.xlsx", bomb)
    assert "unpacks to more than 100 times its size" in refusal_of(lender)


def test_a_workbook_with_a_cell_at_the_far_end_is_refused_before_its_rectangle_is_made(lender: Lender) -> None:
    far = b'<worksheet><sheetData><row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    rename_payments(lender, "payments.xlsx", xlsx([["reference"]], extra={"xl/worksheets/sheet9.xml": far}))
    assert "spans 1,048,576 rows and 16,384 columns" in refusal_of(lender)


def test_a_view_of_an_sqlite_file_is_no_table(lender: Lender) -> None:
    with sqlite3.connect(lender.folder / "core.db") as connection:
        endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT * FROM c"
        connection.execute(f"CREATE VIEW endless AS {endless}")
    connection.close()
    lender.change("lender.toml", '"payments.csv"', '"core.db"\ntable = "endless"')
    assert "there is no table 'endless'" in refusal_of(lender)


def test_an_expression_in_a_column_of_an_sqlite_file_is_not_worked_out(tmp_path: Path) -> None:
    path = tmp_path / "core.db"
    with sqlite3.connect(path) as connection:
        bomb = "GENERATED ALWAYS AS (hex(zeroblob(400000000)))"
        connection.execute(f'CREATE TABLE loans ("the ""id""" TEXT, bomb TEXT {bomb} VIRTUAL, more TEXT AS (2) STORED)')
        connection.execute('INSERT INTO loans ("the ""id""") VALUES (1)')
    connection.close()
    (chunk,) = tables.read_sqlite(SourceFile(path, path.name), Source("core", path.name, Reading(), {}, {}, {}), None)
    assert chunk.frame.to_dict("list") == {'the "id"': ["1"], "more": ["2"]}


def test_a_workbook_that_lies_about_its_size_is_counted_not_believed(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "WORKBOOK_GRACE_BYTES", 1 << 20)
    data = bytearray(xlsx([["reference"]], extra={"xl/bomb.xml": b" " * (8 << 20)}))
    size = (8 << 20).to_bytes(4, "little")
    while (place := data.find(size)) >= 0:
        data[place : place + 4] = (100).to_bytes(4, "little")
    rename_payments(lender, "payments.xlsx", bytes(data))
    told = refusal_of(lender)
    assert "not a sound xlsx" in told or "more than 100 times" in told


@pytest.mark.parametrize(("name", "told"), [("payments.parquet", "as parquet"), ("payments.sqlite", "sound sqlite")])
def test_files_that_are_not_what_their_name_says(lender: Lender, name: str, told: str) -> None:
    rename_payments(lender, name, b"this is no such file, and long enough to look at " * 50)
    assert told in refusal_of(lender)


def test_a_kind_of_file_that_nobody_can_read(lender: Lender) -> None:
    rename_payments(lender, "payments.pdf", b"%PDF")
    assert "payments.pdf: is of no kind that can be read" in refusal_of(lender)


def test_a_link_out_of_the_folder_is_not_followed(lender: Lender) -> None:
    outside = lender.folder.parent / "secret.csv"
    outside.write_text(PAYMENTS)
    (lender.folder / "payments.csv").unlink()
    (lender.folder / "payments.csv").symlink_to(outside)
    assert "leads out of the source's folder" in refusal_of(lender)


def test_rejects_that_cannot_be_written_are_told_before_the_work(lender: Lender) -> None:
    with pytest.raises(SourceUnreadable, match="rejects cannot be written there"):
        lender.load(rejects=Path("/nowhere/bad.csv"))
    assert not ImportRun.objects.exists()


def test_a_parquet_file_whose_texts_spread_over_the_rows_is_refused(
    lender: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A text that stands once in the file and in every row of the table takes as many times its length in memory."""
    monkeypatch.setattr(tables, "BATCH_BYTES_LIMIT", 10_000)
    path = lender.folder / "payments.parquet"
    pq.write_table(pa.table({name: ["x" * 100] * 1_000 for name in PAYMENTS.split("\n")[0].split(",")}), path)
    assert path.stat().st_size < 10_000
    rename_payments(lender, "payments.parquet", path.read_bytes())
    assert "1,000 rows whose texts take" in refusal_of(lender)
