"""What stops contacts, for how long, and what it lets through."""

from datetime import date, time, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan, LoanEvent
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import User
from recovery.contacts.services import lift_hold, record_validation_notice, set_hold
from recovery.errors import HoldRefused
from recovery.models import Hold, Recommendation
from recovery.services import recommend_actions
from tests.factories import make_contact, make_loan
from tests.recovery.contacts.conftest import NEW_YORK, Ask, codes, local

pytestmark = pytest.mark.django_db
NOON = local(NEW_YORK, 2026, 6, 30, 12)
DAY = date(2026, 6, 30)
STOPPING = ["dispute", "cease", "attorney", "bankruptcy", "deceased", "hardship", "breathing_space"]


def hold(borrower: Borrower, kind: str, **fields: object) -> Hold:
    return set_hold(borrower=borrower, kind=kind, reason="letter of 29 June", set_by=None, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", STOPPING)
@pytest.mark.parametrize("channel", ["call", "sms", "email", "letter", "visit"])
def test_a_hold_stops_collection_by_every_channel_and_lets_notices_through(
    kind: str, channel: str, ask: Ask, borrower: Borrower
) -> None:
    hold(borrower, kind)
    assert codes(ask(NOON, channel=channel)) == [kind]
    assert ask(NOON, channel=channel, purpose="notice").is_allowed


def test_a_hold_ends_when_a_new_entry_lifts_it_and_stays_on_record(ask: Ask, borrower: Borrower) -> None:
    held = hold(borrower, "cease")
    assert ask(NOON).next_allowed_at is None
    assert "until it is lifted" in ask(NOON).sentence
    lift_hold(hold=held, reason="They wrote to us.", lifted_by=None)
    assert ask(NOON).is_allowed
    assert [row.reason for row in Hold.objects.order_by("id")] == ["letter of 29 June", "They wrote to us."]
    with pytest.raises(HoldRefused, match="lifted already"):
        lift_hold(hold=Hold.objects.get(pk=held.pk), reason="again", lifted_by=None)


def test_a_hold_with_an_end_says_when_contacts_open_again(ask: Ask, borrower: Borrower) -> None:
    hold(borrower, "hardship")
    answer = ask(NOON)
    assert answer.next_allowed_at == local(NEW_YORK, 2026, 7, 30, 8)  # thirty days, today the first
    assert "until 29 Jul 2026" in answer.sentence
    assert ask(local(NEW_YORK, 2026, 7, 30, 8)).is_allowed


def test_breathing_space_lasts_as_long_as_the_rules_say(ask: Ask, borrower: Borrower) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction="GB", time_zone="Europe/London")
    borrower.refresh_from_db()
    assert hold(borrower, "breathing_space").ends_on == DAY + timedelta(days=59)
    answer = ask(local("Europe/London", 2026, 6, 30, 12))
    assert answer.next_allowed_at == local("Europe/London", 2026, 8, 29, 8)


def test_a_hold_on_one_debt_leaves_the_other(ask: Ask, loan: Loan) -> None:
    other = make_loan(borrower=loan.borrower)
    hold(loan.borrower, "dispute", loan=loan)
    assert not ask(NOON).is_allowed
    assert ask(NOON, loan=other).is_allowed
    assert not ask(NOON, loan=None).is_allowed  # a call about all debts is about the disputed one too


def test_do_not_contact_closes_its_channel_alone_and_for_notices_too(ask: Ask, borrower: Borrower) -> None:
    hold(borrower, "do_not_contact", channel="sms")
    assert codes(ask(NOON, channel="sms", purpose="notice")) == ["do_not_contact"]
    assert ask(NOON).is_allowed


def test_inconvenient_times_are_left_out_of_the_hours(ask: Ask, borrower: Borrower) -> None:
    hold(borrower, "inconvenient_time", from_time=time(11), until_time=time(14, 30))
    answer = ask(NOON)
    assert codes(answer) == ["inconvenient_time"]
    assert answer.next_allowed_at == local(NEW_YORK, 2026, 6, 30, 14, 30)
    hold(borrower, "inconvenient_time", from_time=time(14))
    assert ask(NOON).next_allowed_at == local(NEW_YORK, 2026, 7, 1, 8)


def test_an_inconvenient_place_is_closed(ask: Ask, borrower: Borrower) -> None:
    work, home = (
        ContactPoint.objects.create(borrower=borrower, kind="phone", value=f"+1 212 555 010{n}") for n in (1, 2)
    )
    hold(borrower, "inconvenient_place", contact_point=work)
    assert codes(ask(NOON, contact_point=work)) == ["inconvenient_place"]
    assert ask(NOON, contact_point=home).is_allowed


def test_a_bankruptcy_in_the_books_holds_until_it_is_revoked(ask: Ask, loan: Loan) -> None:
    event = LoanEvent.objects.create(loan=loan, kind="bankruptcy", effective_on=date(2026, 6, 1))
    assert codes(ask(NOON)) == ["bankruptcy"]
    assert ask(NOON, purpose="notice").is_allowed
    LoanEvent.objects.create(loan=loan, kind="revoked", revokes=event, effective_on=date(2026, 6, 2))
    assert ask(NOON).is_allowed


@pytest.mark.parametrize(
    ("kind", "fields", "wrong"),
    [
        ("nonsense", {}, "kind"),
        ("do_not_contact", {}, "channel"),
        ("inconvenient_time", {}, "from_time"),
        ("inconvenient_time", {"from_time": time(12), "until_time": time(11)}, "until_time"),
        ("inconvenient_place", {}, "contact_point"),
        ("cease", {"ends_on": date(2026, 6, 1)}, "ends_on"),
    ],
)
def test_a_hold_that_says_too_little_is_refused_with_a_remedy(
    kind: str, fields: dict[str, object], wrong: str, borrower: Borrower
) -> None:
    with pytest.raises(HoldRefused) as refusal:
        hold(borrower, kind, **fields)
    assert list(refusal.value.fields) == [wrong]


