"""Write-offs, placements and closings take two people, and books that have moved on are asked again."""

from datetime import date
from decimal import Decimal
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from borrowers.models import Delinquency, Loan, LoanEvent
from borrowers.services import record_payment, refresh_delinquency
from creditpath.accounts.models import Role, User
from recovery.approvals.services import decide, propose
from recovery.errors import BorrowerOutOfReach, ProposalRefused
from recovery.models import LoanProposal, LoanProposalDecision
from tests.factories import make_borrower, make_loan, make_team, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def loan(frozen_day: date, people: dict[Role, User]) -> Loan:
    loan = make_loan(borrower=make_borrower(team=people[Role.AGENT].team), instalments=[(date(2026, 2, 1), 270)])
    refresh_delinquency()
    return loan


def ask(loan: Loan, by: User, kind: str = "write_off", **fields: Any) -> LoanProposal:
    return propose(loan=loan, kind=kind, reason="Nobody has been reached for a year.", proposed_by=by, **fields)


def test_what_is_approved_is_booked_and_nothing_before(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.AGENT])
    assert (proposal.amount, LoanEvent.objects.count()) == (Decimal("270.00"), 0)
    decide(proposal=proposal, is_approved=True, decided_by=people[Role.MANAGER])
    event = LoanEvent.objects.get()
    assert (event.kind, event.amount, event.recorded_by) == ("written_off", Decimal("270.00"), people[Role.MANAGER])
    refresh_delinquency()
    assert Delinquency.objects.get(loan=loan).bucket == "written_off"
    with pytest.raises(ProposalRefused, match="decided already"):
        decide(proposal=proposal, is_approved=True, decided_by=people[Role.ADMIN])


def test_nobody_decides_what_they_proposed(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.MANAGER])
    with pytest.raises(ProposalRefused, match="another person decides"):
        decide(proposal=proposal, is_approved=True, decided_by=people[Role.MANAGER])
    assert not LoanEvent.objects.exists()
    with pytest.raises(IntegrityError), transaction.atomic():
        LoanProposalDecision.objects.create(
            proposal=proposal, is_approved=False, reason="x", decided_by=people[Role.MANAGER]
        )


def test_a_decision_books_what_was_proposed(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.AGENT])
    other = LoanEvent.objects.create(loan=loan, kind="closed", effective_on=date(2026, 6, 30))
    with pytest.raises(IntegrityError), transaction.atomic():
        LoanProposalDecision.objects.create(
            proposal=proposal, is_approved=True, decided_by=people[Role.MANAGER], loan_event=other
        )


def test_a_refusal_says_why_and_leaves_the_loan_free(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.AGENT])
    with pytest.raises(ProposalRefused, match="waits for a decision"):
        ask(loan, people[Role.MANAGER], "closing")
    with pytest.raises(ProposalRefused):
        decide(proposal=proposal, is_approved=False, decided_by=people[Role.MANAGER], reason=" ")
    decide(proposal=proposal, is_approved=False, decided_by=people[Role.MANAGER], reason="Try the new number first.")
    ask(loan, people[Role.AGENT], "placement", counterparty="Acme Recoveries")


def test_a_loan_that_was_paid_meanwhile_is_not_written_off(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.AGENT])
    record_payment(loan=loan, amount=Decimal(270))
    with pytest.raises(ProposalRefused, match="Nothing is owed"):
        decide(proposal=proposal, is_approved=True, decided_by=people[Role.MANAGER])
    assert not LoanEvent.objects.exists()


def test_a_loan_is_placed_and_recalled_in_turn(loan: Loan, people: dict[Role, User]) -> None:
    agent, manager = people[Role.AGENT], people[Role.MANAGER]
    with pytest.raises(ProposalRefused, match="not with an agency"):
        ask(loan, agent, "recall")
    with pytest.raises(ProposalRefused) as refused:
        ask(loan, agent, "placement")
    assert set(refused.value.fields) == {"counterparty"}
    decide(proposal=ask(loan, agent, "placement", counterparty="Acme"), is_approved=True, decided_by=manager)
    refresh_delinquency()
    with pytest.raises(ProposalRefused, match="recall it first"):
        ask(loan, agent, "placement", counterparty="Other")
    decide(proposal=ask(loan, agent, "recall"), is_approved=True, decided_by=manager)
    assert list(LoanEvent.objects.order_by("id").values_list("kind", flat=True)) == ["placed", "recalled"]


def test_no_more_is_written_off_than_is_owed(loan: Loan, people: dict[Role, User]) -> None:
    with pytest.raises(ProposalRefused, match="more than is owed"):
        ask(loan, people[Role.AGENT], amount=Decimal("270.01"))


def test_an_agent_proposes_for_the_own_team_only(loan: Loan) -> None:
    with pytest.raises(BorrowerOutOfReach):
        ask(loan, make_user(Role.AGENT, team=make_team("Elsewhere")))


def test_the_database_changes_neither(loan: Loan, people: dict[Role, User]) -> None:
    decide(proposal=ask(loan, people[Role.AGENT]), is_approved=False, decided_by=people[Role.MANAGER], reason="No.")
    for table in ("recovery_loanproposal", "recovery_loanproposaldecision"):
        for sql in (f"UPDATE {table} SET reason = 'x'", f"DELETE FROM {table}"):
            with (
                pytest.raises(IntegrityError, match="never changed"),
                transaction.atomic(),
                connection.cursor() as cursor,
            ):
                cursor.execute(sql)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_does(loan: Loan, people: dict[Role, User]) -> None:
    proposal = ask(loan, people[Role.AGENT])
    start, outcomes = Barrier(2), []

    def try_it(user: User) -> None:
        start.wait()
        try:
            decide(proposal=proposal, is_approved=True, decided_by=user)
            outcomes.append("booked")
        except ProposalRefused as refusal:
            outcomes.append(refusal.detail)
        finally:
            connection.close()

    threads = [Thread(target=try_it, args=(people[role],)) for role in (Role.MANAGER, Role.ADMIN)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["This was decided already.", "booked"]
    assert LoanEvent.objects.count() == 1


def test_it_is_proposed_and_approved_on_its_pages(loan: Loan, client_of: Any) -> None:
    agent, manager = client_of(Role.AGENT), client_of(Role.MANAGER)
    address = f"/loans/{loan.pk}/proposals/"
    assert "Name the agency." in agent.post(address, {"key": "k", "kind": "placement", "reason": "x"}).content.decode()
    agent.post(address, {"key": "k", "kind": "write_off", "reason": "<i>gone</i>"})
    proposal = LoanProposal.objects.get()
    assert "&lt;i&gt;gone&lt;/i&gt;" in manager.get("/approvals/").content.decode()
    assert agent.post(f"/approvals/{proposal.pk}/", {"decision": "approve"}).status_code == 403
    manager.post(f"/approvals/{proposal.pk}/", {"decision": "approve"})
    assert LoanEvent.objects.get().kind == "written_off"
    assert "approved" in manager.get("/approvals/?state=decided").content.decode()
    assert "Written off" in agent.get(f"/borrowers/{loan.borrower_id}/").content.decode()
