"""One row of everything, of the agent's own team and of another one."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils import timezone

from borrowers.models import Borrower, ContactEvent, ContactPoint, Loan, Payment, Promise
from borrowers.services import refresh_delinquency
from creditpath.accounts.models import Team, User
from recovery.models import (
    Action,
    ContactBlock,
    ContactReservation,
    Grievance,
    Hold,
    LoanProposal,
    MessageTemplate,
    OutgoingMessage,
    Plan,
    Policy,
    PolicyRule,
    Recommendation,
    WorklistItem,
)
from scoring.models import (
    Deployment,
    FeatureVector,
    ModelVersion,
    PromotionDecision,
    PromotionProposal,
    Score,
    ScoringRun,
    Validation,
)
from tests.factories import make_borrower, make_contact, make_loan, make_payment, make_promise, make_user
from tests.models import PROOF
from tests.recovery.plans.factories import make_plan

DAY = date(2026, 6, 30)


@dataclass(frozen=True)
class Case:
    """A borrower of a team with one row of everything that belongs to a borrower."""

    borrower: Borrower
    loan: Loan
    payment: Payment
    contact: ContactEvent
    promise: Promise
    score: Score
    recommendation: Recommendation
    item: WorklistItem
    attempt: ContactReservation
    block: ContactBlock
    hold: Hold
    message: OutgoingMessage
    plan: Plan
    grievance: Grievance
    proposal: LoanProposal


@dataclass(frozen=True)
class World:
    """What the tests of access walk over."""

    own: Case
    foreign: Case
    model: ModelVersion


def make_world(*, team: Team, agent: User, other_team: Team) -> World:
    model = make_model()
    policy = Policy.objects.create(version=1, title="first", effective_from=DAY, is_installed=True)
    rule = PolicyRule.objects.create(policy=policy, position=1, action=Action.CALL, reason="late")
    Policy.objects.filter(pk=policy.pk).update(state=Policy.State.APPROVED)
    stranger = make_user("agent", team=other_team)
    run = ScoringRun.objects.create(
        model=model, kind="batch", engine="onnxruntime", as_of=DAY, known_at=timezone.now(), published_at=timezone.now()
    )
    return World(own=make_case(team, agent, run, rule), foreign=make_case(other_team, stranger, run, rule), model=model)


def make_model() -> ModelVersion:
    model = ModelVersion.objects.create(
        name="default-logistic-1",
        purpose="default",
        algorithm="logistic",
        onnx=b"onnx",
        sha256="0" * 64,
        feature_set="f",
        feature_names=["days_past_due"],
        target={},
        data_window={},
        metrics={},
        parity=PROOF,
        threshold=0.5,
        tier_edges=[0.1, 0.2, 0.3],
        is_simulated=True,
    )
    maker = make_user("data_scientist")
    validation = Validation.objects.create(
        model=model, outcome="with_findings", materiality="high", summary="all of it", validated_by=maker
    )
    validation.findings.create(severity="low", text="thin history", owner=maker, due_on=DAY)
    proposal = PromotionProposal.objects.create(model=model, reason="test", proposed_by=maker)
    decision = PromotionDecision.objects.create(proposal=proposal, is_approved=True, decided_by=make_user("manager"))
    Deployment.objects.create(
        model=model,
        purpose=model.purpose,
        decision=decision,
        live_from=timezone.now(),
        promoted_by=maker,
        reason="test",
    )
    return model


def make_case(team: Team, agent: User, run: ScoringRun, rule: PolicyRule) -> Case:
    borrower = make_borrower(team=team)
    loan = make_loan(borrower=borrower, instalments=[(date(2026, 5, 1), 100), (date(2026, 6, 1), 100)])
    payment = make_payment(loan, date(2026, 5, 2), 50)
    contact = make_contact(borrower, DAY, agent=agent, loan=loan, note="secret note")
    promise = make_promise(loan, made_on=DAY, due_on=date(2026, 7, 10), amount=50)
    vector = FeatureVector.objects.create(loan=loan, as_of=DAY, known_at=timezone.now(), feature_set="f", values=[1.0])
    score = Score.objects.create(run=run, loan=loan, vector=vector, pd=0.2, tier="high")
    facts: dict[str, Any] = {"days_past_due": 60}
    recommendation = Recommendation.objects.create(
        borrower=borrower,
        loan=loan,
        as_of=DAY,
        policy_rule=rule,
        score=score,
        action=Action.CALL,
        eligible_actions={"call": 1.0},
        facts=facts,
        reasons=["60 days past due"],
        ask_amount=150,
        priority=1.0,
        expected_minutes=5,
    )
    rank = WorklistItem.objects.filter(as_of=DAY, agent=agent).count() + 1
    item = WorklistItem.objects.create(as_of=DAY, recommendation=recommendation, agent=agent, rank=rank)
    attempt = ContactReservation.objects.create(
        borrower=borrower, channel=contact.channel, agent=agent, state="performed", contact_event=contact
    )
    attempt.refresh_from_db()  # the database filled in the answer
    block = ContactBlock.objects.create(
        borrower=borrower, channel="call", asked_at=timezone.now(), answer=attempt.answer
    )
    hold = Hold.objects.create(
        borrower=borrower, kind="do_not_contact", channel="visit", starts_on=DAY, reason="secret reason"
    )
    template = MessageTemplate.objects.live().filter(channel="sms").order_by("id").first()
    assert template is not None
    message = OutgoingMessage.objects.create(
        borrower=borrower, loan=loan, channel="sms", template=template, to_address="+12125550123", text="secret text",
        contact_point=ContactPoint.objects.create(borrower=borrower, kind="phone", value="212 555 0123"), queued_by=agent,
    )  # fmt: skip
    refresh_delinquency(as_of=DAY, loans=[loan.pk])
    plan = make_plan(loan, by=agent, day=DAY)
    grievance = Grievance.objects.create(
        borrower=borrower, kind="complaint", subject="other", channel="letter", text="secret words", received_on=DAY
    )
    proposal = LoanProposal.objects.create(loan=loan, kind="closing", reason="secret why", proposed_by=agent)
    return Case(
        borrower,
        loan,
        payment,
        contact,
        promise,
        score,
        recommendation,
        item,
        attempt,
        block,
        hold,
        message,
        plan,
        grievance,
        proposal,
    )
