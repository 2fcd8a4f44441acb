"""The dialler: only whom the gate lets be called now, each call reserved; each result recorded once."""

import csv
import hashlib
import hmac
import io
import json
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client

from borrowers.models import Borrower, Consent, ContactEvent, ContactPoint
from borrowers.services import current_instant, refresh_delinquency
from creditpath.accounts.models import Role, User
from creditpath.invariants import verify
from recovery.contacts.services import set_hold
from recovery.models import CallEvent, ContactReservation, DiallerFile, InboundMessage
from recovery.outreach.services import make_dialler_file, read_results, record_results, write_dialler_csv
from recovery.services import recommend_actions
from tests.factories import at, make_borrower, make_loan
from tests.recovery.outreach.conftest import DAY

pytestmark = pytest.mark.django_db
Clients = Callable[[Role], Client]
SECRET, OTHER = "first secret", "second secret"
WHEN = "2026-06-30T10:40:00-04:00"


@pytest.fixture
def callable_people(frozen_day: date, people: dict[Role, User]) -> list[Borrower]:
    rows = []
    for number, name in enumerate(["=HYPERLINK(1)", "Bo", "Cy", "Dee"]):
        person = make_borrower(team=people[Role.AGENT].team, full_name=name)
        ContactPoint.objects.create(borrower=person, kind="phone", value=f"212 555 010{number}", is_preferred=True)
        make_loan(borrower=person, instalments=[(DAY - timedelta(days=40), 500)])
        rows.append(person)
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    return rows


@pytest.fixture
def file(callable_people: list[Borrower], people: dict[Role, User]) -> DiallerFile:
    return make_dialler_file(made_by=people[Role.MANAGER])


# --- file out ---------------------------------------------------------------------------------------------------------
def test_only_whom_the_gate_lets_be_called_now_is_reserved(
    callable_people: list[Borrower], people: dict[Role, User]
) -> None:
    held, far, open_one, _ = callable_people
    set_hold(borrower=held, kind="dispute", reason="letter", set_by=people[Role.AGENT])
    Borrower.objects.filter(pk=far.pk).update(time_zone="Pacific/Honolulu")  # 4:40 there
    file = make_dialler_file(made_by=people[Role.MANAGER])
    assert {entry.borrower_id for entry in file.entries.all()} == {row.pk for row in callable_people[2:]}
    assert ContactReservation.objects.filter(state="reserved", channel="call").count() == file.n_rows == 2
    assert make_dialler_file(made_by=people[Role.MANAGER]).n_rows == 0  # theirs are reserved
    assert file.entries.get(borrower=open_one).number == "+12125550102"


def test_no_call_is_reserved_beyond_the_hours_of_contact_or_an_inconvenient_time(
    callable_people: list[Borrower], people: dict[Role, User]
) -> None:
    first, second, *_ = callable_people
    Borrower.objects.filter(pk=first.pk).update(time_zone="Asia/Kolkata", jurisdiction="US-NY")  # 20:10 there
    set_hold(
        borrower=second, kind="inconvenient_time", from_time="12:00", until_time="13:00", reason="x",
        set_by=people[Role.AGENT],
    )  # fmt: skip
    file = make_dialler_file(made_by=people[Role.MANAGER], lease=timedelta(hours=12))
    until = {entry.borrower_id: entry.reservation.lease_until for entry in file.entries.select_related("reservation")}
    assert until[first.pk] == at(DAY, 11, 30)  # 21:00 in Kolkata
    assert until[second.pk] == at(DAY, 12)
    assert until[callable_people[2].pk] == at(DAY, 21)


def test_the_file_holds_no_formula_and_a_number_that_can_be_dialled(
    file: DiallerFile, people: dict[Role, User]
) -> None:
    rows = list(csv.DictReader(io.StringIO(write_dialler_csv(file=file, taken_by=people[Role.MANAGER]))))
    assert {row["name"] for row in rows} == {"'=HYPERLINK(1)", "Bo", "Cy", "Dee"}
    assert {row["number"] for row in rows} == {f"1212555010{number}" for number in range(4)}


# --- results in -------------------------------------------------------------------------------------------------------
def results(*rows: str) -> list[dict[str, str]]:
    return read_results("\n".join(["reference,outcome,happened_at,connected,talk_minutes,agent", *rows]).encode())


