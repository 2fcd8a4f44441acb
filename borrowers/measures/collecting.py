"""What was collected from late loans, and at what cost."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from borrowers.measures.asking import (
    ALL_LOANS,
    PortfolioFilter,
    Share,
    last_month_end,
    month_end,
    rows_of,
    share,
    stand_at,
)


@dataclass(frozen=True)
class CollectedMonth:
    """A month of collecting in one currency; amounts are None where the books do not have them."""

    currency: str
    from_day: date
    to_day: date
    n_loans: int
    n_without_payments: int
    assigned_amount: Decimal | None
    collected_amount: Decimal | None
    n_contacts: int
    n_without_cost: int
    cost_amount: Decimal | None

    @property
    def liquidation_ratio(self) -> Share:
        """Return what was collected over what was assigned: all that late loans owed when the month began."""
        return share(self.collected_amount, self.assigned_amount)

    @property
    def cost_per_unit(self) -> Share:
        """Return the cost of contacts per unit of money collected; None where a channel has no cost or nothing came in."""
        return share(self.cost_amount, self.collected_amount)


def measure_collecting(
    *, as_of: date | None = None, months: int = 12, only: PortfolioFilter = ALL_LOANS
) -> dict[str, tuple[CollectedMonth, ...]]:
    """Measure liquidation and cost by currency, month by month, oldest first.

    Base: loans late at the month end at which the month begins; payments and contacts as they are known for the day asked.
    Cost: see collecting.sql. Raises NoBusinessDate, DayNotClosed.
    """
    at = stand_at(as_of)
    last = last_month_end(at.day)
    to_days = [month_end(last, -back) for back in range(months)][::-1]
    asked = {"from_days": [month_end(day, -1) for day in to_days], "to_days": to_days}
    found: dict[str, list[CollectedMonth]] = {}
    for row in rows_of("borrowers", "collecting", only.as_parameters() | at.as_parameters() | asked):
        found.setdefault(row["currency"], []).append(CollectedMonth(**row))
    return {currency: tuple(collected) for currency, collected in found.items()}
