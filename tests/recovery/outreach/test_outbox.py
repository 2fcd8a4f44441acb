"""The outbox: at most once, asked again before it is sent, never changed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.conf import settings as configured
from django.core import mail
from django.db import IntegrityError, connection, transaction

from borrowers.models import ContactEvent, ContactPoint, Loan
from creditpath.accounts.models import User
from creditpath.invariants import verify
from recovery.contacts.services import lift_hold, set_hold
from recovery.errors import ContactNotPermitted, MessageIsOver, MessageRefused
from recovery.models import ContactBlock, ContactReservation, OutgoingMessage
from recovery.outreach import dispatching, queueing
from recovery.outreach.services import cancel_message, dispatch_messages, opt_out, queue_message, resolve_message
from recovery.timeline import build_timeline
from tests.factories import at
from tests.recovery.outreach.conftest import DAY, KeptSms, template

pytestmark = pytest.mark.django_db

TEXT = (
    "North Lending: USD 150.00 on your loan is 12 days past due. Please pay, or tell us if you cannot. "
    "To get no more texts: reply STOP"
)


def state_of(message: OutgoingMessage) -> str:
    message.refresh_from_db()
    return message.state


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Let the work's clock stand at an instant of the frozen day."""

    def stand_at(instant: datetime) -> None:
        for module in (dispatching, queueing):
            monkeypatch.setattr(module, "current_instant", lambda: instant)
        monkeypatch.setattr("recovery.contacts.reserving.current_instant", lambda: instant)

    return stand_at


# --- what is sent -----------------------------------------------------------------------------------------------------
def test_a_message_is_sent_once_and_is_a_contact_with_its_exact_text(message: OutgoingMessage, agent: User) -> None:
    assert dispatch_messages().counts == {"sent": 1}
    assert dispatch_messages().counts == {}
    assert KeptSms.sent == [TEXT]
    assert state_of(message) == "sent"
    event = ContactEvent.objects.get()
    assert (event.outcome, event.text_sent, event.agent, event.contact_point_id) == (
        "sent", TEXT, agent, message.contact_point_id,
    )  # fmt: skip
    assert (message.provider_reference, message.contact_event, message.to_address) == ("kept-1", event, "+12125550123")
    assert message.reservation.state == "performed"


def test_an_email_goes_through_the_backend_of_django_and_markup_stays_text(loan: Loan, agent: User) -> None:
    queue_message(borrower=loan.borrower, template=template("email"), queued_by=agent)
    assert dispatch_messages().counts == {"sent": 1}
    (sent,) = mail.outbox
    assert (sent.to, sent.content_subtype) == (["ada@example.com"], "plain")
    assert "Dear Ada <b>Brown</b>," in sent.body


def test_the_same_form_queues_once(loan: Loan, agent: User) -> None:
    made = {queue_message(borrower=loan.borrower, template=template(), queued_by=agent, form_key="k") for _ in range(3)}
    assert len(made) == 1


def test_what_a_provider_refuses_is_not_sent_and_its_attempt_is_free_again(
    message: OutgoingMessage, settings: Any
) -> None:
    settings.SMS_BACKEND = "tests.recovery.outreach.conftest.RefusingSms"
    assert dispatch_messages().counts == {"failed": 1}
    assert (state_of(message), message.reason) == ("failed", "the number does not exist")
    assert message.reservation.state == "released"


