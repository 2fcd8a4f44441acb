"""Backup and restore on real servers and files: whole, of one instant, private, and only into an empty database."""

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction

from borrowers.models import Loan, Payment
from borrowers.services import refresh_delinquency, set_business_date
from creditpath.backups import services
from creditpath.backups.errors import BackupFailed, NotABackup, RestoreFailed, TargetNotEmpty
from creditpath.backups.manifest import build_manifest
from creditpath.backups.services import back_up, check_backup, restore
from tests.factories import make_loan, make_payment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def loan() -> Loan:
    set_business_date(day=date(2026, 6, 30), is_frozen=True)
    loan = make_loan(
        instalments=[(date(2026, 5, 1), 90, 10), (date(2026, 8, 1), 90, 10)],
        payments=[(date(2026, 5, 3), 40)],
        attributes={"employer": 'O\'Brien \\ Söhne\n\t"x"', "n": [1, None, 2.5]},
    )
    refresh_delinquency()
    return loan


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@contextmanager
def empty_database() -> Iterator[None]:
    """Stand in a new, empty database of the same server."""
    own = connection.settings_dict["NAME"]
    name = f"{own}_restored"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = own
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_was_backed_up_is_restored_to_the_last_row(loan: Loan, tmp_path: Path) -> None:
    report = back_up(path=tmp_path / "a.backup")
    before = build_manifest(services.silent)
    assert report.n_rows == before.n_rows > 10
    with empty_database():
        restored = restore(path=tmp_path / "a.backup")
        assert (restored.differences, restored.broken, restored.failed) == ((), (), False)
        assert build_manifest(services.silent) == before
        kept = Loan.objects.get(pk=loan.pk)
        assert kept.attributes == loan.attributes
        first = kept.payments.get()
        assert make_payment(kept, date(2026, 6, 1), 5).pk > first.pk  # sequences go on
        with pytest.raises(IntegrityError, match="UPDATE is refused"):
            Payment.objects.update(amount=1)  # triggers are there again


