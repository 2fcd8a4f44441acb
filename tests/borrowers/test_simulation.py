"""The simulated lender: the same seed gives the same rows, and the rows are a ledger like any other."""

import hashlib
import io
import json
from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models import Count, F, Sum
from django.utils import timezone

from borrowers.errors import BooksNotEmpty, SimulationRefused
from borrowers.models import (
    Borrower,
    Charge,
    Consent,
    ContactEvent,
    ContactPoint,
    Delinquency,
    Instalment,
    Loan,
    LoanEvent,
    LoanParty,
    Payment,
    Promise,
    ScheduleVersion,
)
from borrowers.querysets import OWING_BUCKETS
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
    "SELECT external_id, principal_amount, approved_at, attributes FROM borrowers_loan",
    f"SELECT loan.external_id, kind, effective_on, entry.booked_at FROM borrowers_loanevent AS entry {LOAN}",
    (
        "SELECT external_id, version, number, due_on, entry.principal_amount, interest_amount, fee_amount "
        f"FROM borrowers_instalment AS entry JOIN borrowers_scheduleversion AS plan ON plan.id = schedule_id {LOAN}"
    ),
    (
        "SELECT loan.external_id, amount, effective_on, entry.booked_at, channel, status, reverses_id IS NULL "
        f"FROM borrowers_payment AS entry {LOAN}"
    ),
    f"SELECT loan.external_id, channel, outcome, happened_at, talk_minutes FROM borrowers_contactevent AS entry {LOAN}",
    f"SELECT loan.external_id, kind, amount, effective_on, waives_id IS NULL FROM borrowers_charge AS entry {LOAN}",
    f"SELECT loan.external_id, kind, amount, effective_on, counterparty FROM borrowers_loanevent AS entry {LOAN}",
    (
        "SELECT loan.external_id, person.external_id, role FROM borrowers_loanparty AS entry "
        f"JOIN borrowers_borrower AS person ON person.id = person_id {LOAN}"
    ),
    (
        "SELECT point.value, channel, is_given, happened_at FROM borrowers_consent "
        "JOIN borrowers_contactpoint AS point ON point.id = contact_point_id"
    ),
    f"SELECT loan.external_id, reference, value_amount FROM borrowers_collateral AS entry {LOAN}",
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
    assert not Charge.objects.filter(booked_at__gt=morning).exists()
    assert not Consent.objects.filter(booked_at__gt=morning).exists()
    assert not LoanEvent.objects.filter(effective_on__gt=report.as_of).exists()
    assert not LoanEvent.objects.filter(booked_at__gt=morning).exists()
    assert not ScheduleVersion.objects.filter(effective_on__gt=report.as_of).exists()


def test_every_kind_of_entry_is_there(report) -> None:
    assert report.written.kinds["reversals"] > 0
    assert (
        report.written.kinds["restructured"]
        == ScheduleVersion.objects.filter(version=2, reason="restructure").count()
        > 0
    )
    assert report.written.kinds["written_off"] == LoanEvent.objects.filter(kind="written_off").count() > 0
    late_booked = Payment.objects.filter(reverses=None, booked_at__date__gt=F("effective_on")).count()
    assert 0.01 < late_booked / Payment.objects.count() < 0.06
    assert {"promise", "refused", "hardship", "no_answer", "sent"} <= set(
        ContactEvent.objects.values_list("outcome", flat=True)
    )
    assert Promise.objects.exists()
    assert Borrower.objects.annotate(n=Count("loans")).filter(n__gt=1).exists()
    assert Borrower.objects.exclude(household="").exists()


