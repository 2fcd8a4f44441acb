"""The borrower's own page: a signed link, nothing personal before a proof, nothing changed by reading."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core import signing
from django.core.cache import cache
from django.test import Client, override_settings

from borrowers.models import Borrower, Consent, ContactPoint, Loan
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from recovery.borrower_page.links import Visitor, make_token, read_token
from recovery.models import CareRecord, Hold, PageCheck, PlanEvent
from recovery.outreach.opting_out import opt_out_link
from tests.factories import make_borrower, make_loan
from tests.recovery.plans.factories import make_plan

RIGHT = {"do": "prove", "birth_date": "1980-02-03", "loan_last_4": "4711"}


@pytest.fixture
def loan(frozen_day: date, team: Team) -> Loan:
    cache.clear()
    borrower = make_borrower(team=team, full_name="Ada Stone", birth_date=date(1980, 2, 3))
    made = make_loan(borrower=borrower, instalments=[(date(2026, 5, 1), 300)], external_id="LOAN-4711")
    refresh_delinquency(as_of=frozen_day)
    return made


@pytest.fixture
def point(loan: Loan) -> ContactPoint:
    return ContactPoint.objects.create(borrower=loan.borrower, kind="phone", value="+12125550123")


@pytest.fixture
def page(point: ContactPoint) -> str:
    return f"/your/{make_token(visitor=Visitor(point.borrower_id, point.pk, 'sms'))}/"


def test_a_link_is_of_one_borrower_one_purpose_and_ends(point: ContactPoint) -> None:
    visitor = Visitor(point.borrower_id, point.pk, "sms")
    today = date(2026, 6, 30)
    token = make_token(visitor=visitor, today=today)
    assert len(token) < 70
    assert read_token(token, today=today + timedelta(days=60)) == visitor
    assert read_token(token, today=today + timedelta(days=61)) is None
    assert read_token(token[:-1] + ("a" if token[-1] != "a" else "b"), today=today) is None
    assert read_token("1" + token[1:], today=today) != visitor or token[0] == "1"
    assert read_token(signing.Signer(sep="~", salt="another").sign(token.rpartition("~")[0]), today=today) is None


def test_bad_links_get_one_and_the_same_answer(loan: Loan, point: ContactPoint) -> None:
    client = Client()
    nobody = make_token(visitor=Visitor(loan.borrower_id, 999_999, "sms"))
    over = make_token(visitor=Visitor(loan.borrower_id, point.pk, "sms"), today=date(2021, 1, 1))
    answers = [client.get(f"/your/{token}/") for token in ("x", nobody, over, "~~~", "0.0.0.s~")]
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_reading_changes_nothing_and_tells_nothing(page: str, loan: Loan) -> None:
    answer = Client().get(page)
    html = answer.content.decode()
    assert answer.status_code == 200
    for personal in ("Ada", "Stone", "4711", "300", "1980", "USD"):
        assert personal not in html.replace(page, "")
    assert (answer["Referrer-Policy"], answer["X-Robots-Tag"]) == ("same-origin", "noindex, nofollow")
    assert "no-store" in answer["Cache-Control"]
    assert not Consent.objects.exists()
    assert not Hold.objects.exists()


def test_what_protects_needs_no_proof_and_counts_once(page: str, loan: Loan) -> None:
    client = Client()
    for _ in range(2):
        for do in ("stop", "dispute", "help"):
            assert client.post(page, {"do": do, "words": "not mine"}).status_code == 200
    assert Consent.objects.filter(is_given=False, channel="sms").count() == 1
    assert CareRecord.objects.count() == 1
    assert sorted(Hold.objects.values_list("kind", flat=True)) == ["dispute", "hardship"]


def test_a_post_from_elsewhere_is_refused(page: str) -> None:
    assert Client(enforce_csrf_checks=True).post(page, {"do": "stop"}).status_code == 403
    assert not Consent.objects.exists()


def test_who_proves_it_chooses_a_plan_that_was_offered(
    page: str, loan: Loan, people: dict[Role, User], frozen_day: date
) -> None:
    plan = make_plan(loan, by=people[Role.AGENT], day=frozen_day, is_agreed=False)
    client = Client()
    client.post(page, {"do": "choose", "plan": plan.pk})
    assert PlanEvent.objects.filter(plan=plan).count() == 1  # nothing without a proof
    assert "USD 300.00" in client.post(page, RIGHT).content.decode()
    other = make_borrower()
    elsewhere = ContactPoint.objects.create(borrower=other, kind="phone", value="+12125550199")
    token = make_token(visitor=Visitor(other.pk, elsewhere.pk, "sms"))
    client.post(f"/your/{token}/", {"do": "choose", "plan": plan.pk})  # a proof is of one borrower
    assert PlanEvent.objects.filter(plan=plan).count() == 1
    client.post(page, {"do": "choose", "plan": plan.pk})
    client.post(page, {"do": "choose", "plan": plan.pk})
    assert list(PlanEvent.objects.filter(plan=plan).values_list("state", flat=True)) == ["proposed", "active"]
    assert Decimal(300) == plan.agreed_amount


def test_tries_of_a_proof_are_few(page: str) -> None:
    client = Client()
    for _ in range(4):
        client.post(page, RIGHT | {"loan_last_4": "0000"})
    answer = client.post(page, RIGHT).content.decode()
    assert "Too many tries" in answer
    assert PageCheck.objects.count() == 3


def test_requests_of_one_address_are_limited(page: str) -> None:
    client = Client()
    answers = [client.get("/your/x/").status_code for _ in range(35)]
    assert answers[0] == 404
    assert answers[-1] == 429


def test_messages_carry_the_link_where_the_lender_has_an_address(point: ContactPoint) -> None:
    borrower = Borrower.objects.get(pk=point.borrower_id)
    assert opt_out_link(borrower=borrower, contact_point=point, channel="sms") == "reply STOP"
    with override_settings(PUBLIC_URL="https://pay.example.com/"):
        link = opt_out_link(borrower=borrower, contact_point=point, channel="sms")
    assert link.startswith("https://pay.example.com/your/")
    assert Client().get(link.removeprefix("https://pay.example.com")).status_code == 200
