"""The simulated lender: the same seed gives the same rows, and the rows are a ledger like any other."""

import hashlib
import io
import json
from datetime import date, datetime

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.utils import timezone

from borrowers.errors import BooksNotEmpty, SimulationRefused
from borrowers.models import (
    Borrower,
    ContactEvent,
    ContactPoint,
    Delinquency,
    Instalment,
    Loan,
    Payment,
    Promise,
    ScheduleVersion,
)
from borrowers.services import describe_books, simulate_portfolio
from borrowers.simulation.parameters import Parameters
from creditpath.accounts.models import Team
from creditpath.invariants import verify
from tests.factories import make_borrower, make_payment, make_team, make_user

pytestmark = pytest.mark.django_db

LOAN = "JOIN borrowers_loan AS loan ON loan.id = entry.loan_id"
CONTENT = (
    "SELECT external_id, full_name, birth_date, time_zone, jurisdiction, household, attributes FROM borrowers_borrower",
    "SELECT kind, value FROM borrowers_contactpoint",
    "SELECT external_id, principal_amount, approved_at, written_off_on, attributes FROM borrowers_loan",
    (
        "SELECT external_id, version, number, due_on, entry.principal_amount, interest_amount, fee_amount "
        f"FROM borrowers_instalment AS entry JOIN borrowers_scheduleversion AS plan ON plan.id = schedule_id {LOAN}"
    ),
    (
        "SELECT loan.external_id, amount, effective_on, entry.booked_at, channel, reverses_id IS NULL "
        f"FROM borrowers_payment AS entry {LOAN}"
    ),
    f"SELECT loan.external_id, channel, outcome, happened_at FROM borrowers_contactevent AS entry {LOAN}",
    f"SELECT loan.external_id, amount, made_on, due_on FROM borrowers_promise AS entry {LOAN}",
)


def content_hash() -> str:
    """Return a hash of what the rows say, whatever their ids."""
    digest = hashlib.sha256()
    with connection.cursor() as cursor:
        for select in CONTENT:
            cursor.execute(f"SELECT md5(string_agg(row::text, '|' ORDER BY row::text)) FROM ({select}) AS row")
            digest.update(str(cursor.fetchone()[0]).encode())
    return digest.hexdigest()


def test_the_same_seed_gives_the_same_rows() -> None:
    hashes = []
    for seed in (7, 7, 8):
        with transaction.atomic():
            simulate_portfolio(loans=150, seed=seed)
            hashes.append(content_hash())
            transaction.set_rollback(True)

    assert hashes[0] == hashes[1]
    assert hashes[0] != hashes[2]


def test_the_same_seed_gives_the_same_rows_over_several_blocks() -> None:
    parameters = Parameters(loans_a_block=40)
    hashes = []
    for _ in range(2):
        with transaction.atomic():
            report = simulate_portfolio(loans=150, seed=7, parameters=parameters)
            assert verify().broken == ()
            assert Loan.objects.count() == report.written.tables["loans"] == 150
            assert Borrower.objects.filter(loans=None).count() == 0
            hashes.append(content_hash())
            transaction.set_rollback(True)

    assert hashes[0] == hashes[1]


def test_ids_go_on_where_the_simulation_stopped(report) -> None:
    last = max(Payment.objects.values_list("id", flat=True))

    payment = make_payment(Loan.objects.earliest("id"), report.as_of, 10)

    assert payment.id == last + 1


@pytest.fixture
def report(db: None):
    return simulate_portfolio(loans=400, seed=11)


def test_rows_are_a_ledger_that_verify_accepts(report) -> None:
    assert verify().broken == ()
    assert (Loan.objects.count(), report.written.tables["loans"]) == (400, 400)
    assert Delinquency.objects.count() == 400
    assert Payment.objects.count() == report.written.tables["payments"]
    assert Payment.objects.filter(reverses__isnull=False).count() == report.written.kinds["reversals"]


def test_books_are_labelled_simulated_and_stand_still(report) -> None:
    books = describe_books()

    assert (books.is_simulated, books.is_frozen, books.business_date) == (True, True, date(2026, 6, 30))
    assert not Borrower.objects.filter(is_simulated=False).exists()


def test_nothing_happens_after_the_business_date(report) -> None:
    morning = datetime(2026, 6, 30, 10, 40, tzinfo=timezone.get_default_timezone())
    assert not Payment.objects.filter(effective_on__gt=report.as_of).exists()
    assert not Payment.objects.filter(booked_at__gt=morning).exists()
    assert not ContactEvent.objects.filter(booked_at__gt=morning).exists()
    assert not Loan.objects.filter(booked_at__gt=morning).exists()
    assert not Loan.objects.filter(written_off_on__gt=report.as_of).exists()
    assert not ScheduleVersion.objects.filter(effective_on__gt=report.as_of).exists()


