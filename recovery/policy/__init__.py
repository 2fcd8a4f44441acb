"""What to do about a borrower: pure functions from facts and rules to a decision with its reasons. No database here."""

from recovery.policy.decision import Decision, decide
from recovery.policy.facts import Facts, PromiseState
from recovery.policy.rules import PolicyRules, Rule

__all__ = ["Decision", "Facts", "PolicyRules", "PromiseState", "Rule", "decide"]