def test_a_result_is_the_attempt_that_was_reserved_and_is_recorded_once(
    file: DiallerFile, people: dict[Role, User]
) -> None:
    entry = file.entries.first()
    assert entry is not None
    rows = results(f"{entry.reference},no_answer,{WHEN},no,0.5,agent")
    first, second = (record_results(rows=rows, by=people[who]) for who in (Role.MANAGER, Role.ADMIN))
    assert (first.n_recorded, second.n_recorded, second.n_repeated) == (1, 0, 1)
    event = ContactEvent.objects.get()
    assert (event.agent, event.is_connected, event.talk_minutes) == (people[Role.AGENT], False, 0.5)
    entry.reservation.refresh_from_db()
    assert (entry.reservation.state, entry.reservation.contact_event) == ("performed", event)
    other = record_results(rows=results(f"{entry.reference},left_message,{WHEN},,,"), by=people[Role.MANAGER])
    assert [(each.row, each.field) for each in other.rejected] == [(1, "outcome")]
    assert verify().broken == ()


@pytest.mark.parametrize(
    ("row", "field", "remedy"),
    [
        ("CP-999999,no_answer,{when},,,", "reference", "no reference of a dialler file"),
        ("'; DROP,no_answer,{when},,,", "reference", "no reference"),
        ("{reference},promise,{when},,,", "outcome", "on the page of the borrower"),
        ("{reference},no_answer,2026-06-30 10:40,,,", "happened_at", "with its zone"),
        ("{reference},no_answer,2026-06-29T10:40:00-04:00,,,", "happened_at", "before the call was reserved"),
        ("{reference},no_answer,{when},maybe,,", "connected", "yes, no"),
        ("{reference},no_answer,{when},,NaN,", "talk_minutes", "such as 4.5"),
        ("{reference},no_answer,{when},,,nobody", "agent", "Nobody with the log-in nobody"),
        ("{reference},call_back,{when},,,", "follow_up_on", "Enter the day"),
    ],
)
def test_a_row_that_cannot_be_is_named_and_the_others_are_recorded(
    file: DiallerFile, people: dict[Role, User], row: str, field: str, remedy: str
) -> None:
    first, second, *_ = file.entries.all()
    report = record_results(
        rows=results(row.format(reference=first.reference, when=WHEN), f"{second.reference},no_answer,{WHEN},,,"),
        by=people[Role.MANAGER],
    )
    assert (report.n_recorded, [(each.row, each.field) for each in report.rejected]) == (1, [(1, field)])
    assert remedy in report.rejected[0].remedy


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"reference,outcome\nCP-1,no_answer", b"names no column happened_at"),
        (b"reference,outcome,happened_at,debt\n", b"There is no column"),
        (b"\xff\xfe", b"no UTF-8"),
        (b"a\x00b", b"NUL"),
        (b'reference,outcome,happened_at\n"open', b"no whole CSV"),
    ],
)
def test_a_file_that_is_none_is_refused_with_a_remedy(
    file: DiallerFile, client_of: Clients, data: bytes, said: bytes
) -> None:
    answer = client_of(Role.MANAGER).post("/dialler/results/", {"file": SimpleUploadedFile("r.csv", data)})
    assert answer.status_code == 200 and said in answer.content


def test_page_and_commands_make_a_file_and_take_results(
    callable_people: list[Borrower], client_of: Clients, tmp_path: Path, people: dict[Role, User]
) -> None:
    client = client_of(Role.MANAGER)
    assert client.post("/dialler/", {"limit": 2, "lease_minutes": 30}).status_code == 302
    made = DiallerFile.objects.get()
    assert f"/dialler/{made.pk}/calls.csv" in client.get("/dialler/").content.decode()
    assert client.get(f"/dialler/{made.pk}/calls.csv").content.count(b"CP-") == 2
    path = tmp_path / "calls.csv"
    call_command("make_dialler_file", str(path), by="manager", verbosity=0)
    reference = next(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))["reference"]
    with pytest.raises(CommandError, match="is there already"):
        call_command("make_dialler_file", str(path), by="manager")
    back = tmp_path / "results.csv"
    back.write_text(f"reference,outcome,happened_at\n{reference},no_answer,{WHEN}\n")
    call_command("record_dialler_results", str(back), by="manager")
    assert ContactEvent.objects.get().outcome == "no_answer"


