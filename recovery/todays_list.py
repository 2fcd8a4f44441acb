"""From freshly imported books to a worklist in one go, for people who know no commands: a button, a job, a page that shows it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from borrowers.errors import NoBusinessDate
from borrowers.services import get_business_date, refresh_delinquency
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from creditpath.jobs.models import Job
from creditpath.jobs.queries import is_a_worker_alive
from creditpath.jobs.registry import job
from creditpath.jobs.services import enqueue, progress
from recovery.services import plan_worklists, recommend_actions
from scoring.engine.services import score_loans
from scoring.registry.services import find_champions

JOB = "make today's list"
STEPS = 4


@job(JOB, max_attempts=2)
def make_todays_list() -> dict[str, Any]:
    """Refresh days past due, score with what is live, recommend, plan; each step stands where a later one fails."""
    day = get_business_date()
    said: dict[str, Any] = {"day": day.isoformat()}
    progress(0, STEPS, "computing days past due")
    refresh_delinquency(as_of=day)
    progress(1, STEPS, "scoring loans")
    said["scoring"] = _score(day)
    progress(2, STEPS, "deciding what to do with whom")
    recommended = recommend_actions(as_of=day)
    said |= {
        "recommended": recommended.n,
        "by_action": recommended.by_action,
        "without_score": recommended.n_without_score,
    }
    progress(3, STEPS, "planning the lists")
    planned = plan_worklists(as_of=day)
    said["planned"] = planned.as_json()
    progress(STEPS, STEPS, "done")
    return said


def _score(day: Any) -> str:
    """Score with every live model; without one, or where it cannot, the rules alone decide."""
    champions = find_champions()
    if not champions:
        return "No model is live yet, so the rules decide by days past due and amounts."
    try:
        for purpose in dict.fromkeys(champion.purpose for champion in champions):
            score_loans(as_of=day, purpose=purpose)
    except DomainError as error:
        return f"The loans could not be scored ({error.detail}), so the rules decide."
    return f"Scored with {', '.join(champion.name for champion in champions)}."


@require_http_methods(["GET", "HEAD", "POST"])
def todays_list(request: HttpRequest) -> HttpResponse:
    """Ask for the list by POST, at most once at a time; show how far it is."""
    latest = Job.objects.filter(name=JOB).order_by("-pk").first()
    if request.method == "POST":
        if latest is None or latest.state not in (Job.State.QUEUED, Job.State.RUNNING):
            assert isinstance(request.user, User)
            enqueue(JOB, created_by=request.user)
        return redirect("recovery:todays-list")
    try:
        day = get_business_date()
    except NoBusinessDate:
        day = None
    is_open = latest is not None and latest.state in (Job.State.QUEUED, Job.State.RUNNING)
    share = round(100 * latest.progress_done / latest.progress_total) if latest and latest.progress_total else 0
    return render(
        request, "recovery/todays_list.html",
        {"job": latest, "is_open": is_open, "share": share, "day": day, "has_worker": not is_open or is_a_worker_alive()},
    )  # fmt: skip
