"""An import that is cut off leaves the books as they were, and the same command goes on where it stopped."""

import csv
import os
import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from django.conf import settings
from django.db import connection

from borrowers.importing import publishing, running, text
from borrowers.importing.errors import ImportCutOff, ImportRunning
from borrowers.importing.reports import ImportReport
from borrowers.models import ImportRun, Instalment, Loan, Payment
from tests.borrowers.importing.lender import Lender, books, counts

pytestmark = pytest.mark.django_db(transaction=True)

N_LOANS = 300
BLOCK_BYTES = 4096  # so that each file is many chunks
# The import runs in a process of its own against the test database, and stops dead where the test wants it killed.
CHILD = """
import sys, time
import django
django.setup()
from pathlib import Path
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from borrowers.importing import staging, text
from borrowers.services import import_portfolio
text.BLOCK_BYTES = int(sys.argv[6])
place, after = sys.argv[4], int(sys.argv[5])
calls = 0
def stop(*args):
    global calls
    if isinstance(args[-1], int) or args[-1].startswith(place):  # staging.drop gets the run's number
        calls += 1
        if calls > after:
            print("stopped", flush=True)
            time.sleep(600)
if place == "committed":
    staging.drop = stop
import_portfolio(source=Path(sys.argv[2]), mapping=Path(sys.argv[3]), progress=stop)
"""


@pytest.fixture
def many(tmp_path: Path) -> Lender:
    """A lender whose files are many chunks each."""
    lender = Lender(tmp_path)
    customers, loans, payments = ["id,name,phone,segment"], ["loan,customer,principal,approved,first due,total"], []
    for n in range(N_LOANS):
        customers.append(f"C{n},Person {n},0{n},retail")
        loans.append(f"L{n},C{n},{1000 + n}.00,05/01/2026,31/01/2026,{1100 + n}.01")
        payments += [f"P{n}-{k},L{n},{100 + k}.{n % 100:02d},{10 + k}/02/2026" for k in range(3)]
    lender.write("customers.csv", "\n".join(customers) + "\n")
    lender.write("loans.csv", "\n".join(loans) + "\n")
    lender.write("payments.csv", "\n".join(["reference,loan,amount,paid", *payments]) + "\n")
    return lender


def kill(lender: Lender, place: str, after: int) -> None:
    """Import in a process of its own and kill it where progress tells of `place` for the time after `after` times."""
    name = connection.settings_dict["NAME"]
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            CHILD,
            name,
            str(lender.folder),
            str(lender.mapping),
            place,
            str(after),
            str(BLOCK_BYTES),
        ],
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "stopped\n"
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()


