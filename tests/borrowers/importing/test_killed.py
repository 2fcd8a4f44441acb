"""A killed import leaves the books as they were, and the next one clears up after it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from borrowers.importing import publishing
from borrowers.importing.errors import ImportRunning
from borrowers.importing.reports import ImportReport
from borrowers.models import ImportRun, Loan, Payment
from tests.borrowers.importing.lender import Lender, books, counts

pytestmark = pytest.mark.django_db(transaction=True)

# The import runs in a process of its own against the test database, and stops dead where the test wants it killed.
CHILD = """
import sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from borrowers.importing import publishing, running, staging
from borrowers.services import import_portfolio
place, after = sys.argv[4], int(sys.argv[5])
calls = 0
def stop(function):
    def wrapped(*args, **kwargs):
        global calls
        calls += 1
        if calls > after:
            print("stopped", flush=True)
            time.sleep(600)
        return function(*args, **kwargs)
    return wrapped
if place == "staging":
    staging.add_rows = stop(staging.add_rows)
elif place == "checking":
    running.check_rows = stop(running.check_rows)
elif place == "publishing":
    publishing.set_business_date = stop(publishing.set_business_date)
elif place == "committed":
    staging.drop = stop(staging.drop)
from pathlib import Path
import_portfolio(source=Path(sys.argv[2]), mapping=Path(sys.argv[3]))
"""


@pytest.mark.parametrize(
    ("place", "after"), [("staging", 0), ("staging", 2), ("checking", 0), ("publishing", 0), ("committed", 0)]
)
def test_kill_minus_nine_publishes_all_or_nothing(tmp_path: Path, place: str, after: int) -> None:
    lender = Lender(tmp_path)
    before = books()
    name = connection.settings_dict["NAME"]
    arguments = [sys.executable, "-c", CHILD, name, str(lender.folder), str(lender.mapping), place, str(after)]
    child = subprocess.Popen(
        arguments,
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
    published = place == "committed"
    if not published:
        assert books() == before
        assert ImportRun.objects.get().state == "running"

    report = _load_when_the_lock_is_free(lender)

    assert report.tables["payments"] == (counts(unchanged=2) if published else counts(created=2))
    assert Loan.objects.count() == 2
    assert Payment.objects.count() == 2
    states = list(ImportRun.objects.order_by("id").values_list("state", flat=True))
    assert states == (["published", "published"] if published else ["failed", "published"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'import\\_%'")
        assert cursor.fetchall() == []


def _load_when_the_lock_is_free(lender: Lender) -> ImportReport:
    """The server notices the death of its client in a moment, and only then gives up its lock."""
    for _ in range(100):
        try:
            return lender.load()
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
