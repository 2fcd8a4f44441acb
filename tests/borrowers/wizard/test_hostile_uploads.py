"""Whatever is sent in, it ends as a cleaned name in a closed folder, or is refused in one line and leaves nothing."""

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, RequestFactory, override_settings

from borrowers.models import Upload
from borrowers.wizard.errors import UploadRefused
from borrowers.wizard.storing import check_head, clean_name
from creditpath.accounts.models import Role
from creditpath.middleware import WellFormedRequestMiddleware
from tests.borrowers.importing.lender import xlsx
from tests.borrowers.wizard.conftest import latest, send, work

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client_of: Callable[[Role], Client]) -> Client:
    return client_of(Role.ADMIN)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.csv", "passwd.csv"),
        ("..\\..\\boot.csv", "boot.csv"),
        ("/abs/olute.csv", "olute.csv"),
        ("loans.html.csv", "loans_html.csv"),
        ("loans.csv.gz", "loans.csv.gz"),
        ("LOANS.CSV", "LOANS.csv"),
        (".csv", None),
        (".htaccess.csv", "htaccess.csv"),
        ("a b;rm -rf.csv", "a_b_rm_-rf.csv"),
        ("Krédit Ünnő.csv", "Krédit_Ünnő.csv"),
        ("evil\u202evsc.csv", "evil_vsc.csv"),
        ("nul\0.csv", "nul.csv"),
        ("x" * 500 + ".csv", "x" * 80 + ".csv"),
        ("loans.csv.html", None),
        ("loans.svg", None),
        ("loans.php", None),
        ("loans", None),
        ("", None),
        ("loans.xlsx.gz", None),
        ("loans.zip", None),
        ("loans.csv/", None),
    ],
)
def test_name_is_cleaned_or_refused(sent: str, kept: str | None) -> None:
    if kept is None:
        with pytest.raises(UploadRefused):
            clean_name(sent)
    else:
        assert clean_name(sent) == kept


def zipped(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.csv", b"<html><script>alert(1)</script>"),
        ("a.csv", b"\xef\xbb\xbf  <!DOCTYPE html>"),
        ("a.csv", b"<svg xmlns='http://www.w3.org/2000/svg'>"),
        ("a.csv", b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>"),
        ("a.csv", b"%PDF-1.7"),
        ("a.csv", zipped("a", b"a")),
        ("a.csv", b"loan,amount\nL1,\x001\n"),
        ("a.csv", b"\x7fELF\x02\x01\x01" + b"a,b\n" * 20 + b"\0"),
        ("a.csv", b""),
        ("a.xlsx", b"loan,amount\n"),
        ("a.parquet", b"loan,amount\n"),
        ("a.sqlite", b"loan,amount\n"),
        ("a.csv.gz", b"loan,amount\n"),
    ],
)
def test_content_that_is_not_of_its_kind_is_refused(name: str, head: bytes) -> None:
    with pytest.raises(UploadRefused):
        check_head(name, head)


@pytest.mark.parametrize("text", ["loan,amount\nL1,1\n", "\ufeffloan;amount\nL1;1\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le"])
def test_honest_text_is_taken_in_any_encoding(text: str, encoding: str) -> None:
    check_head("a.csv", text.encode(encoding))


def test_refused_upload_leaves_nothing(client: Client, import_root: Path) -> None:
    page = send(client, loans_csv="loan,amount\nL1,1\n", page_csv="<html>").content.decode()
    assert "is a web page" in page
    assert not Upload.objects.exists()
    assert not import_root.exists() or list(import_root.iterdir()) == []


def test_files_lie_closed_in_a_folder_with_a_random_name(client: Client, import_root: Path) -> None:
    send(client, loans_csv="loan no,principal\nL1,1\nL2,2\n")
    (folder,) = import_root.iterdir()
    assert folder.name == latest().key.hex
    assert (folder.stat().st_mode | (folder / "source").stat().st_mode) & 0o077 == 0
    assert (folder / "source" / "loans.csv").stat().st_mode & 0o077 == 0


def test_traversal_in_a_name_stays_in_the_folder(client: Client, import_root: Path) -> None:
    client.post("/import/", {"source_files": [SimpleUploadedFile("x.csv", b"loan no,a\nL1,1\n")]})
    body = (
        b'--b\r\nContent-Disposition: form-data; name="source_files"; filename="../../../../evil.csv"\r\n'
        b"Content-Type: text/csv\r\n\r\nloan no,a\nL1,1\n\r\n--b--\r\n"
    )
    client.generic("POST", "/import/", body, content_type="multipart/form-data; boundary=b")
    assert {path.parent.parent.parent for path in import_root.rglob("*.csv")} == {import_root}


def test_same_name_twice_is_kept_twice(client: Client) -> None:
    files = [
        SimpleUploadedFile("loans.csv", b"loan no,a\nL1,1\n"),
        SimpleUploadedFile("loans.csv", b"loan no,a\nL2,2\n"),
    ]
    client.post("/import/", {"source_files": files})
    assert [file["name"] for file in latest().files] == ["loans.csv", "loans_2.csv"]


def test_packed_bombs_end_as_a_refusal_in_words(client: Client) -> None:
    send(client, bomb_xlsx=xlsx([["loan", "a"], ["L1", "1"]], extra={"xl/media/zero.bin": b"\0" * (300 << 20)}))
    work()
    assert latest().stage == Upload.Stage.REFUSED
    assert "unpacks to more than" in latest().error


def test_gzip_bomb_does_not_fill_memory_or_disk(client: Client) -> None:
    bomb = gzip.compress(b"loan no,principal\n" + b"0" * (200 << 20))
    client.post("/import/", {"source_files": [SimpleUploadedFile("bomb.csv.gz", bomb)]})
    work()
    assert latest().stage == Upload.Stage.REFUSED


def test_upload_above_the_limit_is_refused_by_its_announced_size() -> None:
    def never(request: object) -> None:
        raise AssertionError("the body was read")

    with override_settings(IMPORT_MAX_BYTES=1_000_000):
        request = RequestFactory().post("/import/")
        request.META["CONTENT_LENGTH"] = str(50_000_000)
        answer = WellFormedRequestMiddleware(never)(request)  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert b"csv.gz" in answer.content


def test_upload_above_the_limit_is_told_in_the_form(client: Client) -> None:
    with override_settings(IMPORT_MAX_BYTES=10):
        assert "at most 0 MB" in send(client, loans_csv="loan no,principal\nL1,1\n").content.decode()


def test_hostile_cells_and_headers_are_shown_as_text(client: Client) -> None:
    evil = '"""><script>alert(1)</script>"'
    send(client, loans_csv=f"loan no,customer,principal,approved,{evil}\n" + f"L1,C1,100,2026-01-05,{evil}\n" * 3)
    work()
    page = client.get(f"/import/{latest().pk}/").content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
