"""Plans for tests."""

import uuid
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from borrowers.models import Loan
from creditpath.accounts.models import User
from recovery.models import Plan
from recovery.plans.budget import BudgetLine
from recovery.plans.offering import build_offer, find_limit, get_standing, get_terms
from recovery.plans.services import propose_plan

BUDGET = (
    BudgetLine("income", "Wages and benefits", Decimal(1500)),
    BudgetLine("expense", "Housing and energy", Decimal(500)),
)


def make_plan(loan: Loan, *, by: User, day: date, kind: str = "pay_off", n: int = 3, **said: Any) -> Plan:
    """Propose a plan of monthly instalments, the first one a week from a day, to a borrower with 1,000 left in a month."""
    loan = Loan.objects.select_related("delinquency").get(pk=loan.pk)
    budget = said.pop("budget", BUDGET)
    disposable = (
        sum((line.amount if line.kind == "income" else -line.amount for line in budget), Decimal(0)) if budget else None
    )
    offer = build_offer(
        standing=get_standing(loan=loan, today=day), kind=kind, n=n, frequency="monthly", first_on=day + timedelta(days=7),
        today=day, disposable=disposable, limit=find_limit(user=by, today=day), terms=get_terms(today=day),
        agreed=said.pop("agreed", None),
    )  # fmt: skip
    return propose_plan(loan=loan, offer=offer, budget=budget, by=by, form_key=uuid.uuid4().hex, **said)
