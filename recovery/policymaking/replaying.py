"""Try a draft on past days: what it would have recommended against the policy in force, and what was paid then."""

import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from borrowers.services import get_business_date
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from creditpath.jobs import enqueue
from creditpath.jobs.services import fence
from creditpath.sql import copy_rows, load
from recovery.errors import PolicyRefused
from recovery.gathering import Subject, gather
from recovery.models import Policy, PolicyEvent, PolicyReplay, ReplayLine
from recovery.policy import Facts, PolicyRules, decide
from recovery.policymaking.reading import as_rules, get_policy, hash_of
from recovery.reports import ReplayReport

JOB = "replay_policy"
PAID_WITHIN_DAYS = 30
MOST_DAYS = 366
COLUMNS = ("borrower_id", "side", "action", "currency", "blocked", "minutes", "owed_amount", "has_score")
Tell = Callable[[int, int, str], None]


@transaction.atomic
def request_replay(*, policy: Policy, by: User | None, days: int = 60, every_days: int = 1) -> PolicyReplay:
    """Ask a worker to try a version on the days up to the business date; raises PolicyRefused with a remedy by field."""
    replay = plan_replay(policy=policy, by=by, days=days, every_days=every_days)
    replay.job = enqueue(JOB, unique_key=f"{JOB}:{replay.pk}", created_by=by, replay=replay.pk)
    replay.save(update_fields=["job"])
    return replay


@transaction.atomic
def plan_replay(*, policy: Policy, by: User | None, days: int = 60, every_days: int = 1) -> PolicyReplay:
    """Write down which days a version is to be tried on, without asking a worker; raises PolicyRefused."""
    if not 1 <= days <= MOST_DAYS:
        raise PolicyRefused(fields={"days": f"Enter 1 to {MOST_DAYS} days."}, detail=f"Enter 1 to {MOST_DAYS} days.")
    if not 1 <= every_days <= days:
        message = f"Enter 1 for every day, up to {days}."
        raise PolicyRefused(message, fields={"every_days": message})
    policy = Policy.objects.get(pk=policy.pk)  # as it stands now, whatever the caller holds
    said = as_rules(policy)
    if not said.rules:
        raise PolicyRefused("There is no line yet: add what is to be done first.")
    last = get_business_date()
    get_policy(as_of=last)  # there is one from now on
    against = Policy.objects.in_force(last).get()
    first = last - timedelta(days=days - 1)
    return PolicyReplay.objects.create(
        policy=policy,
        against=against,
        rules_hash=hash_of(said),
        first_day=first,
        last_day=last,
        every_days=every_days,
        days_total=len(list(days_of(first, last, every_days))),
        requested_by=by,
    )


def days_of(first: date, last: date, every_days: int) -> Iterator[date]:
    """Yield the days of a replay, the last one always among them, the earliest first."""
    yield from sorted(last - timedelta(days=back) for back in range(0, (last - first).days + 1, every_days))


def run_replay(*, replay: PolicyReplay, tell: Tell) -> ReplayReport:
    """Decide every day anew, by the draft and by the policy in force, and keep the counts by day, side and action.

    Each day stands for itself, from facts as they were known at its end; what was done on the days between is what really was
    done. One transaction per day, so that a run that was cut off goes on where it stopped. A day costs the figures of all
    loans as of it, one gathering of facts and two decisions per borrower; memory does not grow with the books. Raises
    PolicyRefused where the draft was edited since.
    """
    started = time.perf_counter()
    draft, in_force = as_rules(replay.policy), as_rules(replay.against)
    if hash_of(draft) != replay.rules_hash:
        raise PolicyRefused("The draft was edited since: try it again.")
    replay.state = PolicyReplay.State.RUNNING
    replay.save(update_fields=["state"])
    days = list(days_of(replay.first_day, replay.last_day, replay.every_days))
    for number, day in enumerate(days, start=1):
        tell(number - 1, len(days), f"deciding {day}")
        if not replay.lines.filter(day=day).exists():
            with transaction.atomic():
                fence()
                _replay_day(replay, day, draft, in_force)
                replay.days_done = number
                replay.save(update_fields=["days_done", "cases", "cases_with_score", "cases_decided_otherwise"])
    with transaction.atomic():
        fence()
        replay.state, replay.finished_at = PolicyReplay.State.DONE, timezone.now()
        replay.days_done = len(days)
        replay.seconds = round(time.perf_counter() - started, 1)
        replay.save(update_fields=["state", "finished_at", "days_done", "seconds"])
        PolicyEvent.objects.create(
            policy=replay.policy,
            kind=PolicyEvent.Kind.REPLAYED,
            by=replay.requested_by,
            detail=f"On {len(days)} days, {replay.first_day} to {replay.last_day}: "
            f"{replay.cases_decided_otherwise:,} of {replay.cases:,} cases decided otherwise.",
        )
    return ReplayReport(
        replay=replay.pk,
        policy_version=draft.version,
        against_version=in_force.version,
        days=len(days),
        cases=replay.cases,
        cases_decided_otherwise=replay.cases_decided_otherwise,
        seconds=time.perf_counter() - started,
    )


def mark_failed(*, replay: PolicyReplay, error: DomainError) -> None:
    """Let the page of the draft say why a replay came to nothing."""
    replay.state, replay.error, replay.finished_at = PolicyReplay.State.FAILED, error.detail[:500], timezone.now()
    replay.save(update_fields=["state", "error", "finished_at"])


def _replay_day(replay: PolicyReplay, day: date, draft: PolicyRules, in_force: PolicyRules) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS replay_case (borrower_id bigint, side text, action text, currency text,"
            " blocked text[], minutes numeric, owed_amount numeric, has_score boolean) ON COMMIT DROP"
        )
        cursor.execute("TRUNCATE replay_case")
    for chunk in gather(as_of=day, is_replay=True):
        with connection.cursor() as cursor:
            copy_rows(cursor, "replay_case", COLUMNS, _rows(chunk, draft, in_force))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE replay_case")
        cursor.execute(
            load("recovery", "replay_day.sql"),
            {
                "replay": replay.pk,
                "day": day,
                "is_whole": day + timedelta(days=PAID_WITHIN_DAYS) <= replay.last_day,
            },
        )
        cursor.execute(
            "SELECT count(*), count(*) FILTER (WHERE draft.has_score), count(*) FILTER (WHERE draft.action <> other.action)"
            " FROM replay_case draft JOIN replay_case other ON other.borrower_id = draft.borrower_id"
            " WHERE draft.side = 'draft' AND other.side = 'in_force'"
        )
        cases, scored, otherwise = cursor.fetchone()
    replay.cases += cases
    replay.cases_with_score += scored
    replay.cases_decided_otherwise += otherwise


def _rows(chunk: list[tuple[Subject, Facts]], draft: PolicyRules, in_force: PolicyRules) -> Iterator[tuple[Any, ...]]:
    for side, policy in ((ReplayLine.Side.DRAFT, draft), (ReplayLine.Side.IN_FORCE, in_force)):
        for subject, facts in chunk:
            decision = decide(facts, policy, household=subject.household)
            yield (
                subject.borrower_id,
                side,
                decision.action,
                facts.currency,
                "{" + ",".join(block.action for block in decision.blocked) + "}",
                decision.expected_minutes,
                facts.overdue_amount,
                subject.score_id is not None,
            )