def test_a_mail_server_that_is_away_takes_nothing_from_the_outbox(loan: Loan, agent: User, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    row = queue_message(borrower=loan.borrower, template=template("email"), queued_by=agent)
    report = dispatch_messages()
    assert (report.counts, list(report.away), state_of(row)) == ({}, ["email"], "queued")


# --- what stands in the way at dispatch -------------------------------------------------------------------------------
def test_a_message_held_back_until_half_past_nine_is_refused(
    message: OutgoingMessage, clock: Callable[[datetime], None]
) -> None:
    clock(at(DAY, 21, 30))
    assert dict(dispatch_messages().reasons) == {"outside_hours": 1}
    assert state_of(message) == "refused"
    assert message.reason.startswith("It is Tue 21:30 there: contacts are allowed from 08:00 to 21:00.")
    assert ContactBlock.objects.get().answer["reasons"][0]["code"] == "outside_hours"
    assert KeptSms.sent == []


def test_a_message_queued_at_night_waits_for_the_morning(
    loan: Loan, agent: User, clock: Callable[[datetime], None]
) -> None:
    clock(at(DAY, 21, 30))
    row = queue_message(borrower=loan.borrower, template=template(), queued_by=agent)
    assert row.not_before == at(DAY + timedelta(days=1), 8)
    assert dispatch_messages().counts == {}
    assert state_of(row) == "queued"


def test_an_opt_out_after_queueing_stops_it(message: OutgoingMessage) -> None:
    opt_out(contact_points=[message.contact_point], channel="sms", source="test", wording="STOP")
    assert dict(dispatch_messages().reasons) == {"opted_out": 1}


def test_a_hold_after_queueing_stops_collection(message: OutgoingMessage, agent: User) -> None:
    set_hold(borrower=message.borrower, kind="attorney", reason="letter", set_by=agent)
    assert dict(dispatch_messages().reasons) == {"attorney": 1}


def test_the_timeline_tells_of_a_hold_and_of_the_message_it_stopped(
    message: OutgoingMessage, loan: Loan, agent: User
) -> None:
    hold = set_hold(borrower=message.borrower, kind="attorney", reason="A letter from their attorney.", set_by=agent)
    dispatch_messages()
    lift_hold(hold=hold, reason="They are represented no longer.", lifted_by=agent)
    entries = build_timeline(message.borrower, [loan], {}).entries
    assert {(entry.kind, entry.title, entry.state) for entry in entries} == {
        ("message", f"Text message to {message.to_address}", "refused"),
        ("hold", "Hold set: attorney represents them", "lifted later"),
        ("hold", "Hold lifted: attorney represents them", ""),
    }
    assert build_timeline(message.borrower, [loan], {}, until=date(2026, 6, 1)).entries == ()


@pytest.mark.parametrize(
    ("fields", "is_sent"), [({}, False), ({"status": "pending"}, False), ({"reversed": True}, True)]
)
def test_a_payment_after_queueing_stops_it_unless_it_was_taken_back(
    message: OutgoingMessage, loan: Loan, fields: dict[str, Any], is_sent: bool
) -> None:
    from tests.factories import make_payment, make_reversal

    is_reversed = fields.pop("reversed", False)
    payment = make_payment(
        loan, date(2026, 6, 29), 20, booked=date(2026, 6, 29), **fields
    )  # known earlier, entered later
    if is_reversed:
        make_reversal(payment)
    assert dict(dispatch_messages().reasons) == ({} if is_sent else {"paid_since": 1})


def test_a_sender_who_left_sends_nothing_more(message: OutgoingMessage, agent: User) -> None:
    User.objects.filter(pk=agent.pk).update(is_active=False)
    assert dict(dispatch_messages().reasons) == {"sender_left": 1}


def test_an_attempt_reserved_earlier_is_asked_about_again(
    message: OutgoingMessage, agent: User, clock: Callable[[datetime], None]
) -> None:
    from recovery.contacts.services import reserve_contact

    reserve_contact(
        borrower=message.borrower, loan=message.loan, contact_point=message.contact_point, channel="sms", agent=agent,
        lease=timedelta(hours=20),
    )  # fmt: skip
    clock(at(DAY, 21, 10))
    assert dict(dispatch_messages().reasons) == {"outside_hours": 1}


# --- what is refused when it is queued --------------------------------------------------------------------------------
def test_queueing_to_somebody_on_hold_is_refused_and_logged(loan: Loan, agent: User) -> None:
    set_hold(borrower=loan.borrower, kind="cease", reason="letter", set_by=agent)
    with pytest.raises(ContactNotPermitted, match="They asked not to be contacted"):
        queue_message(borrower=loan.borrower, template=template(), queued_by=agent)
    assert ContactBlock.objects.get().agent == agent


def test_a_number_of_no_country_is_refused(loan: Loan, agent: User) -> None:
    point = ContactPoint.objects.create(borrower=loan.borrower, kind="phone", value="12")
    with pytest.raises(MessageRefused) as refusal:
        queue_message(borrower=loan.borrower, template=template(), contact_point=point, queued_by=agent)
    assert "write it with its country" in refusal.value.fields["contact_point"]


# --- at most once -----------------------------------------------------------------------------------------------------
def test_a_carrier_that_fails_leaves_it_unknown_and_it_is_never_sent_again(
    message: OutgoingMessage, agent: User, kept_sms: type[KeptSms]
) -> None:
    def fail(row: OutgoingMessage) -> None:
        raise TimeoutError

    kept_sms.meanwhile = fail
    assert dispatch_messages().counts == {"unknown": 1}
    kept_sms.meanwhile = None
    later = OutgoingMessage.objects.create(
        borrower=message.borrower, loan=message.loan, contact_point=message.contact_point, channel="sms",
        template=message.template, to_address=message.to_address, text="later", queued_by=agent,
    )  # fmt: skip
    assert dict(dispatch_messages().reasons) == {"earlier_is_unknown": 1}
    assert (state_of(message), state_of(later), KeptSms.sent) == ("unknown", "refused", [])
    resolve_message(message=message, was_sent=True, reference="seen at the provider", by=agent)
    assert (state_of(message), message.resolved_by, ContactEvent.objects.count()) == ("sent", agent, 1)
    with pytest.raises(MessageIsOver):
        resolve_message(message=message, was_sent=False, by=agent)


@pytest.mark.parametrize("was_sent", [True, False])
def test_who_dies_between_the_intention_and_its_end_leaves_it_unknown(
    message: OutgoingMessage, kept_sms: type[KeptSms], monkeypatch: pytest.MonkeyPatch, was_sent: bool
) -> None:
    def die(*args: Any, **options: Any) -> None:
        raise SystemExit

    if was_sent:
        monkeypatch.setattr(dispatching, "mark_sent", die)
    else:
        kept_sms.meanwhile = die
    with pytest.raises(SystemExit):
        dispatch_messages()
    assert state_of(message) == "sending"
    monkeypatch.undo()
    kept_sms.meanwhile = None
    report = dispatch_messages()
    assert (report.n_left_unknown, report.counts, state_of(message)) == (1, {}, "unknown")
    assert len(KeptSms.sent) == was_sent


def test_a_message_that_has_been_sent_or_cancelled_is_over(message: OutgoingMessage, agent: User) -> None:
    cancel_message(message=message, by=agent)
    assert dispatch_messages().counts == {}
    with pytest.raises(MessageIsOver):
        cancel_message(message=message, by=agent)


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ("text = 'other'", "message_moves_on_and_never_back"),
        ("state = 'sent'", "message_moves_on_and_never_back"),
        ("state = 'sending', dispatcher = 1, sending_at = now()", "message_is_sent_as_the_attempt_that_is_reserved"),
        ("to_address = 'x', state = 'cancelled'", "message_moves_on_and_never_back"),
    ],
)
def test_raw_sql_changes_no_text_and_skips_no_state(message: OutgoingMessage, change: str, rule: str) -> None:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE recovery_outgoingmessage SET {change} WHERE id = %s", [message.pk])
    assert refusal.value.__cause__.diag.constraint_name == rule  # type: ignore[union-attr]