def test_backup_is_private_and_is_never_overwritten(loan: Loan, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    back_up(path=path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(BackupFailed, match="is there already"):
        back_up(path=path)
    assert path.read_bytes() == before
    assert names(tmp_path) == ["a.backup"]


def test_backup_can_be_restored_without_this_product(loan: Loan, tmp_path: Path) -> None:
    back_up(path=tmp_path / "a.backup")
    subprocess.run(["tar", "xf", "a.backup"], cwd=tmp_path, check=True)
    told = json.loads((tmp_path / "manifest.json").read_text())
    assert told["tables"]["public.borrowers_loan"]["rows"] == 1
    lister = services.find_client("pg_restore")
    listed = subprocess.run(
        [lister, "--list", "database.dump"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert "TABLE DATA public borrowers_loan" in listed.stdout


def test_password_stands_in_no_command_line(loan: Loan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[str] = []
    original = subprocess.Popen

    def spy(command: Any, *args: Any, **options: Any) -> Any:
        commands.append(" ".join(map(str, command)))
        return original(command, *args, **options)

    monkeypatch.setattr(services.subprocess, "Popen", spy)
    back_up(path=tmp_path / "a.backup")
    password = connection.get_connection_params().get("password")
    assert commands
    assert not password or not any(password in command for command in commands)


def test_backup_under_load_is_of_one_instant(loan: Loan, tmp_path: Path) -> None:
    """Each transaction enters a payment on two loans: a backup that has one without the other is of no instant."""
    other, stopping = make_loan(instalments=[(date(2026, 5, 1), 90)]), threading.Event()

    def count_entered() -> int:
        return Payment.objects.filter(loan_id=other.pk).count()

    def enter() -> None:
        try:
            while not stopping.is_set():
                with transaction.atomic():
                    make_payment(loan, date(2026, 6, 1), 1)
                    make_payment(other, date(2026, 6, 1), 1)
        finally:
            connections.close_all()

    writers = [threading.Thread(target=enter) for _ in range(3)]
    for writer in writers:
        writer.start()
    try:
        while count_entered() < 10:
            time.sleep(0.01)
        before = count_entered()
        back_up(path=tmp_path / "a.backup")
        assert count_entered() > before  # nobody had to wait
    finally:
        stopping.set()
        for writer in writers:
            writer.join()
    entered = count_entered()
    with empty_database():
        assert restore(path=tmp_path / "a.backup").differences == ()
        counts = [Payment.objects.filter(loan_id=each.pk).count() for each in (loan, other)]
        assert counts[0] == counts[1] + 1  # one was there before
        assert before <= counts[1] <= entered


def test_restore_refuses_a_database_that_is_not_empty(loan: Loan, tmp_path: Path) -> None:
    back_up(path=tmp_path / "a.backup")
    with pytest.raises(TargetNotEmpty, match="restored into an empty one"):
        restore(path=tmp_path / "a.backup")
    assert Loan.objects.get().pk == loan.pk


def test_check_tries_a_backup_beside_the_database_and_leaves_nothing(loan: Loan, tmp_path: Path) -> None:
    back_up(path=tmp_path / "a.backup")
    report = check_backup(path=tmp_path / "a.backup")
    assert (report.failed, report.is_check) == (False, True)
    assert Loan.objects.get().pk == loan.pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'creditpath\\_restore\\_%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize(
    ("spoil", "error", "message"),
    [
        (lambda whole: whole[: len(whole) // 2], NotABackup, "is not whole|damaged"),
        (lambda whole: b"nonsense" * 1000, NotABackup, "is no backup"),
        (lambda whole: b"", NotABackup, "is no backup"),
        (lambda whole: whole.replace(b'"format": 1', b'"format": 9'), NotABackup, "backup of another form"),
    ],
)
def test_file_that_is_no_whole_backup_is_refused_before_anything_is_written(
    spoil: Callable[[bytes], bytes], error: type[Exception], message: str, loan: Loan, tmp_path: Path
) -> None:
    back_up(path=tmp_path / "a.backup")
    (tmp_path / "b.backup").write_bytes(spoil((tmp_path / "a.backup").read_bytes()))
    with empty_database(), pytest.raises(error, match=message):
        restore(path=tmp_path / "b.backup")


def test_damaged_dump_leaves_the_database_empty(loan: Loan, tmp_path: Path) -> None:
    for number in range(300):
        make_payment(loan, date(2026, 6, 1), 1 + number)
    path = tmp_path / "a.backup"
    back_up(path=path)
    whole = bytearray(path.read_bytes())
    start = whole.index(b"PGDMP")
    middle = start + (len(whole) - start) // 2
    for place in range(middle, middle + 2000):
        whole[place] ^= 0xFF
    path.write_bytes(whole)
    with empty_database():
        with pytest.raises(RestoreFailed, match="Nothing was restored"):
            restore(path=path)
        assert services.find_tables() == []


def test_row_that_was_lost_or_changed_on_the_way_is_named(
    loan: Loan, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    back_up(path=tmp_path / "a.backup")
    pour = services._pour

    def pour_badly(dump: Any) -> None:
        pour(dump)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE borrowers_borrower SET full_name = 'Somebody else'")
            cursor.execute("DELETE FROM borrowers_delinquency")
            cursor.execute("ALTER SEQUENCE borrowers_payment_id_seq RESTART WITH 1")
            cursor.execute("SELECT setval('borrowers_loan_id_seq', 1, false)")

    monkeypatch.setattr(services, "_pour", pour_badly)
    with empty_database(), pytest.raises(SystemExit) as ended:
        call_command("restore", str(tmp_path / "a.backup"))
    assert ended.value.code == 1
    out = capsys.readouterr().out
    assert "public.borrowers_borrower has other contents than the backup" in out
    assert "public.borrowers_delinquency has 0 rows, the backup 1" in out
    assert re.search(r"sequence public\.borrowers_payment_id_seq stands at 0, the backup's at \d+", out)


# --- interrupted ----------------------------------------------------------------------------------------------------------
CHILD = """
import sys, time
import django
django.setup()
from pathlib import Path
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from creditpath.backups import services
def wait(*args):
    print("stopped", flush=True)
    time.sleep(600)
services._add_stream = wait
services.back_up(path=Path(sys.argv[2]))
"""


def test_killed_backup_leaves_no_file_of_its_name_and_the_next_one_is_made(loan: Loan, tmp_path: Path) -> None:
    path = tmp_path / "a.backup"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(connection.settings_dict["NAME"]), str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings"},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "stopped\n"
    with pytest.raises(BackupFailed, match="Another backup is being written"):
        back_up(path=path)
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    assert names(tmp_path) == ["a.backup.partial"]
    assert stat.S_IMODE((tmp_path / "a.backup.partial").stat().st_mode) == 0o600
    back_up(path=path)
    assert names(tmp_path) == ["a.backup"]
    with empty_database():
        assert not restore(path=path).failed


def test_dump_that_fails_leaves_nothing(loan: Loan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = services.client_environment() | {"PGDATABASE": "no_such_database"}
    monkeypatch.setattr(services, "client_environment", lambda: environment)
    with pytest.raises(BackupFailed, match="no_such_database"):
        back_up(path=tmp_path / "a.backup")
    assert names(tmp_path) == []


def test_disk_that_is_full_leaves_nothing_and_says_so(loan: Loan, tmp_path: Path) -> None:
    """A process that may write 8 kB to a file meets the same error as one whose disk is full."""
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        " resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))\n"
        + CHILD.replace("services._add_stream = wait\n", "")
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(connection.settings_dict["NAME"]), str(tmp_path / "a.backup")],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "a.backup cannot be written: File too large." in done.stderr
    assert names(tmp_path) == []
