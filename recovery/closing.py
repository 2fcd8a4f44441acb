"""What the work does at the close of a day, so that the next one finds its lists."""

from collections.abc import Mapping
from typing import Any

from django.db import connection

from borrowers.closing.registry import Closing, closing_step
from borrowers.services import known_at
from recovery.alerts.services import raise_alerts
from recovery.evidence.sealing import seal_evidence
from recovery.models import WorklistItem
from recovery.plans.services import check_plans
from recovery.services import plan_worklists, recommend_actions
from scoring.explaining.services import explain_scores


@closing_step("check_promises", position=50)
def count_promises(closing: Closing) -> Mapping[str, Any]:
    """Count how promises stand; their states are found from payments, nothing is written."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT state, count(*) FROM promise_states(%s, %s) GROUP BY state ORDER BY state",
            [closing.day, known_at(as_of=closing.day)],
        )
        return dict(cursor.fetchall())


@closing_step("check_plans", position=55)
def check(closing: Closing) -> Mapping[str, Any]:
    """Write down which payment plans were completed and which were broken."""
    return check_plans(as_of=closing.day, known=known_at(as_of=closing.day))


@closing_step("recommend_actions", position=60, of_missed_days=False)
def recommend(closing: Closing) -> Mapping[str, Any]:
    """Decide for every borrower what to do next."""
    return recommend_actions(as_of=closing.day).as_json()


@closing_step("plan_worklists", position=70, of_missed_days=False)
def plan(closing: Closing) -> Mapping[str, Any]:
    """Put the decisions on the lists of agents."""
    return plan_worklists(as_of=closing.day).as_json()


@closing_step("alerts", position=85, of_missed_days=False)
def tell(closing: Closing) -> Mapping[str, Any]:
    """Tell managers which figures of the day are above their thresholds."""
    return raise_alerts(as_of=closing.day).as_json()


@closing_step("explain_scores", position=80, of_missed_days=False)
def explain(closing: Closing) -> Mapping[str, Any]:
    """Keep the reasons of the scores that agents will look at."""
    on_lists = WorklistItem.objects.on(closing.day).values_list("recommendation__score_id", flat=True)
    return explain_scores(score_ids=[pk for pk in on_lists if pk is not None]).as_json()


@closing_step("seal_evidence", position=87, of_missed_days=False, commits_itself=True)
def seal(closing: Closing) -> Mapping[str, Any]:
    """Put what was done into the chains of evidence."""
    return seal_evidence(progress=closing.progress).as_json()
