"""What is known of a borrower on a day; one row of sql/recommendation_facts.sql."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from operator import attrgetter
from typing import Any


class PromiseState(StrEnum):
    """How the newest promise of a borrower stands; found from payments, never typed."""

    NONE = ""
    OPEN = "open"
    BROKEN = "broken"


class PlanState(StrEnum):
    """How the payment plan of a borrower stands; found from payments at the close of each day."""

    NONE = ""
    WAITING = "waiting"
    ACTIVE = "active"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one borrower. Amounts are in `currency`, that of the loan which is longest overdue.

    An amount that is None is not available: the lender's own figures for the loan say days or statuses alone.
    """

    as_of: date
    currency: str
    days_past_due: int
    overdue_amount: Decimal | None
    overdue_loans: int
    bucket: str = ""
    product: str = ""
    instalments_past_due: int | None = None
    outstanding_amount: Decimal | None = None
    mean_overdue_amount: Decimal | None = Decimal(0)
    oldest_unpaid_due_on: date | None = None
    next_due_on: date | None = None
    next_due_amount: Decimal | None = None
    last_paid_on: date | None = None
    last_paid_amount: Decimal | None = None
    pd: float | None = None
    tier: str | None = None
    model: str | None = None
    feature_set: str | None = None
    model_is_default: bool = True
    plan: PlanState = PlanState.NONE
    plan_due_on: date | None = None
    plan_due_amount: Decimal | None = None
    promise: PromiseState = PromiseState.NONE
    promise_amount: Decimal | None = None
    promise_due_on: date | None = None
    promise_paid_amount: Decimal | None = None
    last_contact_on: date | None = None
    last_channel: str | None = None
    last_outcome: str | None = None
    attempts_in_30_days: int = 0
    attempts_unanswered: int = 0
    first_unanswered_on: date | None = None
    calls_in_window: int = 0
    call_limit: int | None = None
    call_days: int = 7
    last_conversation_on: date | None = None
    conversation_wait_days: int | None = None
    follow_up_on: date | None = None
    disputed_on: date | None = None
    hardship_on: date | None = None
    holds: tuple[str, ...] = ()
    closed_channels: tuple[str, ...] = ()
    is_vulnerable: bool = False
    is_time_barred: bool = False

    @property
    def follow_up_is_due(self) -> bool:
        return self.follow_up_on is not None and self.follow_up_on <= self.as_of

    @property
    def has_broken_word(self) -> bool:
        return self.promise is PromiseState.BROKEN or self.plan is PlanState.BROKEN

    @property
    def days_since_contact(self) -> int | None:
        return None if self.last_contact_on is None else (self.as_of - self.last_contact_on).days

    def as_json(self) -> dict[str, Any]:
        """Return what the decision log keeps: every fact that is known, exact amounts as text."""
        known: dict[str, Any] = {}
        for name, value in zip(self.__slots__, _values_of(self), strict=True):
            if value is None or value in _EMPTY:
                continue
            known[name] = str(value) if isinstance(value, _WRITTEN_AS_TEXT) else value
        return known


_EMPTY = ("", ())
_WRITTEN_AS_TEXT = (Decimal, date)
_values_of = attrgetter(*Facts.__slots__)
