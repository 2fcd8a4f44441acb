"""A small lender whose days are closed."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from borrowers.clock import set_business_date
from borrowers.models import Delinquency, Loan, MonthEndSnapshot
from creditpath.accounts.models import Team
from tests.factories import make_borrower, make_loan, make_promise, make_user

DAY = date(2025, 6, 28)  # two days before a month end
FIGURES = (
    "loan__external_id", "as_of", "days_past_due", "bucket", "instalments_past_due", "oldest_unpaid_due_on", "overdue_amount",
    "overdue_principal_amount", "outstanding_principal_amount", "outstanding_amount", "paid_amount", "last_paid_on",
    "last_paid_amount", "next_due_on", "next_due_amount",
)  # fmt: skip


def make_books(team: Team) -> Sequence[Loan]:
    """Three loans late, due today and not yet due, an agent to work them, and a promise; the books stand at DAY."""
    make_user("agent", team=team)
    loans = [
        make_loan(
            external_id=f"C{number}",
            borrower=make_borrower(team=team, external_id=f"P{number}"),
            instalments=[(first, 100, 5), (date(2025, 8, 1), 100, 5)],
            payments=[(date(2025, 6, 20), 20)],
        )
        for number, first in enumerate([date(2025, 5, 1), DAY, date(2025, 7, 15)], start=1)
    ]
    make_promise(loans[0], made_on=DAY, due_on=date(2025, 6, 29), amount=50)
    set_business_date(day=DAY)
    return loans


def figures() -> dict[str, Any]:
    """Return what the books keep: figures of the business date, and of each month end as known then."""
    return {
        "now": list(Delinquency.objects.order_by("loan_id").values_list(*FIGURES)),
        "month ends": list(MonthEndSnapshot.objects.order_by("as_of", "loan_id").values_list(*FIGURES)),
    }
