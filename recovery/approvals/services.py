"""Propose to write a loan off, to place it with an agency, to recall or close it; a second person decides."""

from decimal import Decimal

from django.db import connection, transaction

from borrowers.models import Delinquency, Loan, LoanEvent
from borrowers.services import get_business_date, refresh_delinquency
from creditpath.accounts.models import User
from creditpath.errors import told_in_words
from recovery.errors import ProposalRefused
from recovery.models import LoanProposal, LoanProposalDecision
from recovery.reach import check_reach

Kind = LoanProposal.Kind
EVENTS = {
    Kind.WRITE_OFF: LoanEvent.Kind.WRITTEN_OFF,
    Kind.PLACEMENT: LoanEvent.Kind.PLACED,
    Kind.RECALL: LoanEvent.Kind.RECALLED,
    Kind.CLOSING: LoanEvent.Kind.CLOSED,
}
SENTENCES = {
    "proposal_is_for_a_loan_with_figures": "This loan has no figures yet: run refresh_delinquency.",
    "proposal_is_for_a_loan_that_is_owed": "Nothing is owed on this loan any more.",
    "loan_is_written_off_once": "This loan is written off already.",
    "loan_is_placed_with_one_agency": "This loan is with an agency: recall it first.",
    "recall_is_of_a_loan_that_is_placed": "This loan is not with an agency.",
    "one_open_proposal_per_loan": "Something is proposed for this loan already: it waits for a decision.",
    "write_off_is_of_what_is_owed": "That is more than is owed.",
    "proposal_is_decided_by_a_second_person": "You proposed this: another person decides.",
}


def propose(
    *,
    loan: Loan,
    kind: str,
    reason: str,
    proposed_by: User,
    counterparty: str = "",
    amount: Decimal | None = None,
) -> LoanProposal:
    """Propose what happens to a loan; a write-off is of all that is owed unless an amount is given.

    Raises ProposalRefused with a remedy for each field, BorrowerOutOfReach.
    """
    check_reach(loan.borrower_id, proposed_by)
    fields: dict[str, str] = {}
    if kind not in Kind.values:
        fields["kind"] = "Choose what is proposed."
    if not reason.strip():
        fields["reason"] = "Say why."
    if kind == Kind.PLACEMENT and not counterparty.strip():
        fields["counterparty"] = "Name the agency."
    if fields:
        raise ProposalRefused(" ".join(fields.values()), fields=fields)
    if kind == Kind.WRITE_OFF and amount is None:
        amount = Delinquency.objects.filter(loan=loan).values_list("outstanding_amount", flat=True).first()
        if not amount:
            raise ProposalRefused(fields={"amount": "The books do not say what is owed: enter the amount."})
    with told_in_words(ProposalRefused, SENTENCES), transaction.atomic():
        return LoanProposal.objects.create(
            loan=loan, kind=kind, reason=reason.strip(), proposed_by=proposed_by,
            counterparty=counterparty.strip() if kind == Kind.PLACEMENT else "",
            amount=amount if kind == Kind.WRITE_OFF else None,
        )  # fmt: skip


def decide(*, proposal: LoanProposal, is_approved: bool, decided_by: User, reason: str = "") -> LoanProposalDecision:
    """Approve a proposal, which books it on the business date, or refuse it with a reason. Once, and never by who proposed it.

    A loan that no longer stands as it did, because it was paid meanwhile, is not written off: the proposal is then to be refused.
    Raises ProposalRefused, BorrowerOutOfReach.
    """
    check_reach(proposal.loan.borrower_id, decided_by)
    if not is_approved and not reason.strip():
        raise ProposalRefused(fields={"reason": "Say why it is refused."})
    with told_in_words(ProposalRefused, SENTENCES), transaction.atomic():
        Loan.objects.select_for_update(no_key=True).get(pk=proposal.loan_id)
        if LoanProposalDecision.objects.filter(proposal=proposal).exists():
            raise ProposalRefused("This was decided already.")
        event = _book(proposal, decided_by) if is_approved else None
        return LoanProposalDecision.objects.create(
            proposal=proposal, is_approved=is_approved, reason=reason.strip(), decided_by=decided_by, loan_event=event
        )


def _book(proposal: LoanProposal, decided_by: User) -> LoanEvent:
    refresh_delinquency(loans=[proposal.loan_id])
    with connection.cursor() as cursor:
        cursor.execute("SELECT proposal_fault(%s, %s)", [proposal.loan_id, proposal.kind])
        (fault,) = cursor.fetchone()
    if fault is not None:
        raise ProposalRefused(f"{SENTENCES[fault]} Refuse the proposal.", code=fault)
    return LoanEvent.objects.create(
        loan=proposal.loan, kind=EVENTS[Kind(proposal.kind)], amount=proposal.amount, counterparty=proposal.counterparty,
        note=proposal.reason, effective_on=get_business_date(), recorded_by=decided_by,
    )  # fmt: skip
