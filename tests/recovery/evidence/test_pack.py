"""A pack proves itself: the script that comes with the documentation checks it without the product."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from borrowers.models import Borrower
from creditpath.accounts.models import Role, User
from recovery.care.services import open_care_record
from recovery.evidence.keeping import decide_erasure, request_erasure
from recovery.evidence.packing import build_pack
from recovery.models import CareReading
from tests.recovery.evidence.conftest import run_unguarded

pytestmark = pytest.mark.django_db


def check(pack: dict[str, Any], folder: Path) -> subprocess.CompletedProcess[str]:
    file = folder / "pack.json"
    file.write_text(json.dumps(pack, indent=1), encoding="utf-8")
    script = Path(settings.BASE_DIR) / "docs" / "check_evidence.py"
    return subprocess.run([sys.executable, str(script), str(file)], capture_output=True, text=True, check=False)


def test_pack_proves_itself(case: Borrower, people: dict[Role, User], tmp_path: Path) -> None:
    pack = build_pack(borrower=case, made_by=people[Role.COMPLIANCE]).as_json()
    assert pack["chain"]["breaks"] == []
    assert "She lost her job at the mill." in {(event["texts"] or {}).get("note") for event in pack["events"]}
    done = check(pack, tmp_path)
    assert (done.returncode, f"chain of {len(pack['events'])} events is whole" in done.stdout) == (0, True), done.stdout


@pytest.mark.parametrize("text", ["naïve – “quoted” \\ \t tab \x1f ünï \U0001f600 \u202e", "</script>\r\nline"])
def test_pack_proves_hostile_text(case: Borrower, people: dict[Role, User], tmp_path: Path, text: str) -> None:
    open_care_record(borrower=case, category="health", details=text, opened_by=None)
    assert check(build_pack(borrower=case, made_by=people[Role.ADMIN]).as_json(), tmp_path).returncode == 0
    assert CareReading.objects.filter(borrower=case, read_by=people[Role.ADMIN]).count() == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda event: event["facts"].update(outcome="paid"), "facts are not those"),
        (lambda event: event["texts"].update(note="friendly"), "text is not the one"),
        (lambda event: event.update(sha256="00" * 32), "does not follow"),
        (lambda event: event.update(source_id=7), "does not follow"),
    ],
)
def test_script_names_the_event_that_was_changed(
    case: Borrower, people: dict[Role, User], tmp_path: Path, change: Callable[[dict[str, Any]], None], told: str
) -> None:
    pack = build_pack(borrower=case, made_by=people[Role.ADMIN]).as_json()
    event = next(event for event in pack["events"] if event["source"] == "contact" and event["texts"])
    change(event)
    done = check(pack, tmp_path)
    assert done.returncode == 1
    assert f"event {event['number']} (contact" in done.stdout
    assert told in done.stdout


def test_pack_without_its_last_event_is_told(case: Borrower, people: dict[Role, User], tmp_path: Path) -> None:
    pack = build_pack(borrower=case, made_by=people[Role.ADMIN]).as_json()
    pack["events"].pop()
    assert "does not end where the pack says" in check(pack, tmp_path).stdout


def test_erased_pack_still_proves_itself(old_case: Borrower, people: dict[Role, User], tmp_path: Path) -> None:
    whole = build_pack(borrower=old_case, made_by=people[Role.COMPLIANCE]).as_json()
    request = request_erasure(borrower=old_case, origin="retention", requested_by=people[Role.COMPLIANCE])
    decide_erasure(request=request, is_approved=True, decided_by=people[Role.ADMIN])
    pack = build_pack(borrower=old_case, made_by=people[Role.COMPLIANCE]).as_json()
    assert "mill" not in json.dumps(pack)
    assert pack["chain"]["breaks"] == []
    assert check(pack, tmp_path).returncode == 0
    n_before = whole["chain"]["length"]
    assert pack["events"][n_before - 1]["sha256"] == whole["chain"]["sha256"]


def test_pack_says_what_is_broken(case: Borrower, people: dict[Role, User]) -> None:
    build_pack(borrower=case, made_by=people[Role.ADMIN])
    run_unguarded("borrowers_contactevent", "UPDATE borrowers_contactevent SET outcome = 'paid' WHERE note <> ''")
    (line,) = build_pack(borrower=case, made_by=people[Role.ADMIN]).breaks
    assert "its facts were changed" in line
