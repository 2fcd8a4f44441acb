"""A policy as values: numbered lines, of which the first that fits decides."""

from dataclasses import dataclass
from decimal import Decimal

from recovery.policy.facts import Facts, PromiseState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a policy. A condition that is None or empty always holds; a tier condition needs a score."""

    position: int
    action: str
    reason: str
    expected_minutes: Decimal = Decimal(5)
    min_days_past_due: int | None = None
    max_days_past_due: int | None = None
    tiers: tuple[str, ...] = ()
    min_overdue_amount: Decimal | None = None
    has_broken_promise: bool | None = None
    has_open_promise: bool | None = None
    id: int | None = None

    def fits(self, facts: Facts) -> bool:
        """Say whether every condition holds."""
        return (
            (self.min_days_past_due is None or facts.days_past_due >= self.min_days_past_due)
            and (self.max_days_past_due is None or facts.days_past_due <= self.max_days_past_due)
            and (not self.tiers or facts.tier in self.tiers)
            and (self.min_overdue_amount is None or facts.overdue_amount >= self.min_overdue_amount)
            and (self.has_broken_promise in (None, facts.promise is PromiseState.BROKEN))
            and (self.has_open_promise in (None, facts.promise is PromiseState.OPEN))
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRules:
    """A version of the policy with its lines in order."""

    version: int
    title: str
    rules: tuple[Rule, ...]