def test_every_kind_of_entry_is_there(report) -> None:
    assert report.written.kinds["reversals"] > 0
    assert (
        report.written.kinds["restructured"]
        == ScheduleVersion.objects.filter(version=2, reason="restructure").count()
        > 0
    )
    assert report.written.kinds["written_off"] == Loan.objects.filter(written_off_on__isnull=False).count() > 0
    late_booked = Payment.objects.filter(reverses=None, booked_at__date__gt=F("effective_on")).count()
    assert 0.01 < late_booked / Payment.objects.count() < 0.06
    assert {"promise", "refused", "hardship", "no_answer", "sent"} <= set(
        ContactEvent.objects.values_list("outcome", flat=True)
    )
    assert Promise.objects.exists()
    assert Borrower.objects.annotate(n=Count("loans")).filter(n__gt=1).exists()
    assert Borrower.objects.exclude(household="").exists()


def test_a_restructured_plan_owes_what_was_owed(report) -> None:
    for version in ScheduleVersion.objects.filter(version=2):
        first, second = (
            Instalment.objects.filter(schedule__loan=version.loan, schedule__version=number).aggregate(
                principal=Sum("principal_amount"), interest=Sum("interest_amount"), fee=Sum("fee_amount")
            )
            for number in (1, 2)
        )
        assert first == second


def test_the_portfolio_looks_like_a_real_book() -> None:
    report = simulate_portfolio(loans=1500, seed=7)
    still_open = {name: n for name, n in report.by_bucket.items() if name not in {"paid_off", "written_off"}}
    share = {name: n / sum(still_open.values()) for name, n in still_open.items()}

    assert 0.72 < share["current"] < 0.84
    assert 0.06 < share["1-30"] < 0.13
    assert share["1-30"] > share["31-60"] > share["61-90"]
    assert 0.03 < share["91+"] < 0.08


def test_nobody_real_can_be_reached(report) -> None:
    phones = ContactPoint.objects.filter(kind="phone").values_list("value", flat=True)
    emails = ContactPoint.objects.filter(kind="email").values_list("value", flat=True)

    assert all(" 555 01" in phone for phone in phones)
    assert all(email.endswith("@example.com") for email in emails)


def test_borrowers_go_to_the_teams_that_exist_and_their_agents() -> None:
    teams = [make_team("East"), make_team("West")]
    agents = [make_user(team=team) for team in teams]

    simulate_portfolio(loans=100, seed=3)

    assert set(Team.objects.values_list("name", flat=True)) == {"East", "West"}
    assert set(Borrower.objects.values_list("team", flat=True)) == {team.pk for team in teams}
    for agent in agents:
        assert set(agent.contact_events.values_list("borrower__team", flat=True)) == {agent.team_id}


def test_books_that_hold_borrowers_are_left_alone() -> None:
    make_borrower()

    with pytest.raises(BooksNotEmpty):
        simulate_portfolio(loans=10, seed=1)

    assert Borrower.objects.count() == 1


@pytest.mark.parametrize("wrong", [{"loans": 0}, {"loans": 10_000_000}, {"months": 0}, {"seed": -1}])
def test_impossible_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(SimulationRefused) as refusal:
        simulate_portfolio(**({"loans": 10, "seed": 1, "months": 12} | wrong))

    assert set(refusal.value.fields) == set(wrong)


@pytest.mark.parametrize("as_of", [date(2024, 2, 29), date(2026, 5, 4), date(2026, 7, 1)])
def test_any_day_can_be_the_last(as_of: date) -> None:
    simulate_portfolio(loans=60, seed=5, months=6, as_of=as_of)

    assert verify().broken == ()
    assert not Payment.objects.filter(effective_on__gt=as_of).exists()


def test_a_single_loan_can_be_simulated() -> None:
    assert simulate_portfolio(loans=1, seed=1).written.tables["loans"] == 1


def test_command_answers_in_json_and_refuses_a_second_time() -> None:
    out = io.StringIO()
    call_command("simulate_portfolio", "--loans", "40", "--seed", "1", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert (report["tables"]["loans"], report["as_of"], report["months"]) == (40, "2026-06-30", 12)
    with pytest.raises(CommandError, match="empty books only"):
        call_command("simulate_portfolio", "--loans", "40", "--seed", "1")
