"""What to do about a borrower: pure functions from facts and rules to a decision with its reasons. No database here."""

from recovery.policy.checking import Fault, find_faults
from recovery.policy.comparing import Change, compare
from recovery.policy.decision import Decision, decide
from recovery.policy.facts import Facts, PlanState, PromiseState
from recovery.policy.rules import PolicyRules, Rule
from recovery.policy.sentences import conditions_of, describe, do

__all__ = [
    "Change",
    "Decision",
    "Facts",
    "Fault",
    "PlanState",
    "PolicyRules",
    "PromiseState",
    "Rule",
    "compare",
    "conditions_of",
    "decide",
    "describe",
    "do",
    "find_faults",
]