def count_typed_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that grows by the rows of each chunk that is typed and staged from now on."""
    seen: list[int] = []
    work = running.stage_chunk

    def counted(chunk: Any, *args: Any, **options: Any) -> Any:
        seen.append(len(chunk.rows))
        return work(chunk, *args, **options)

    monkeypatch.setattr(running, "stage_chunk", counted)
    return seen


def assert_the_books_are_those_of_the_files(lender: Lender) -> None:
    with (lender.folder / "payments.csv").open() as stream:
        said = sorted((row["reference"], row["loan"], Decimal(row["amount"])) for row in csv.DictReader(stream))
    assert sorted(Payment.objects.values_list("external_id", "loan__external_id", "amount")) == said
    assert Loan.objects.count() == N_LOANS
    assert Instalment.objects.count() == 2 * N_LOANS


def schemas() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'import\\_%'")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("place", "after"),
    [
        ("reading customers.csv", 0), ("reading payments.csv", 2), ("checking", 0), ("publishing: merge", 0),
        ("publishing: insert borrowers", 0), ("publishing: insert instalments", 0), ("publishing: insert payments", 0),
        ("publishing: insert payments", 1), ("committed", 0),
    ],
)  # fmt: skip
def test_killed_anywhere_the_same_command_goes_on_and_publishes_the_right_rows(
    many: Lender, place: str, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = books()
    kill(many, place, after)
    published = place == "committed"
    if not published:
        assert books() == before
        assert ImportRun.objects.get().state == "running"

    typed = count_typed_rows(monkeypatch)
    report = _load_when_the_lock_is_free(many)

    assert report.read == 5 * N_LOANS
    assert report.tables["payments"] == (counts(unchanged=900) if published else counts(created=900))
    assert_the_books_are_those_of_the_files(many)
    assert ImportRun.objects.count() == (2 if published else 1)
    assert set(ImportRun.objects.values_list("state", flat=True)) == {"published"}
    assert schemas() == []
    if place.startswith(("checking", "publishing")):
        assert typed == []
    elif not published:
        assert 0 < sum(typed) < 5 * N_LOANS


def test_a_run_that_is_cut_off_twice_and_read_in_other_blocks_still_gives_the_right_rows(
    many: Lender, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(many, "reading loans.csv", 1)
    for _ in range(100):
        try:
            kill(many, "reading payments.csv", 3)
            break
        except AssertionError:  # the server gives up the lock of the dead import in a moment
            time.sleep(0.1)
    monkeypatch.setattr(text, "BLOCK_BYTES", 1500)

    report = _load_when_the_lock_is_free(many)

    assert (report.read, report.rejected) == (5 * N_LOANS, 0)
    assert_the_books_are_those_of_the_files(many)


def test_bad_rows_found_before_the_kill_are_counted_once(many: Lender, tmp_path: Path) -> None:
    many.change("customers.csv", "C7,Person 7,07,retail", "C7,Person 7,07,retail,one too many")
    many.change("payments.csv", "P1-0,L1,100.01", "P1-0,L1,much")
    kill(many, "reading payments.csv", 2)

    report = _load_when_the_lock_is_free(many, rejects=tmp_path / "bad.csv")

    # the customer, his loan, its three payments, and the payment without an amount
    assert (report.read, report.rejected) == (5 * N_LOANS, 6)
    with (tmp_path / "bad.csv").open(encoding="utf-8-sig") as stream:
        assert sorted(row["file"] for row in csv.DictReader(stream)) == [
            "customers.csv",
            "loans.csv",
            *["payments.csv"] * 4,
        ]


@pytest.mark.parametrize("changed", ["file", "mapping"])
def test_another_file_or_mapping_does_not_go_on_with_what_was_staged(
    many: Lender, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kill(many, "reading payments.csv", 2)
    if changed == "file":
        many.change("payments.csv", "P0-0,L0,100.00", "P0-0,L0,111.00")
    else:
        many.change("lender.toml", 'phone = "phone"', 'phone = "phone"\nduplicates = "first"')
    typed = count_typed_rows(monkeypatch)

    report = _load_when_the_lock_is_free(many)

    assert sum(typed) == report.read == 5 * N_LOANS
    assert_the_books_are_those_of_the_files(many)
    assert list(ImportRun.objects.order_by("id").values_list("state", flat=True)) == ["failed", "published"]


def test_a_lost_connection_is_told_in_one_line_and_the_import_goes_on(many: Lender) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()

    def cut(done: int, total: int, message: str) -> None:
        if message.startswith("publishing: insert payments"):
            with psycopg2.connect(**connection.get_connection_params()) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
            other.close()

    with pytest.raises(ImportCutOff, match=r"could not be reached.*Nothing was published.*the same command again"):
        many.load(progress=cut)

    assert Payment.objects.count() == 0
    assert ImportRun.objects.get().state == "failed"
    many.load()
    assert_the_books_are_those_of_the_files(many)
    assert ImportRun.objects.get().state == "published"


def test_a_full_disk_is_told_in_one_line_and_the_import_goes_on_when_there_is_room(many: Lender) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION fill_the_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION USING "
            "ERRCODE = '53100', MESSAGE = 'could not extend file: No space left on device'; END $$;"
            "CREATE TRIGGER full_disk BEFORE INSERT ON borrowers_payment EXECUTE FUNCTION fill_the_disk()"
        )
    try:
        with pytest.raises(ImportCutOff, match=r"disk of the database is full.*Make room, run the same command again"):
            many.load()
        assert Loan.objects.count() == 0
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER full_disk ON borrowers_payment; DROP FUNCTION fill_the_disk()")

    many.load()

    assert_the_books_are_those_of_the_files(many)


def _load_when_the_lock_is_free(lender: Lender, **options: Any) -> ImportReport:
    """The server notices the death of its client in a moment, and only then gives up its lock."""
    for _ in range(100):
        try:
            return lender.load(**options)
        except ImportRunning:
            time.sleep(0.1)
    raise AssertionError("the lock of a dead import was never given up")


def test_an_error_while_publishing_leaves_nothing_of_the_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lender = Lender(tmp_path)
    before = books()

    def fail(**kwargs: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(publishing, "set_business_date", fail)
    with pytest.raises(OSError, match="no space"):
        lender.load()

    assert books() == before
    run = ImportRun.objects.get()
    assert (run.state, run.error) == ("failed", "OSError: no space left on device")