def test_the_api_makes_a_file_and_takes_results(callable_people: list[Borrower], client_of: Clients) -> None:
    client = client_of(Role.INTEGRATION)
    made = client.post("/api/v1/dialler-files/", {"limit": 1}, content_type="application/json").json()
    (row,) = made["rows"]
    result = {"reference": row["reference"], "outcome": "no_answer", "happened_at": WHEN}
    body = {"results": [result, result | {"reference": "CP-0"}]}
    report = client.post("/api/v1/dialler-results/", body, content_type="application/json").json()
    assert (report["recorded"], [each["row"] for each in report["rejected"]]) == (1, [2])


# --- events, signed ---------------------------------------------------------------------------------------------------
def send(
    body: dict[str, Any], *, to: str = "call-events", secret: str = SECRET, age: int = 0, raw: bytes | None = None
) -> Any:
    data, stamp = json.dumps(body).encode(), str(int(time.time()) - age)
    signature = hmac.new(secret.encode(), f"{stamp}.".encode() + data, hashlib.sha256).hexdigest()
    return Client().post(
        f"/api/v1/{to}/", raw or data, content_type="application/json",
        headers={"X-Event-Timestamp": stamp, "X-Event-Signature": f"sha256={signature}"},
    )  # fmt: skip


@pytest.fixture
def ended(file: DiallerFile, settings: Any) -> dict[str, Any]:
    settings.EVENT_SECRETS = [SECRET, OTHER]
    entry = file.entries.first()
    assert entry is not None
    return {"id": "e1", "kind": "ended", "reference": entry.reference, "happened_at": WHEN, "outcome": "no_answer"}


def test_an_event_is_recorded_once_by_either_secret(ended: dict[str, Any]) -> None:
    first, second = send(ended), send(ended, secret=OTHER)
    assert (first.status_code, second.status_code, second.json()["is_repeat"]) == (201, 200, True)
    assert first.json()["action"] == second.json()["action"] == ContactEvent.objects.get().pk
    assert send(ended | {"outcome": "left_message"}).json()["code"] == "event_known_otherwise"
    assert CallEvent.objects.count() == 1


def test_an_event_that_is_not_signed_right_and_now_is_refused(ended: dict[str, Any], settings: Any) -> None:
    changed = json.dumps(ended | {"outcome": "left_message"}).encode()
    refused = [send(ended, secret="wrong"), send(ended, age=360), send(ended, age=-360), send(ended, raw=changed)]
    settings.EVENT_SECRETS = []
    refused.append(send(ended, secret=""))
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(401, "signature_refused")] * 5
    bare = Client().post("/api/v1/call-events/", ended, content_type="application/json")
    assert (bare.status_code, bare.json()["code"]) == (400, "signature_missing")
    assert not CallEvent.objects.exists() and not ContactEvent.objects.exists()


def test_an_event_that_cannot_be_recorded_is_not_kept_and_can_come_again(ended: dict[str, Any]) -> None:
    assert send(ended | {"outcome": "call_back"}).json()["fields"] == {
        "follow_up_on": "Enter the day on which to call back."
    }
    assert send(ended | {"reference": "CP-0"}).status_code == 400
    assert send(ended).status_code == 201


def test_stop_ends_text_messages_to_everybody_with_that_number(ended: dict[str, Any]) -> None:
    message = {"id": "m1", "sender": "+1 212 555 0101", "text": " Stop. "}
    first, second = send(message, to="inbound-messages"), send(message, to="inbound-messages")
    assert (first.json(), second.json()) == (
        {"is_repeat": False, "opted_out": 1}, {"is_repeat": True, "opted_out": 1},
    )  # fmt: skip
    consent = Consent.objects.get()
    assert (consent.channel, consent.is_given, consent.wording) == ("sms", False, " Stop. ".strip())
    assert consent.happened_at == current_instant()
    assert InboundMessage.objects.get().borrower.full_name == "Bo"  # type: ignore[union-attr]
    other = {"id": "m2", "sender": "+12125550100", "text": "please stop by tomorrow"}
    assert send(other, to="inbound-messages").json()["opted_out"] == 0
