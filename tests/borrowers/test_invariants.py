"""`verify` for the books: each sentence is broken by raw SQL, past triggers that would refuse it, and named."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from borrowers.models import DayClose, ImportRun, Loan
from borrowers.services import close_of_business, refresh_delinquency, set_business_date
from creditpath.invariants import Broken, verify
from tests.factories import make_borrower, make_contact, make_loan, make_payment

DAY = date(2026, 6, 30)

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan(frozen_day: date) -> Loan:
    """A loan in good books, with the figures of some month ends."""
    loan = make_loan(
        external_id="G1",
        instalments=[(date(2026, 5, 1), 90, 10), (date(2026, 8, 1), 90, 10)],
        payments=[(date(2026, 5, 3), 40)],
    )
    make_contact(loan.borrower, DAY, loan=loan)
    refresh_delinquency()
    assert verify().broken == ()
    return loan


@contextmanager
def unguarded() -> Iterator[None]:
    """Leave the triggers of tables off meanwhile, as their owner could."""
    tables = {
        "payment",
        "charge",
        "loanevent",
        "monthendsnapshot",
        "consent",
        "statement",
        "scheduleversion",
        "contactevent",
        "importrun",
        "dayclose",
        "closingstep",
    }
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks still to come cannot be altered
        for table in tables:
            cursor.execute(f"ALTER TABLE borrowers_{table} DISABLE TRIGGER USER")
        yield
        for table in tables:
            cursor.execute(f"ALTER TABLE borrowers_{table} ENABLE TRIGGER USER")


def execute(sql: str, **parameters: Any) -> None:
    """Run SQL on tables whose triggers are off."""
    with unguarded(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


def broken(**options: Any) -> list[Broken]:
    return list(verify(**options).broken)


PAYMENT = """INSERT INTO borrowers_payment (loan_id, amount, status, effective_on, booked_at, channel, follows_id, reverses_id)
    SELECT {loan}, {amount}, {status}, {day}, {booked}, 'cash', {follows}, {reverses}
    FROM borrowers_payment AS earlier WHERE earlier.loan_id = %(loan)s LIMIT 1"""


def payment(**columns: str) -> str:
    """Return an INSERT of a payment; columns are SQL, in which `earlier` is the loan's first entry."""
    defaults = {
        "loan": "%(loan)s", "amount": "40", "status": "'cleared'", "day": "'2026-05-03'", "booked": "now()",
        "follows": "NULL::bigint", "reverses": "NULL::bigint",
    }  # fmt: skip
    return PAYMENT.format(**defaults | columns)


CHARGE = """INSERT INTO borrowers_charge (loan_id, kind, amount, effective_on, booked_at, waives_id)
    VALUES (%(loan)s, 'late_fee', 20, '2026-06-01', '2026-06-01', NULL);
    INSERT INTO borrowers_charge (loan_id, kind, amount, effective_on, booked_at, waives_id)
    SELECT loan_id, 'late_fee', {amount}, {day}, {day}, id FROM borrowers_charge WHERE loan_id = %(loan)s"""
EVENT = """INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at, revokes_id)
    VALUES (%(loan)s, 'closed', '2026-06-01', '2026-06-01', NULL);
    INSERT INTO borrowers_loanevent (loan_id, kind, effective_on, booked_at, revokes_id)
    SELECT loan_id, 'revoked', {day}, {day}, id FROM borrowers_loanevent WHERE loan_id = %(loan)s"""

