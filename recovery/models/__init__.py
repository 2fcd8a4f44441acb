"""Tables of the work, by subject."""

from recovery.models.alerts import Alert, AlertAcknowledgement, AlertRule
from recovery.models.approvals import LoanProposal, LoanProposalDecision
from recovery.models.borrower_page import PageCheck, PaymentIntent, PaymentIntentEvent
from recovery.models.care import CareDecision, CareReading, CareRecord
from recovery.models.contact_rules import ContactProfile, ContactRule, Jurisdiction, LimitationPeriod, Profile
from recovery.models.decisions import DecisionAnswer, PerformedAction, Recommendation
from recovery.models.evidence import (
    ErasureDecision,
    ErasureRequest,
    EvidenceChain,
    EvidenceEvent,
    EvidenceSeal,
    LegalHold,
    RetentionPeriod,
    UnsealedEvidence,
)
from recovery.models.grievances import AnswerPeriod, Grievance, GrievanceAnswer
from recovery.models.holds import Hold, ValidationNotice
from recovery.models.outreach import (
    CallBack,
    CallEvent,
    DiallerEntry,
    DiallerFile,
    IdentityCheck,
    InboundMessage,
    MessageTemplate,
    OutgoingMessage,
)
from recovery.models.plans import Plan, PlanBudgetLine, PlanEvent, PlanInstalment, PlanLimit, PlanTerms
from recovery.models.policies import Action, Policy, PolicyEvent, PolicyRule
from recovery.models.replays import PolicyReplay, ReplayLine
from recovery.models.reservations import ContactBlock, ContactReservation
from recovery.models.teams import Absence, AbsenceEnd, CallBackOffer, HandedCase, HandOver, Shift
from recovery.models.worklists import WorklistItem

__all__ = [
    "Absence",
    "AbsenceEnd",
    "Action",
    "Alert",
    "AlertAcknowledgement",
    "AlertRule",
    "AnswerPeriod",
    "CallBack",
    "CallBackOffer",
    "CallEvent",
    "CareDecision",
    "CareReading",
    "CareRecord",
    "ContactBlock",
    "ContactProfile",
    "ContactReservation",
    "ContactRule",
    "DecisionAnswer",
    "DiallerEntry",
    "DiallerFile",
    "ErasureDecision",
    "ErasureRequest",
    "EvidenceChain",
    "EvidenceEvent",
    "EvidenceSeal",
    "Grievance",
    "GrievanceAnswer",
    "HandOver",
    "HandedCase",
    "Hold",
    "IdentityCheck",
    "InboundMessage",
    "Jurisdiction",
    "LegalHold",
    "LimitationPeriod",
    "LoanProposal",
    "LoanProposalDecision",
    "MessageTemplate",
    "OutgoingMessage",
    "PageCheck",
    "PaymentIntent",
    "PaymentIntentEvent",
    "PerformedAction",
    "Plan",
    "PlanBudgetLine",
    "PlanEvent",
    "PlanInstalment",
    "PlanLimit",
    "PlanTerms",
    "Policy",
    "PolicyEvent",
    "PolicyReplay",
    "PolicyRule",
    "Profile",
    "Recommendation",
    "ReplayLine",
    "RetentionPeriod",
    "Shift",
    "UnsealedEvidence",
    "ValidationNotice",
    "WorklistItem",
]
