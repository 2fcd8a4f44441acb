"""Decide for every borrower what to do, and keep the decision."""

import hashlib
import time
from collections.abc import Iterator
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Q
from django.utils import timezone

from borrowers.models import Delinquency, Loan
from creditpath.sql import copy_rows, load
from recovery import policy as pure_policy
from recovery.errors import FiguresAreOfAnotherDay
from recovery.gathering import Subject, gather
from recovery.models import Recommendation
from recovery.policy import Decision, Facts, PolicyRules, decide
from recovery.policymaking.reading import get_policy
from recovery.reports import RecommendationReport

COLUMNS = (
    "borrower_id", "loan_id", "as_of", "policy_id", "policy_rule_id", "score_id", "household", "action", "eligible_actions",
    "probability", "seed", "drawn", "blocked", "facts", "versions", "reasons", "channel", "tone", "deadline_on", "ask_amount",
    "ladder", "priority", "ordered_by", "expected_minutes", "decided_at",
)  # fmt: skip
# A lock of PostgreSQL for each verb that must not run twice at once; the numbers only have to differ.
RECOMMEND_LOCK = 7_301


@transaction.atomic
def recommend_actions(*, as_of: date) -> RecommendationReport:
    """Write one recommendation for each borrower who needs one on the day, and return what was decided.

    A second run on the same day adds only borrowers who had none yet: what was decided stays, as the log is append-only. One
    query gathers the facts, decisions are made 5,000 at a time and written by COPY; memory does not grow with the books. Two
    runs at once: the second waits and finds all done. Raises FiguresAreOfAnotherDay where days past due are not refreshed.
    """
    started = time.perf_counter()
    take_turn(RECOMMEND_LOCK)
    _check_figures(as_of)
    policy = get_policy(as_of=as_of)
    decided_at = timezone.now()
    n_new = 0
    for chunk in gather(as_of=as_of):
        rows = (_row(subject, facts, policy, decided_at) for subject, facts in chunk)
        with connection.cursor() as cursor:
            n_new += copy_rows(cursor, Recommendation._meta.db_table, COLUMNS, rows)
    of_day = Recommendation.objects.filter(as_of=as_of)
    by_action = {row["action"]: row["n"] for row in of_day.values("action").annotate(n=Count("id")).order_by("action")}
    counts = of_day.aggregate(
        without_score=Count("id", filter=Q(score__isnull=True)),
        by_priors=Count("id", filter=Q(ordered_by=Recommendation.OrderedBy.PRIORS)),
        by_lot=Count("id", filter=Q(drawn__isnull=False)),
    )
    return RecommendationReport(
        as_of=as_of,
        n=sum(by_action.values()),
        n_new=n_new,
        n_without_score=counts["without_score"],
        n_by_priors=counts["by_priors"],
        n_by_lot=counts["by_lot"],
        policy_version=policy.version,
        by_action=by_action,
        seconds=time.perf_counter() - started,
    )


def take_turn(lock: int) -> None:
    """Wait until no other transaction holds the lock; it is given back at the end of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


@cache
def code_version() -> str:
    """Return a hash of the code and the SQL that decide; with the facts and the policy it makes a decision repeatable."""
    digest = hashlib.sha256(load("recovery", "recommendation_facts.sql").encode())
    for path in sorted(Path(pure_policy.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _check_figures(as_of: date) -> None:
    if Delinquency.objects.filter(as_of=as_of).exists() or not Loan.objects.exists():
        return
    raise FiguresAreOfAnotherDay(
        f"No loan has days past due as of {as_of}. Run: manage.py refresh_delinquency --as-of {as_of}"
    )


def _row(subject: Subject, facts: Facts, policy: PolicyRules, decided_at: datetime) -> tuple[Any, ...]:
    decision = decide(facts, policy, household=subject.household)
    return (
        subject.borrower_id,
        subject.loan_id,
        facts.as_of,
        policy.id,
        decision.rule.id if decision.rule else None,
        subject.score_id,
        subject.household,
        decision.action,
        decision.eligible_actions,
        decision.eligible_actions[decision.action],
        policy.seed,
        decision.drawn,
        [{"action": block.action, "reason": block.reason} for block in decision.blocked],
        facts.as_json(),
        dict(_versions(facts, decision, policy)),
        list(decision.reasons),
        decision.channel,
        decision.tone,
        decision.deadline_on,
        decision.ask_amount,
        [step.as_json() for step in decision.ladder],
        decision.priority,
        decision.ordered_by,
        decision.expected_minutes,
        decided_at,
    )


def _versions(facts: Facts, decision: Decision, policy: PolicyRules) -> Iterator[tuple[str, Any]]:
    yield "policy", policy.version
    yield "code", code_version()
    if decision.rule is not None:
        yield "line", decision.rule.position
        yield "line_key", decision.rule.key
    if facts.model is not None:
        yield "model", facts.model
        yield "feature_set", facts.feature_set
