"""What a derivation consists of, and the arithmetic of one line. Pure: no database."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

ZERO = Decimal(0)
PARTS = {"f": "fees", "i": "interest", "p": "principal"}


@dataclass(frozen=True)
class Rules:
    """The product's rules that decide when an instalment counts as paid."""

    product: str
    tolerance_amount: Decimal
    settlement_order: str
    unpaid_fees_age: bool
    grace_days: int

    def in_words(self) -> str:
        """Say the rules as a person would."""
        order = ", then ".join(PARTS[part] for part in self.settlement_order)
        fees = "Unpaid fees alone age the loan." if self.unpaid_fees_age else "Unpaid fees alone do not age the loan."
        tolerance = (
            f"An instalment with {self.tolerance_amount:,.2f} or less unpaid counts as paid."
            if self.tolerance_amount
            else "An instalment counts as paid when nothing is left of it."
        )
        grace = f" It is flagged after {self.grace_days} days of grace." if self.grace_days else ""
        return f"Payments settle the oldest due line first, inside a line {order}. {tolerance} {fees}{grace}"


@dataclass(frozen=True)
class Share:
    """What one payment settled of one line."""

    payment_id: int
    amount: Decimal


@dataclass(frozen=True)
class Line:
    """One thing owed: an instalment, the asked part of a statement, or a charge."""

    kind: str  # instalment, statement, charge
    entry_id: int
    number: int
    label: str
    due_on: date
    booked_at: datetime
    principal_amount: Decimal
    interest_amount: Decimal
    fee_amount: Decimal
    paid_amount: Decimal
    settled_by: tuple[Share, ...]

    @property
    def amount(self) -> Decimal:
        return self.principal_amount + self.interest_amount + self.fee_amount

    @property
    def remainder_amount(self) -> Decimal:
        return self.amount - self.paid_amount

    def remainders(self, order: str) -> dict[str, Decimal]:
        """Return what is left of fees ("f"), interest ("i") and principal ("p") when they are settled in an order."""
        owed = {"f": self.fee_amount, "i": self.interest_amount, "p": self.principal_amount}
        left, money = {}, self.paid_amount
        for part in order:
            settled = min(owed[part], money)
            money -= settled
            left[part] = owed[part] - settled
        return left

    def ageing_amount(self, rules: Rules) -> Decimal:
        """Return what counts against the tolerance: all that is left, or all but fees."""
        left = self.remainders(rules.settlement_order)
        return sum(left.values(), ZERO) if rules.unpaid_fees_age else left["i"] + left["p"]

    def is_unpaid(self, rules: Rules) -> bool:
        """Say whether the line ages the loan."""
        return self.ageing_amount(rules) > rules.tolerance_amount

    def is_owed(self, rules: Rules) -> bool:
        """Say whether the line is asked for, fees included, whether or not it ages the loan."""
        return self.remainder_amount > rules.tolerance_amount


@dataclass(frozen=True)
class Entry:
    """A payment or reversal, and whether it counts."""

    id: int
    external_id: str | None
    amount: Decimal
    status: str
    channel: str
    effective_on: date
    booked_at: datetime
    reverses_id: int | None
    reversal_reason: str
    standing: str

    @property
    def channel_in_words(self) -> str:
        return "" if self.channel == "unknown" else self.channel.replace("_", " ")

    @property
    def was_late_known(self) -> bool:
        """Say whether the entry became known after the day from which it counts."""
        return self.booked_at.date() > self.effective_on