def test_holds_are_never_changed(borrower: Borrower) -> None:
    hold(borrower, "cease")
    for sql in ("UPDATE recovery_hold SET ends_on = starts_on", "DELETE FROM recovery_hold"):
        with pytest.raises(IntegrityError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)


# --- what borrowers say -----------------------------------------------------------------------------------------------
def test_who_reports_hardship_is_left_in_peace_for_thirty_days(ask: Ask, borrower: Borrower) -> None:
    make_contact(borrower, DAY - timedelta(days=29), outcome="hardship", channel="inbound")
    assert codes(ask(NOON, channel="sms")) == ["hardship"]
    assert ask(NOON + timedelta(days=1), channel="sms").is_allowed


def test_it_holds_whichever_way_the_contact_came_in(borrower: Borrower) -> None:
    ContactEvent.objects.bulk_create(
        ContactEvent(
            borrower=borrower,
            channel="call",
            outcome=outcome,
            reached_borrower=True,
            effective_on=DAY,
            happened_at=NOON,
        )
        for outcome in ("hardship", "no_answer", "dispute")
    )
    assert sorted(Hold.objects.values_list("kind", flat=True)) == ["dispute", "hardship"]


def test_the_correction_of_a_contact_lifts_its_hold(ask: Ask, borrower: Borrower) -> None:
    wrong = make_contact(borrower, DAY, outcome="dispute", channel="inbound")
    make_contact(borrower, DAY, outcome="no_answer", channel="inbound", corrects=wrong)
    assert ask(NOON).is_allowed


# --- the notice and the clocks of a dispute ---------------------------------------------------------------------------
def test_the_validation_notice_is_due_five_days_after_the_first_communication(ask: Ask, borrower: Borrower) -> None:
    assert ask(NOON).warnings == ()
    make_contact(borrower, DAY - timedelta(days=5), channel="letter", outcome="sent")
    warning = ask(NOON).warnings[0]
    assert (warning.code, "is due by 30 Jun 2026" in warning.text) == ("validation_notice_due", True)
    assert ask(NOON + timedelta(days=1)).warnings[0].code == "validation_notice_overdue"


def test_after_the_notice_the_time_to_dispute_runs(ask: Ask, borrower: Borrower, loan: Loan) -> None:
    make_contact(borrower, DAY - timedelta(days=5), channel="letter", outcome="sent")
    record_validation_notice(borrower=borrower, loan=loan, channel="letter", text="You owe …", recorded_by=None)
    warning = ask(NOON).warnings[0]
    assert (warning.code, "until 4 Aug 2026" in warning.text) == ("dispute_period", True)
    assert ask(local(NEW_YORK, 2026, 8, 5, 12)).warnings == ()


def test_a_first_party_lender_owes_no_validation_notice(ask: Ask, borrower: Borrower, first_party: None) -> None:
    make_contact(borrower, DAY - timedelta(days=20), channel="letter", outcome="sent")
    assert ask(NOON).warnings == ()


# --- time-barred debt -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("jurisdiction", "due_on", "paid_on", "barred", "words"),
    [
        ("US-NY", date(2023, 6, 30), None, True, "does not revive"),
        ("US-NY", date(2023, 7, 1), None, False, ""),
        ("US-NY", date(2023, 6, 1), date(2024, 1, 1), True, "does not revive"),
        ("US-CA", date(2022, 6, 30), None, True, "may revive it"),
        ("US-CA", date(2022, 6, 30), date(2022, 7, 1), False, ""),  # a payment restarts the period
        ("DE", date(2010, 1, 1), None, False, ""),  # no period is known
    ],
)
def test_a_debt_past_its_limitation_period_is_called_time_barred(
    jurisdiction: str, due_on: date, paid_on: date | None, barred: bool, words: str, ask: Ask, borrower: Borrower
) -> None:
    Borrower.objects.filter(pk=borrower.pk).update(jurisdiction=jurisdiction)
    old = make_loan(
        borrower=borrower, instalments=[(due_on, 500), (date(2030, 1, 1), 500)],
        payments=[(paid_on, 10)] if paid_on else [],
    )  # fmt: skip
    refresh_delinquency(as_of=DAY)
    answer = ask(NOON, loan=old)
    assert answer.is_allowed  # asking is allowed, threatening is not
    assert [reason.code for reason in answer.legal_reasons] == (["time_barred"] if barred else [])
    if barred:
        assert words in answer.warnings[0].text


# --- what is recommended ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [*STOPPING, "in the books"])
def test_nobody_is_recommended_to_be_contacted_while_a_hold_stands(kind: str, loan: Loan, agent: User) -> None:
    if kind == "in the books":
        LoanEvent.objects.create(loan=loan, kind="bankruptcy", effective_on=date(2026, 6, 1))
    else:
        hold(loan.borrower, kind)
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    made = Recommendation.objects.get()
    assert made.action in {"no_action", "legal_review"}
    assert made.facts["holds"] == ["bankruptcy" if kind == "in the books" else kind]


def test_a_hold_that_ends_beyond_all_calendars_is_refused(borrower: Borrower) -> None:
    with pytest.raises(HoldRefused) as refused:
        hold(borrower, "cease", ends_on=date(9999, 12, 31))
    assert "until it is lifted" in refused.value.fields["ends_on"]
