"""How plans stand: found from payments, and written down at the close of a day."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from borrowers.models import Borrower
from creditpath.sql import load
from recovery.models import Plan, PlanEvent

ALL_THAT_IS_BOOKED = datetime.max.replace(tzinfo=UTC)  # pages stand at the business date: everything counts
OPEN = (PlanEvent.State.PROPOSED, PlanEvent.State.WAITING, PlanEvent.State.ACTIVE)


@dataclass(frozen=True)
class PlanShown:
    """A plan with what came in on it."""

    plan: Plan
    state: str
    since: date
    paid_amount: Decimal
    due_amount: Decimal
    n_missed: int
    missed_amount: Decimal
    next_due_on: date | None
    next_due_amount: Decimal | None
    n: int
    loan_name: str
    borrower_id: int
    borrower_name: str
    who: str

    @property
    def state_words(self) -> str:
        return str(PlanEvent.State(self.state).label)

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def paid_percent(self) -> int:
        return min(int(100 * self.paid_amount / self.plan.agreed_amount), 100)


def find_plans(*, borrower: Borrower, today: date) -> list[PlanShown]:
    """Return a borrower's plans with what came in on them, the newest first; one query."""
    return _show(today, plans=[], borrower=borrower.pk)


def show_plans(*, plans: Sequence[int], today: date) -> list[PlanShown]:
    """Return plans by number with what came in on them, the newest first; one query."""
    return _show(today, plans=list(plans), borrower=None)


def _show(today: date, **asked: Any) -> list[PlanShown]:
    arguments = {"day": today, "known": ALL_THAT_IS_BOOKED} | asked
    rows = Plan.objects.raw(load("recovery", "plans/show.sql"), arguments)
    found = [field.name for field in fields(PlanShown) if field.name != "plan"]
    return [PlanShown(plan=row, **{name: getattr(row, name) for name in found}) for row in rows]


def check_plans(*, as_of: date, known: datetime) -> dict[str, Any]:
    """Write down which plans were completed or broken by the end of a day, and which a returned payment opened again.

    Where a settlement was paid, the rest is proposed to be written off, which a second person decides.
    """
    with connection.cursor() as cursor:
        cursor.execute(load("recovery", "plans/check_plans.sql"), {"day": as_of, "known": known})
        found = Counter(state for (state,) in cursor.fetchall())
        cursor.execute(load("recovery", "plans/propose_rest.sql"), {"day": as_of})
        found["rests_proposed"] = len(cursor.fetchall())
        return dict(sorted((+found).items()))
