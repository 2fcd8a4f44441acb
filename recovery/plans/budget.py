"""The income-and-expenditure check: what a borrower has in a month beside what life costs."""

from dataclasses import dataclass
from decimal import Decimal

from recovery.models import PlanBudgetLine

Kind = PlanBudgetLine.Kind
# The lines that are asked for, in the order of the form.
LINES = (
    ("income", Kind.INCOME, "Wages and benefits"),
    ("other_income", Kind.INCOME, "Other income"),
    ("housing", Kind.EXPENSE, "Housing and energy"),
    ("living", Kind.EXPENSE, "Food and household"),
    ("transport", Kind.EXPENSE, "Transport"),
    ("other_debts", Kind.EXPENSE, "Other debts"),
    ("other_costs", Kind.EXPENSE, "Everything else"),
)


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """What comes in or goes out in a month."""

    kind: str
    label: str
    amount: Decimal


Budget = tuple[BudgetLine, ...]


def disposable_amount_of(budget: Budget) -> Decimal | None:
    """Return what is left in a month, None where nothing was asked; it may be below zero."""
    if not budget:
        return None
    return sum((line.amount if line.kind == Kind.INCOME else -line.amount for line in budget), Decimal(0))
