"""Simulate a lender."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Any

import numpy as np
from django.db import connection, transaction
from django.db.models import Count

from borrowers.clock import set_business_date
from borrowers.delinquency.services import refresh_delinquency
from borrowers.errors import BooksNotEmpty, SimulationRefused
from borrowers.models import Borrower, Delinquency, Loan
from borrowers.querysets import OWING_BUCKETS
from borrowers.simulation.blocks import plan_blocks
from borrowers.simulation.lending import make_calendar
from borrowers.simulation.parameters import MAX_LOANS, MAX_MONTHS, MIN_LOANS, MIN_MONTHS, Parameters
from borrowers.simulation.rows import TABLES, Staff
from borrowers.simulation.writing import Written, write_blocks
from creditpath.accounts.models import Role, Team, User

DEMONSTRATION_DAY = date(2026, 6, 30)
TEAM_NAMES = ("North", "South")
MAX_TEAMS = 3
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class SimulationReport:
    """What was simulated."""

    seed: int
    months: int
    as_of: date
    written: Written
    by_bucket: dict[str, int]
    writing_seconds: float
    seconds: float

    def summary(self) -> str:
        open_loans = sum(n for bucket, n in self.by_bucket.items() if bucket in OWING_BUCKETS)
        buckets = ", ".join(
            f"{bucket} {n:,} ({n / open_loans:.1%})" if bucket in OWING_BUCKETS else f"{bucket} {n:,}"
            for bucket, n in self.by_bucket.items()
        )
        n, kinds = self.written.tables, self.written.kinds
        return (
            f"Simulated {n['loans']:,} loans of {n['borrowers']:,} borrowers as of {self.as_of} (seed {self.seed}, "
            f"{self.months} months): {n['instalments']:,} instalments, {n['payments']:,} payments with {kinds['reversals']:,} "
            f"reversals, {n['contact_events']:,} contacts, {n['promises']:,} promises, {n['charges']:,} charges; "
            f"{kinds['written_off']:,} written off. Written in {self.writing_seconds:.1f} s, days past due and month ends in "
            f"{self.seconds - self.writing_seconds:.1f} s.\n"
            f"Buckets: {buckets}."
        )

    def as_json(self) -> dict[str, Any]:
        return {
            "seed": self.seed,
            "months": self.months,
            "as_of": self.as_of,
            "tables": dict(self.written.tables),
            **self.written.kinds,
            "by_bucket": self.by_bucket,
            "writing_seconds": round(self.writing_seconds, 3),
            "seconds": round(self.seconds, 3),
        }


def simulate_portfolio(
    *,
    loans: int,
    seed: int,
    months: int = 12,
    as_of: date = DEMONSTRATION_DAY,
    parameters: Parameters | None = None,
    progress: Progress = lambda done, total, message: None,
) -> SimulationReport:
    """Fill empty books with a simulated lender and freeze them at as_of.

    The same arguments give the same rows. Cost: linear, see docs/simulation.md; memory does not grow with the number of loans.
    One transaction, in which nobody else can write to the books. Raises BooksNotEmpty where borrowers are, SimulationRefused for
    numbers outside what can be simulated.
    """
    began = monotonic()
    parameters = parameters or Parameters()
    if not MIN_LOANS <= loans <= MAX_LOANS:
        raise SimulationRefused(f"The number of loans must be {MIN_LOANS:,} to {MAX_LOANS:,}.", fields={"loans": loans})
    if not MIN_MONTHS <= months <= MAX_MONTHS:
        raise SimulationRefused(
            f"The number of months must be {MIN_MONTHS} to {MAX_MONTHS}.", fields={"months": months}
        )
    if seed < 0:
        raise SimulationRefused("The seed must be zero or more.", fields={"seed": seed})
    with transaction.atomic():
        _lock_empty_books()
        staff = _find_staff()
        calendar = make_calendar(as_of=int(np.datetime64(as_of, "D").astype(np.int64)), months=months)
        plans = plan_blocks(loans=loans, seed=seed, parameters=parameters)
        written = write_blocks(plans, calendar=calendar, parameters=parameters, staff=staff, progress=progress)
        writing_seconds = monotonic() - began
        set_business_date(day=as_of, is_frozen=True)
        refresh_delinquency(as_of=as_of, progress=progress)
        by_bucket = dict(Delinquency.objects.order_by("bucket").values_list("bucket").annotate(Count("loan_id")))
    return SimulationReport(
        seed=seed,
        months=months,
        as_of=as_of,
        written=written,
        by_bucket=by_bucket,
        writing_seconds=writing_seconds,
        seconds=monotonic() - began,
    )


def _lock_empty_books() -> None:
    """Keep other writers out until the end of the transaction and make sure that nothing is there."""
    with connection.cursor() as cursor:
        tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in TABLES)
        cursor.execute(f"LOCK TABLE {tables} IN SHARE ROW EXCLUSIVE MODE")
    if Borrower.objects.exists() or Loan.objects.exists():
        raise BooksNotEmpty()


def _find_staff() -> Staff:
    """Return up to three teams, by name, and their agents; two are made where there are fewer."""
    for name in TEAM_NAMES[: max(0, 2 - Team.objects.count())]:
        Team.objects.get_or_create(name=name)
    teams = list(Team.objects.order_by("name")[:MAX_TEAMS])
    agents: dict[int, list[int]] = {team.id: [] for team in teams}
    members = User.objects.filter(role=Role.AGENT, is_active=True, team__in=teams).order_by("username")
    for user_id, team_id in members.values_list("id", "team_id"):
        agents[team_id].append(user_id)
    return Staff(team_ids=tuple(agents), agent_ids=tuple(tuple(ids) for ids in agents.values()))