BREAKS = {
    "follows what was cleared": (
        payment(follows="earlier.id"), "a payment moves on from what was pending, with its loan and amount"
    ),
    "reverses what was never cleared": (
        payment(status="'pending'", day="'2026-06-01'")
        + "; INSERT INTO borrowers_payment (loan_id, amount, status, effective_on, booked_at, channel, reverses_id)"
        " SELECT loan_id, -amount, 'cleared', effective_on, now(), 'cash', id FROM borrowers_payment WHERE status = 'pending'",
        "only a cleared payment is reversed",
    ),
    "waives a part": (CHARGE.format(amount="-5", day="DATE '2026-06-02'"), "a waiver takes back a whole charge"),
    "waives too early": (CHARGE.format(amount="-20", day="DATE '2026-05-02'"), "a waiver takes back a whole charge"),
    "revokes too early": (EVENT.format(day="DATE '2026-05-02'"), "a revocation takes back an event of the same loan"),
    "statement of an instalment loan": (
        ("INSERT INTO borrowers_statement (loan_id, stated_on, due_on, principal_amount, interest_amount, fee_amount,"
        " balance_amount, booked_at) VALUES (%(loan)s, '2026-06-01', '2026-06-20', 5, 0, 0, 100, '2026-06-01')"),
        "a statement is of a revolving account",
    ),
    "own guarantor": (
        ("INSERT INTO borrowers_loanparty (loan_id, person_id, role, since) VALUES (%(loan)s, %(borrower)s, 'guarantor',"
        " '2026-06-01')"),
        "nobody stands beside themselves",
    ),
    "booked tomorrow": (payment(booked="%(tomorrow)s"), "nothing was booked in the future"),
    "counts from tomorrow": (payment(day="'2026-07-01'"), "nothing counts from a day that the books have not reached"),
    "paid before approval": (payment(day="'2026-01-01'"), "no payment or charge counts from before its loan was approved"),
    "consent before it was given": (
        ("INSERT INTO borrowers_consent (contact_point_id, channel, is_given, source, wording, happened_at, booked_at)"
        " SELECT id, 'any', true, 'form', '', '2026-06-02', '2026-06-01' FROM borrowers_contactpoint"),
        "a consent was not on record before it was given",
    ),
    "month end touched": (
        "UPDATE borrowers_monthendsnapshot SET paid_amount = paid_amount + 1 WHERE as_of = '2026-05-31'",
        "a month end's snapshot is what was known at that month end",
    ),
    "entry known at a month end after all": (
        payment(booked="'2026-05-04'"), "a month end's snapshot is what was known at that month end"
    ),
    "paid figure touched": (
        "UPDATE borrowers_delinquency SET paid_amount = paid_amount + 1",
        "what was paid on a loan is the sum of its cleared payments",
    ),
    "more overdue than owed": (
        "UPDATE borrowers_delinquency SET overdue_amount = outstanding_amount + 1", "kept figures add up"
    ),
    "schedule version missing": (
        ("INSERT INTO borrowers_scheduleversion (loan_id, version, reason, effective_on, booked_at)"
        " VALUES (%(loan)s, 3, 'deferral', '2026-06-01', '2026-06-01')"),
        "the schedule versions of a loan are numbered without gaps",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sql", "sentence"), BREAKS.values(), ids=BREAKS)
def test_verify_names_what_raw_sql_broke(sql: str, sentence: str, loan: Loan) -> None:
    loan.borrower.contact_points.create(kind="phone", value="+12125550100")
    tomorrow = max(timezone.now(), datetime(2026, 7, 1, 12, tzinfo=timezone.get_current_timezone())) + timedelta(days=1)
    execute(sql, loan=loan.pk, borrower=loan.borrower_id, tomorrow=tomorrow)
    assert [finding for finding in broken() if finding.name.startswith(sentence)], [each.name for each in broken()]


def test_correction_of_somebody_elses_contact_is_found(loan: Loan) -> None:
    contact, other = make_contact(loan.borrower, DAY), make_contact(make_borrower(), DAY)
    execute("UPDATE borrowers_contactevent SET corrects_id = %(a)s WHERE id = %(b)s", a=contact.pk, b=other.pk)
    assert [each.name for each in broken()] == ["a correction of a contact is about the same borrower"]


def test_pending_payment_may_be_announced_for_a_day_to_come(loan: Loan) -> None:
    execute(payment(status="'pending'", day="'2026-07-15'"), loan=loan.pk)
    assert "nothing counts from a day that the books have not reached" not in {each.name for each in broken()}


def test_full_verify_finds_the_one_snapshot_that_a_sample_may_miss(
    loan: Loan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    execute("UPDATE borrowers_monthendsnapshot SET paid_amount = paid_amount + 1 WHERE as_of = '2026-05-31'")
    monkeypatch.setattr("borrowers.invariants.sums.LOANS_IN_SAMPLE", 0)
    assert broken() == []
    with pytest.raises(SystemExit):
        call_command("verify", full=True)
    assert "loan G1 at 2026-05-31: kept" in capsys.readouterr().out


# --- imports and closes ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"n_read": 5, "n_rejected": 6}, "an import that was published has ended, and rejected no more than it read"),
        ({"finished_at": None}, "an import that was published has ended, and rejected no more than it read"),
        ({"tables": {"loans": {"created": 7}}}, "no row that an import says it created is missing"),
        ({"tables": {"charges": {"created": 1}}}, "no row that an import says it created is missing"),
    ],
)
def test_import_that_does_not_add_up_is_found(fields: dict[str, Any], sentence: str, loan: Loan) -> None:
    good = {"n_read": 9, "n_rejected": 1, "tables": {"loans": {"created": 1}}, "finished_at": timezone.now()}
    run = ImportRun.objects.create(source_name="a.csv", state="published", **good)
    assert broken() == []
    with unguarded():
        ImportRun.objects.filter(pk=run.pk).update(**fields)
    assert [finding.name for finding in broken()] == [sentence]


@pytest.fixture
def closed(db: None) -> date:
    """Return the last of three days that were closed in order."""
    day = date(2025, 6, 28)
    make_loan(instalments=[(date(2025, 5, 1), 90, 10)])
    set_business_date(day=day)
    for number in range(1, 4):
        close_of_business(day=day + timedelta(days=number))
    assert verify().broken == ()
    return day + timedelta(days=3)


CLOSES: dict[str, tuple[Callable[[date], Any], str]] = {
    "step undone": (
        lambda last: DayClose.objects.get(day=last).steps.filter(name="verify").update(state="failed"),
        "a closed day has every step done or skipped",
    ),
    "day left out": (
        lambda last: DayClose.objects.filter(day=last - timedelta(days=1)).update(state="failed"),
        "no business day between two closed ones was left out",
    ),
    "date set back": (
        lambda last: set_business_date(day=last - timedelta(days=1)),
        "the books do not stand before the last closed day",
    ),
}


@pytest.mark.parametrize(("deed", "sentence"), CLOSES.values(), ids=CLOSES)
def test_close_that_is_not_whole_is_found(deed: Callable[[date], Any], sentence: str, closed: date) -> None:
    with unguarded():
        deed(closed)
    assert sentence in {finding.name for finding in broken()}


@pytest.mark.parametrize("table", ["importrun", "dayclose", "closingstep"])
@pytest.mark.parametrize(
    "sql", ["UPDATE borrowers_{} SET started_at = now()", "DELETE FROM borrowers_{}", "TRUNCATE borrowers_{} CASCADE"]
)
def test_what_has_ended_stays_as_it_was(sql: str, table: str, closed: date) -> None:
    ImportRun.objects.create(source_name="a.csv", state="published", n_read=1, finished_at=timezone.now())
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="is refused on"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql.format(table))


def test_day_that_books_of_a_later_day_passed_over_is_no_gap(closed: date) -> None:
    now = timezone.now()
    ImportRun.objects.create(source_name="a.csv", state="published", n_read=1, finished_at=now)
    set_business_date(day=closed + timedelta(days=5))
    close_of_business(day=closed + timedelta(days=6))
    assert broken() == []


def test_payment_by_hand_breaks_nothing(loan: Loan) -> None:
    make_payment(loan, DAY, 5, booked=timezone.now())
    refresh_delinquency()
    assert broken() == []