def test_loans_are_written_off_sold_and_placed_in_that_order() -> None:
    busy = Parameters(behaviour=replace(Parameters().behaviour, base=1.5, sold=0.3, placed=0.2, recalled=0.3))
    simulate_portfolio(loans=300, seed=11, parameters=busy)
    kinds = Counter(LoanEvent.objects.values_list("kind", flat=True))

    assert min(kinds[kind] for kind in ("written_off", "sold", "placed", "recalled")) > 0
    for sale in LoanEvent.objects.filter(kind="sold"):
        written_off = sale.loan.events.get(kind="written_off")
        assert written_off.effective_on < sale.effective_on
        assert 0 < sale.amount < written_off.amount
        assert not sale.loan.payments.filter(effective_on__gt=sale.effective_on + timedelta(days=14)).exists()
    for recall in LoanEvent.objects.filter(kind="recalled"):
        assert recall.loan.events.filter(kind="placed", effective_on__lt=recall.effective_on).exists()
    for placement in LoanEvent.objects.filter(kind="placed"):
        back = placement.loan.events.filter(kind="recalled", effective_on__gt=placement.effective_on)
        until = back.earliest("effective_on").effective_on if back else date(2026, 6, 30)
        worked = placement.loan.contact_events.filter(
            effective_on__gt=placement.effective_on + timedelta(days=31), effective_on__lt=until
        )
        assert not worked.exclude(channel="inbound").exists()


def test_payments_in_steps_clear_or_come_back_once() -> None:
    reported = Parameters(behaviour=replace(Parameters().behaviour, in_steps=0.2))
    report = simulate_portfolio(loans=200, seed=11, parameters=reported)
    first = Payment.objects.filter(status__in=["pending", "in_clearing"])
    later = Payment.objects.exclude(follows=None)

    assert first.exists()
    assert set(later.values_list("status", flat=True)) <= {"cleared", "returned"}
    assert not later.filter(reverses__isnull=False).exists()
    assert not Payment.objects.filter(reverses__follows__isnull=False).exists()
    assert first.filter(followed_by=None, effective_on__lt=report.as_of - timedelta(days=20)).count() == 0


def test_charges_come_after_the_due_date_and_some_are_waived(report) -> None:
    fees = Charge.objects.filter(kind="late_fee", waives=None)

    assert fees.exists()
    assert set(fees.values_list("loan__product__code", flat=True)) <= {"personal", "short-term"}
    assert Charge.objects.exclude(waives=None).exists()
    for fee in fees.select_related("loan")[:50]:
        due = {i.due_on + timedelta(days=10) for i in Instalment.objects.filter(loan=fee.loan)}
        assert fee.effective_on in due


def test_others_who_answer_for_a_loan_are_never_its_borrower(report) -> None:
    parties = LoanParty.objects.select_related("loan__borrower", "person")

    assert {party.role for party in parties} == {"co_borrower", "guarantor", "authorised"}
    for party in parties:
        assert party.person_id != party.loan.borrower_id
        if party.role == "co_borrower":
            assert party.person.household == party.loan.borrower.household != ""


def test_nobody_gets_messages_without_consent_or_after_opting_out() -> None:
    often = Parameters(behaviour=replace(Parameters().behaviour, opts_out=0.3, base=2.0))
    simulate_portfolio(loans=300, seed=11, parameters=often)

    assert Consent.objects.filter(is_given=False).count() > 20
    for stopped in Consent.objects.filter(is_given=False).select_related("contact_point"):
        messages = ContactEvent.objects.filter(
            contact_point=stopped.contact_point, channel=stopped.channel, effective_on__gt=stopped.happened_at.date()
        )
        assert not messages.exists()
    without = ContactPoint.objects.exclude(consents__is_given=True)
    assert without.exists()
    assert not ContactEvent.objects.filter(contact_point__in=without, channel__in=["sms", "email"]).exists()


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
    still_open = {name: n for name, n in report.by_bucket.items() if name in OWING_BUCKETS}
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


@pytest.mark.parametrize("seed", range(4))
def test_a_single_loan_can_be_simulated(seed: int) -> None:
    assert simulate_portfolio(loans=1, seed=seed).written.tables["loans"] == 1


def test_command_answers_in_json_and_refuses_a_second_time() -> None:
    out = io.StringIO()
    call_command("simulate_portfolio", "--loans", "40", "--seed", "1", "--json", stdout=out)

    report = json.loads(out.getvalue())
    assert (report["tables"]["loans"], report["as_of"], report["months"]) == (40, "2026-06-30", 12)
    with pytest.raises(CommandError, match="empty books only"):
        call_command("simulate_portfolio", "--loans", "40", "--seed", "1")
