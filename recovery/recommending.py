"""Decide for every borrower what to do, and keep the decision."""

import time
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.models import Count
from django.utils import timezone

from borrowers.models import Delinquency, Loan
from borrowers.services import known_at
from creditpath.sql import copy_rows, load
from recovery.errors import FiguresAreOfAnotherDay
from recovery.models import Policy, PolicyRule, Recommendation
from recovery.policy import Decision, Facts, PolicyRules, PromiseState, Rule, decide
from recovery.policy.default import TITLE, default_rules
from recovery.reports import RecommendationReport

CHUNK = 5_000
FACTS_WITHOUT = ("borrower_id", "loan_id", "score_id")
COLUMNS = (
    "borrower_id", "loan_id", "as_of", "policy_rule_id", "score_id", "action", "eligible_actions", "facts", "reasons",
    "ask_amount", "priority", "expected_minutes", "decided_at",
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
    for chunk in _gather(as_of):
        rows = [_row(ids, facts, decide(facts, policy), decided_at) for ids, facts in chunk]
        with connection.cursor() as cursor:
            n_new += copy_rows(cursor, Recommendation._meta.db_table, COLUMNS, rows)
    of_day = Recommendation.objects.filter(as_of=as_of)
    by_action = {row["action"]: row["n"] for row in of_day.values("action").annotate(n=Count("id")).order_by("action")}
    return RecommendationReport(
        as_of=as_of,
        n=sum(by_action.values()),
        n_new=n_new,
        n_without_score=of_day.filter(score__isnull=True).count(),
        by_action=by_action,
        seconds=time.perf_counter() - started,
    )


def take_turn(lock: int) -> None:
    """Wait until no other transaction holds the lock; it is given back at the end of this one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lock])


def get_policy(*, as_of: date) -> PolicyRules:
    """Return the policy in force on a day, the starting policy if there is none yet; two queries."""
    policy = Policy.objects.filter(effective_from__lte=as_of).order_by("-effective_from", "-version").first()
    policy = policy or ensure_default_policy(as_of=as_of)
    return PolicyRules(
        version=policy.version,
        title=policy.title,
        rules=tuple(_as_rule(row) for row in policy.rules.order_by("position")),
    )


@transaction.atomic
def ensure_default_policy(*, as_of: date) -> Policy:
    """Return a policy, writing the starting one if there is none.

    Its two amounts come from the books, as no number fits every currency: small is 2 %, large 50 % of the median principal of
    the most common currency. They stand in the lines and can be read there.
    """
    policy = Policy.objects.order_by("-version").first()
    if policy is not None and policy.effective_from <= as_of:
        return policy
    version = 1 + (policy.version if policy else 0)
    policy = Policy.objects.create(version=version, title=TITLE, effective_from=as_of)
    median = _median_principal()
    small, large = (_rounded(median * share) for share in (Decimal("0.02"), Decimal("0.5")))
    PolicyRule.objects.bulk_create(
        PolicyRule(policy=policy, **line) for line in default_rules(small_amount=small, large_amount=large)
    )
    return policy


def _median_principal() -> Decimal:
    common = Loan.objects.values("currency").annotate(n=Count("id")).order_by("-n", "currency").first()
    if common is None:
        return Decimal(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY coalesce(l.principal_amount, d.outstanding_amount)) "
            "FROM borrowers_loan l LEFT JOIN borrowers_delinquency d ON d.loan_id = l.id WHERE l.currency = %s",
            [common["currency"]],
        )
        return Decimal(cursor.fetchone()[0] or 0)  # loans kept by snapshots have no principal: what is owed stands in


def _rounded(amount: Decimal) -> Decimal:
    """Round down to one significant digit: 437.50 becomes 400."""
    if amount < 1:
        return Decimal(0)
    step = Decimal(10) ** (len(str(int(amount))) - 1)
    return (amount // step) * step


def _as_rule(row: PolicyRule) -> Rule:
    return Rule(
        id=row.pk,
        position=row.position,
        action=row.action,
        reason=row.reason,
        expected_minutes=row.expected_minutes,
        min_days_past_due=row.min_days_past_due,
        max_days_past_due=row.max_days_past_due,
        tiers=tuple(row.tiers),
        min_overdue_amount=row.min_overdue_amount,
        has_broken_promise=row.has_broken_promise,
        has_open_promise=row.has_open_promise,
    )


def _check_figures(as_of: date) -> None:
    if Delinquency.objects.filter(as_of=as_of).exists() or not Loan.objects.exists():
        return
    raise FiguresAreOfAnotherDay(
        f"No loan has days past due as of {as_of}. Run: manage.py refresh_delinquency --as-of {as_of}"
    )


def _gather(as_of: date) -> Iterator[list[tuple[dict[str, Any], Facts]]]:
    """Yield the facts of borrowers in chunks, read through a cursor that stays on the server."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(load("recovery", "recommendation_facts.sql"), {"day": as_of, "known": known_at(as_of=as_of)})
        while rows := cursor.fetchmany(CHUNK):
            names = [column[0] for column in cursor.description]
            yield [_split(as_of, names, row) for row in rows]


def _split(as_of: date, names: Sequence[str], row: Sequence[Any]) -> tuple[dict[str, Any], Facts]:
    values = dict(zip(names, row, strict=True))
    ids = {name: values.pop(name) for name in FACTS_WITHOUT}
    values["promise"] = PromiseState(values["promise"])
    return ids, Facts(as_of=as_of, **values)


def _row(ids: dict[str, Any], facts: Facts, decision: Decision, decided_at: Any) -> tuple[Any, ...]:
    return (
        ids["borrower_id"],
        ids["loan_id"],
        facts.as_of,
        decision.rule.id if decision.rule else None,
        ids["score_id"],
        decision.action,
        decision.eligible_actions,
        facts.as_json(),
        list(decision.reasons),
        decision.ask_amount,
        decision.priority,
        decision.expected_minutes,
        decided_at,
    )
