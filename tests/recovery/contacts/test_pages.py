"""The page that proves how a person was contacted, and what the page of a borrower and the list say."""

import csv
import io
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from borrowers.models import Borrower, Consent, ContactPoint, Loan
from borrowers.services import current_instant, refresh_delinquency
from creditpath.accounts.models import Role, Team, User
from creditpath.exports.models import ExportRun
from recovery.contacts.services import record_action, reserve_contact, set_hold
from recovery.errors import ContactNotPermitted
from recovery.models import Hold
from recovery.services import next_case, plan_worklists, recommend_actions
from tests.factories import at, make_borrower, make_contact, make_loan

DAY = date(2026, 6, 30)
ClientOf = Callable[[str], Client]


@pytest.fixture
def history(loan: Loan, people: dict[Role, User]) -> Loan:
    """Seven calls, the last with consent on record, a refused eighth, an eighth that took place, and a hold."""
    borrower, agent = loan.borrower, people[Role.AGENT]
    point = ContactPoint.objects.create(borrower=borrower, kind="phone", value="+1 212 555 0147")
    Consent.objects.create(
        contact_point=point, channel="any", is_given=True, source="loan application", happened_at=at(date(2026, 1, 5))
    )
    for days in range(6):
        make_contact(borrower, DAY - timedelta(days=days), loan=loan, happened_at=at(DAY - timedelta(days=days), 9))
    record_action(
        borrower=borrower, loan=loan, agent=agent, channel="call", outcome="left_message", contact_point=point,
        text_sent="Please call us back. =1+1", note="=cmd()",
    )  # fmt: skip
    with pytest.raises(ContactNotPermitted):
        reserve_contact(borrower=borrower, loan=loan, agent=agent, channel="call", contact_point=point)
    record_action(borrower=borrower, loan=loan, agent=agent, channel="call", outcome="no_answer")
    set_hold(borrower=borrower, kind="cease", reason="letter of today", set_by=agent)
    refresh_delinquency(as_of=DAY)
    return loan


def test_one_page_proves_every_contact(history: Loan, client_of: ClientOf) -> None:
    html = client_of("compliance").get(reverse("recovery:contacts", args=[history.borrower_id])).content.decode()
    for words in (
        "2026-06-30 10:40:00 -0400",  # their own time
        "US third party, version 1",  # the rule, asked for it
        "US third_party, version 1, in force then".replace("_", " "),  # and of contacts from before the gate
        "allowed every channel, 2026-01-05: loan application",  # the consent then in force
        "Please call us back. =1+1",  # the exact text
        "7 of 7 calls used within 7 days. Next from 2 Jul 2026 08:00 (America/New_York).",  # what was refused
        "asked not to be contacted",
        "letter of today",
        "no. 2",
        "+1 212 555 0147",
    ):
        assert words in html, words


def test_agents_read_it_for_their_team_with_numbers_masked_and_export_nothing(
    history: Loan, client_of: ClientOf
) -> None:
    client = client_of("agent")
    html = client.get(reverse("recovery:contacts", args=[history.borrower_id])).content.decode()
    assert "0147" in html
    assert "+1 212" not in html
    assert client.get(reverse("recovery:contacts-csv", args=[history.borrower_id])).status_code == 403
    Borrower.objects.filter(pk=history.borrower_id).update(team=None)
    assert client.get(reverse("recovery:contacts", args=[history.borrower_id])).status_code == 404


def test_exports_hold_every_line_and_no_formula(history: Loan, client_of: ClientOf) -> None:
    client = client_of("compliance")
    text = client.get(reverse("recovery:contacts-csv", args=[history.borrower_id])).content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    evidence = client.get(reverse("recovery:contacts-json", args=[history.borrower_id])).json()
    assert len(rows) == len(evidence["lines"]) == 8 + 1 + 1 + 1
    assert sorted({row["kind"] for row in rows}) == ["blocked", "consent", "contact", "hold"]
    assert "'=cmd()" in {row["note"] for row in rows}
    assert "=cmd()" in {line["note"] for line in evidence["lines"]}
    assert [row["attempt"] for row in rows if row["attempt"]] == ["2", "1"]
    flagged = next(row for row in rows if row["attempt"] == "2")
    assert flagged["permitted"].startswith("7 of 7 calls used")


def test_the_page_costs_the_same_for_a_long_history(history: Loan, client_of: ClientOf) -> None:
    client, address = client_of("manager"), reverse("recovery:contacts", args=[history.borrower_id])
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        counts.append(len(queries))
        for number in range(30):
            make_contact(history.borrower, DAY - timedelta(days=number + 10), loan=history, note="x")
            set_hold(borrower=history.borrower, kind="dispute", reason="again", set_by=None)
    assert counts[1] <= counts[0] <= 22, counts


