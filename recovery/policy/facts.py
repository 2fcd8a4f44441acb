"""What is known of a borrower on a day; one row of sql/recommendation_facts.sql."""

from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class PromiseState(StrEnum):
    """How the newest promise of a borrower stands; found from payments, never typed."""

    NONE = ""
    OPEN = "open"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The facts of one borrower. Amounts are in `currency`, that of the loan which is longest overdue."""

    as_of: date
    currency: str
    days_past_due: int
    overdue_amount: Decimal
    overdue_loans: int
    mean_overdue_amount: Decimal = Decimal(0)
    oldest_unpaid_due_on: date | None = None
    next_due_on: date | None = None
    next_due_amount: Decimal | None = None
    last_paid_on: date | None = None
    last_paid_amount: Decimal | None = None
    pd: float | None = None
    tier: str | None = None
    model: str | None = None
    model_is_default: bool = True
    promise: PromiseState = PromiseState.NONE
    promise_amount: Decimal | None = None
    promise_due_on: date | None = None
    promise_paid_amount: Decimal | None = None
    last_contact_on: date | None = None
    last_channel: str | None = None
    last_outcome: str | None = None
    attempts_in_30_days: int = 0
    follow_up_on: date | None = None
    disputed_on: date | None = None
    hardship_on: date | None = None

    @property
    def follow_up_is_due(self) -> bool:
        return self.follow_up_on is not None and self.follow_up_on <= self.as_of

    def as_json(self) -> dict[str, Any]:
        """Return what the decision log keeps: every fact that is known, exact amounts as text."""
        return {
            name: str(value) if isinstance(value, Decimal | date) else value
            for name, value in asdict(self).items()
            if value is not None and value != ""
        }