@pytest.mark.parametrize("ended", ["sent", "unknown", "refused"])
def test_raw_sql_queues_nothing_again(message: OutgoingMessage, kept_sms: type[KeptSms], ended: str) -> None:
    if ended == "unknown":
        kept_sms.meanwhile = lambda row: 1 / 0
    elif ended == "refused":
        User.objects.update(is_active=False)
    dispatch_messages()
    assert state_of(message) == ended
    for change in ("UPDATE recovery_outgoingmessage SET state = 'queued'", "DELETE FROM recovery_outgoingmessage"):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)


# --- several at once, and killed ones, in processes and threads of their own -------------------------------------------
CHILD = """
import sys, time
import django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from recovery.outreach import carriers
class Stopping:
    def send(self, message):
        print("stopped", flush=True)
        time.sleep(600)
carriers.Stopping = Stopping
settings.SMS_BACKEND = "recovery.outreach.carriers.Stopping"
settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
from recovery.outreach.services import dispatch_messages
dispatch_messages()
"""


@pytest.mark.django_db(transaction=True)
def test_a_dispatcher_killed_while_sending_leaves_unknown_and_the_others_go_on(
    message: OutgoingMessage, loan: Loan, agent: User
) -> None:
    email = queue_message(borrower=loan.borrower, template=template("email"), queued_by=agent)
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "creditpath.settings"}
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(connection.settings_dict["NAME"])],
        stdout=subprocess.PIPE, text=True, cwd=configured.BASE_DIR, env=environment,
    )  # fmt: skip
    assert child.stdout is not None and child.stdout.readline() == "stopped\n"
    report = dispatch_messages()  # beside a living one: what that one is sending stays alone
    assert (report.n_left_unknown, report.counts, state_of(message)) == (0, {"sent": 1}, "sending")
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    for _ in range(100):  # until the server has noticed
        if dispatch_messages().n_left_unknown:
            break
    assert (state_of(message), state_of(email), KeptSms.sent) == ("unknown", "sent", [])
    assert ContactReservation.objects.get(message=message).state == "reserved"


@pytest.mark.django_db(transaction=True)
def test_two_dispatchers_at_once_send_each_message_once(borrower: Any, agent: User) -> None:
    from borrowers.services import refresh_delinquency
    from tests.factories import make_borrower, make_loan

    for number in range(8):
        person = make_borrower(team=borrower.team)
        ContactPoint.objects.create(borrower=person, kind="phone", value=f"21255501{number:02}")
        make_loan(borrower=person, instalments=[(date(2026, 6, 18), 150)])
        refresh_delinquency(as_of=DAY)
        for key in ("a", "b"):  # two to the same person at once
            queue_message(borrower=person, template=template(), queued_by=agent, form_key=f"{key}{number}")
    start = Barrier(2)
    reports: list[Any] = []

    def run() -> None:
        start.wait()
        try:
            reports.append(dispatch_messages())
        finally:
            connection.close()

    threads = [Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    dispatch_messages()
    assert len(reports) == 2
    counts = {state: OutgoingMessage.objects.filter(state=state).count() for state in ("queued", "sent", "unknown")}
    assert counts["sent"] == len(KeptSms.sent) == ContactEvent.objects.count()
    assert counts["queued"] == counts["unknown"] == 0
    assert verify().broken == ()