def test_a_hold_is_set_and_lifted_on_the_page(loan: Loan, client_of: ClientOf) -> None:
    agent, manager = client_of("agent"), client_of("manager")
    address = reverse("recovery:set-hold", args=[loan.borrower_id])
    wrong = agent.post(address, {"kind": "do_not_contact", "reason": "said so"})
    assert "Choose the channel that is not to be used." in wrong.content.decode()
    assert agent.post(address, {"kind": "do_not_contact", "reason": "said so", "channel": "sms"}).status_code == 302
    hold = Hold.objects.get()
    lift = reverse("recovery:lift-hold", args=[loan.borrower_id])
    assert agent.post(lift, {"hold": hold.pk, "reason": "x"}).status_code == 403
    assert manager.post(lift, {"hold": "1e9", "reason": "x"}).status_code == 404
    assert manager.post(lift, {"hold": hold.pk, "reason": "asked to be texted again"}).status_code == 302
    assert Hold.objects.get(lifts=hold).set_by.username == "manager"  # type: ignore[union-attr]


# --- where people work ------------------------------------------------------------------------------------------------
def test_the_page_of_a_borrower_says_what_is_left_and_when_it_opens(history: Loan, client_of: ClientOf) -> None:
    html = client_of("agent").get(reverse("recovery:borrower", args=[history.borrower_id])).content.decode()
    assert "0 of 7 left in 7 days" in html
    assert "They asked not to be contacted" in html
    Hold.objects.create(
        borrower=history.borrower, kind="cease", lifts=Hold.objects.get(), starts_on=DAY, reason="withdrawn"
    )
    html = client_of("agent").get(reverse("recovery:borrower", args=[history.borrower_id])).content.decode()
    assert "Next opens 3 Jul 2026 08:00 (America/New_York)" in html


def test_the_page_of_a_borrower_warns_of_a_time_barred_debt(loan: Loan, client_of: ClientOf) -> None:
    Borrower.objects.filter(pk=loan.borrower_id).update(jurisdiction="US-CA")
    make_loan(borrower=loan.borrower, instalments=[(date(2020, 1, 1), 500)])
    refresh_delinquency(as_of=DAY)
    html = client_of("agent").get(reverse("recovery:borrower", args=[loan.borrower_id])).content.decode()
    assert "may revive it: say so before asking for money" in html


def test_the_list_says_who_cannot_be_called_now(loan: Loan, client_of: ClientOf, people: dict[Role, User]) -> None:
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    client = client_of("manager")
    assert "not now" not in client.get(reverse("recovery:worklist")).content.decode()
    Borrower.objects.filter(pk=loan.borrower_id).update(time_zone="Pacific/Honolulu")
    assert "not now" in client.get(reverse("recovery:worklist")).content.decode()


def test_a_follow_up_against_the_rules_is_recorded_and_said_to_be_flagged(history: Loan, client_of: ClientOf) -> None:
    client = client_of("agent")
    page = client.get(reverse("recovery:borrower", args=[history.borrower_id]))
    form = {"key": page.context["follow_up"]["key"].value(), "channel": "call", "outcome": "no_answer"}
    answer = client.post(reverse("recovery:record-action", args=[history.borrower_id]), form, follow=True)
    assert "It was not permitted, and is flagged: They asked not to be contacted" in answer.content.decode()
    assert current_instant().date() == DAY


def test_next_passes_over_who_cannot_be_called_now(
    loan: Loan, client_of: ClientOf, people: dict[Role, User], team: Team
) -> None:
    later = make_loan(borrower=make_borrower(team=team), instalments=[(date(2026, 5, 21), 100)])
    refresh_delinquency(as_of=DAY)
    recommend_actions(as_of=DAY)
    plan_worklists(as_of=DAY)
    agent = people[Role.AGENT]
    assert next_case(agent=agent).recommendation.borrower == loan.borrower  # type: ignore[union-attr]
    set_hold(borrower=loan.borrower, kind="cease", reason="said so", set_by=agent)
    assert next_case(agent=agent).recommendation.borrower == later.borrower  # type: ignore[union-attr]
    set_hold(borrower=later.borrower, kind="cease", reason="said so", set_by=agent)
    assert next_case(agent=agent).recommendation.borrower == loan.borrower  # type: ignore[union-attr]


@pytest.mark.parametrize(("form", "route"), [("csv", "recovery:contacts-csv"), ("json", "recovery:contacts-json")])
def test_who_takes_the_proof_out_is_logged(form: str, route: str, frozen_day: date, client_of: ClientOf) -> None:
    borrower = make_borrower()
    make_contact(borrower, frozen_day)

    client_of(Role.COMPLIANCE).get(reverse(route, args=[borrower.pk]))

    taken = ExportRun.objects.get()
    assert (taken.form, taken.filters, taken.n_rows) == (form, f"borrower={borrower.external_id}", 1)
    assert taken.exported_by.role == Role.COMPLIANCE
