"""A policy as values: numbered lines, of which the first that fits decides."""

from dataclasses import dataclass
from decimal import Decimal

from recovery.policy.facts import Facts, PromiseState


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of a policy: when it holds, what to do, how, and what comes if that does not help.

    A condition that is None or empty always holds. One about something unknown (a tier without a score, an amount that is not
    available or in another currency than the policy's) does not hold.
    """

    position: int
    action: str
    reason: str
    expected_minutes: Decimal = Decimal(5)
    # when
    min_days_past_due: int | None = None
    max_days_past_due: int | None = None
    buckets: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    products: tuple[str, ...] = ()
    min_overdue_amount: Decimal | None = None
    overdue_below_amount: Decimal | None = None
    min_outstanding_amount: Decimal | None = None
    outstanding_below_amount: Decimal | None = None
    min_instalments_past_due: int | None = None
    max_instalments_past_due: int | None = None
    min_attempts: int | None = None
    max_attempts: int | None = None
    min_days_since_contact: int | None = None
    has_broken_promise: bool | None = None
    has_open_promise: bool | None = None
    has_hold: bool | None = None
    is_vulnerable: bool | None = None
    is_time_barred: bool | None = None
    # how
    channel: str = ""
    tone: str = ""
    deadline_days: int | None = None
    settlement_limit_ratio: Decimal | None = None
    alternatives: tuple[str, ...] = ()
    # and then
    escalate_after_attempts: int | None = None
    escalate_after_days: int | None = None
    escalate_to: str = ""
    id: int | None = None
    key: str = ""

    def fits(self, facts: Facts, *, currency: str = "") -> bool:
        """Say whether every condition holds; `currency` is that of the policy's amounts, "" for any."""
        amounts_count = currency in ("", facts.currency)
        return (
            _within(facts.days_past_due, self.min_days_past_due, self.max_days_past_due)
            and (not self.tiers or facts.tier in self.tiers)
            and (not self.buckets or facts.bucket in self.buckets)
            and (not self.products or facts.product in self.products)
            and self.has_broken_promise in (None, facts.has_broken_word)
            and self.has_open_promise in (None, facts.promise is PromiseState.OPEN)
            and self.has_hold in (None, bool(facts.holds))
            and self.is_vulnerable in (None, facts.is_vulnerable)
            and self.is_time_barred in (None, facts.is_time_barred)
            and _from_below(facts.overdue_amount, self.min_overdue_amount, self.overdue_below_amount, amounts_count)
            and _from_below(
                facts.outstanding_amount, self.min_outstanding_amount, self.outstanding_below_amount, amounts_count
            )
            and _within(facts.instalments_past_due, self.min_instalments_past_due, self.max_instalments_past_due)
            and _within(facts.attempts_in_30_days, self.min_attempts, self.max_attempts)
            and self._has_rested(facts.days_since_contact)
        )

    def escalates(self, facts: Facts) -> bool:
        """Say whether the line's action was tried long enough without the borrower being reached."""
        if not self.escalate_to or not facts.attempts_unanswered:
            return False
        if self.escalate_after_attempts is not None and facts.attempts_unanswered >= self.escalate_after_attempts:
            return True
        return (
            self.escalate_after_days is not None
            and facts.first_unanswered_on is not None
            and (facts.as_of - facts.first_unanswered_on).days >= self.escalate_after_days
        )

    def _has_rested(self, days_since_contact: int | None) -> bool:
        return (
            self.min_days_since_contact is None
            or days_since_contact is None
            or days_since_contact >= self.min_days_since_contact
        )


def _within(value: int | None, least: int | None, most: int | None) -> bool:
    if least is None and most is None:
        return True
    return value is not None and (least is None or value >= least) and (most is None or value <= most)


def _from_below(value: Decimal | None, least: Decimal | None, below: Decimal | None, counts: bool) -> bool:
    if least is None and below is None:
        return True
    return counts and value is not None and (least is None or value >= least) and (below is None or value < below)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRules:
    """A version of the policy with its lines in order.

    `exploration_ratio` is the share of decisions drawn among all eligible actions, so that effects can be learned; `seed` makes
    every draw repeatable.
    """

    version: int
    title: str
    rules: tuple[Rule, ...]
    exploration_ratio: float = 0.0
    seed: str = ""
    currency: str = ""
    id: int | None = None
