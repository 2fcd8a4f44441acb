"""The page that a role starts from: one sentence, a few figures, the way on."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from borrowers.models import ClosingStep, ContactEvent, DayClose, Delinquency, ImportRun
from borrowers.services import current_instant, describe_books
from creditpath.access import may_call
from creditpath.accounts.models import Role, User
from creditpath.jobs.models import Job, Worker
from recovery.alerts.services import open_alerts
from recovery.lists import QUEUES
from recovery.models import Action, Alert, CallBack, Grievance, Recommendation, WorklistItem
from recovery.teams.calling_back import peek_call_back
from scoring.models import Deployment, ScoringRun, StaleLoan
from scoring.querysets import heavy_fields

SHOWN_AHEAD = 5
ALERTS_SHOWN = 5
WORKER_IS_LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Figure:
    """One figure with its base, and where it leads."""

    label: str
    value: str
    note: str = ""
    url: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Way:
    """A page to go on to."""

    label: str
    url: str
    note: str


@dataclass(frozen=True)
class Home:
    """What a role sees first."""

    title: str
    headline: str
    figures: tuple[Figure, ...] = ()
    ways: tuple[Way, ...] = ()
    next_item: WorklistItem | None = None
    call_back: CallBack | None = None  # comes before it
    then: tuple[WorklistItem, ...] = ()
    team: tuple[dict[str, Any], ...] = ()
    by_action: tuple[tuple[str, int], ...] = ()
    alerts: tuple[Alert, ...] = ()
    n_alerts: int = 0
    n_day: int = 0
    n_by_priors: int = 0


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show each role what needs it today; at most a dozen queries, none of them per row."""
    user = request.user
    assert isinstance(user, User)  # the matrix lets nobody else in
    books = describe_books()
    context: dict[str, Any] = {"day": books.business_date}
    if books.business_date is not None:
        context |= {"home": BUILDERS[Role(user.role)](user, books.business_date), "now": current_instant()}
    return render(request, "recovery/home.html", context)


def _agent(user: User, day: date) -> Home:
    work = _work(Q(worklist_item__agent=user), day)
    items = WorklistItem.objects.on(day).filter(agent=user).open().order_by("rank")
    ahead = list(items.select_related("recommendation__borrower", "recommendation__loan")[: 1 + SHOWN_AHEAD])
    call_back = peek_call_back(agent=user)
    list_url = reverse("recovery:worklist")
    if work["open"]:
        headline = f"{_count(work['open'], 'case')} to work today, about {_hours(work['minutes'])}."
    elif work["done"]:
        headline = "Your list for today is done."
    else:
        headline = "There is no list for you today."
    return Home(
        title=f"Hello {user.first_name or user.username}",
        headline=headline,
        figures=(
            Figure("To do", f"{work['open']:,}", "on your list", list_url),
            Figure("Broken promises", f"{work['broken']:,}", "work these first", f"{list_url}?queue=broken"),
            Figure("Follow-ups due", f"{work['due']:,}", "agreed for today or before", f"{list_url}?queue=due"),
            Figure("Done", f"{work['done']:,}", f"of {work['n_day']:,} today", f"{list_url}?queue=done"),
        ),
        next_item=ahead[0] if ahead else None,
        call_back=call_back,
        then=tuple(ahead if call_back else ahead[1:])[:SHOWN_AHEAD],
        n_day=work["n_day"],
        n_by_priors=work["n_by_priors"],
    )


def _manager(user: User, day: date) -> Home:
    work = _work(Q(), day)
    late = list(
        Delinquency.objects.in_arrears()
        .values("loan__currency")
        .annotate(n=Count("loan_id"), amount=Sum("overdue_amount"))
        .order_by("-n")
    )
    n_late = sum(row["n"] for row in late)
    list_url = reverse("recovery:worklist")
    alerts = open_alerts(user).order_by("-as_of", "id")
    plan = f"Today's work is {_hours(work['minutes'])} for {_count(work['open'], 'case')}"
    left = f"; {work['left']:,} of them found no room on anybody's list" if work["left"] else ""
    return Home(
        title="Today",
        headline=f"{_count(n_late, 'loan')} {'is' if n_late == 1 else 'are'} late. {plan}{left}.",
        figures=(
            *(
                Figure(
                    f"Overdue in {row['loan__currency']}", _short(row["amount"]), f"on {_count(row['n'], 'late loan')}"
                )
                for row in late
            ),
            Figure("Broken promises", f"{work['broken']:,}", "to be called first", f"{list_url}?queue=broken"),
            Figure("Follow-ups due", f"{work['due']:,}", "agreed for today or before", f"{list_url}?queue=due"),
            Figure("On nobody's list", f"{work['left']:,}", "the shifts are full", f"{list_url}?queue=left"),
            *_grievance_figures(user, day),
            Figure("Legal review", f"{work['review']:,}", "wait for your decision", f"{list_url}?queue=review"),
            Figure("Done today", f"{work['done']:,}", f"of {work['n_day']:,} recommended", f"{list_url}?queue=done"),
        ),
        ways=_ways(user, ("recovery:portfolio-dashboard", "Portfolio", "Balances by bucket and tier, PAR, trends")),
        team=_team(day),
        alerts=tuple(alerts[:ALERTS_SHOWN]),
        n_alerts=alerts.count(),
        n_day=work["n_day"],
        n_by_priors=work["n_by_priors"],
        by_action=tuple(
            (Action(row["action"]).label, row["n"])
            for row in Recommendation.objects.filter(as_of=day).values("action").annotate(n=Count("id")).order_by("-n")
        ),
    )


def _team(day: date) -> tuple[dict[str, Any], ...]:
    rows = (
        WorklistItem.objects.on(day)
        .values("agent_id", "agent__username", "agent__first_name", "agent__last_name", "agent__team__name")
        .annotate(
            n=Count("id"),
            n_done=Count("id", filter=Q(done_at__isnull=False)),
            minutes=Sum("recommendation__expected_minutes", filter=Q(done_at__isnull=True)),
        )
        .order_by("agent__team__name", "agent__username")
    )
    return tuple(dict(row) for row in rows)


def _model_watcher(user: User, day: date) -> Home:
    live = list(Deployment.objects.live().select_related("model").defer(*heavy_fields("model")))
    figures = [
        Figure(
            f"Champion for “{row.purpose}”" + (f", {row.get_segment_display()}" if row.segment else ""),
            row.model.name,
            _metrics(row.model.metrics) + (" Trained on simulated borrowers." if row.model.is_simulated else ""),
        )
        for row in live
    ]
    headline = (
        f"{_count(len(live), 'model')} live."
        if live
        else "No model is live: the policy alone decides until one is promoted."
    )
    told = may_call(user, "recovery:alerts", "GET")
    alerts = list(open_alerts(user).order_by("-as_of", "id")[:ALERTS_SHOWN]) if told else []
    return Home(
        title="Models and portfolio",
        headline=f"{headline} {_last_run()}",
        alerts=tuple(alerts),
        n_alerts=len(alerts),
        figures=(*figures, *_scoring_figures()),
        ways=_ways(
            user,
            ("recovery:portfolio-dashboard", "Portfolio", "Balances by bucket and tier, PAR, trends"),
            ("scoring:models", "Models", "What is live, what waits for a second person, every version with its card"),
            ("admin:scoring_scoringrun_changelist", "Scoring runs", "What was scored, when, by which engine"),
            ("api:docs", "API", "Scores and models for your notebook"),
        ),
    )


def _compliance(user: User, day: date) -> Home:
    week = ContactEvent.objects.in_last_days(7, as_of=day).aggregate(
        n=Count("id"),
        hardship=Count("id", filter=Q(outcome="hardship")),
    )
    events = _address("admin:borrowers_contactevent_changelist")
    return Home(
        title="Conduct",
        headline=f"{_count(week['n'], 'contact')} in the 7 days to {day.day} {day:%b %Y}.",
        figures=(
            Figure("Contacts", f"{week['n']:,}", "all channels, 7 days", events),
            *_grievance_figures(user, day),
            Figure(
                "Hardship",
                f"{week['hardship']:,}",
                "reported in 7 days",
                f"{events}?outcome__exact=hardship" if events else "",
            ),
        ),
        ways=_ways(
            user,
            ("recovery:grievances", "Disputes", "Disputes and complaints with their clocks"),
            ("recovery:retention", "Evidence", "What is kept, on legal hold, or to be erased"),
            ("recovery:worklist", "Worklist", "Who is to be contacted today, and why"),
            ("admin:recovery_recommendation_changelist", "Decision log", "Every decision with facts and reasons"),
            ("recovery:policies", "Policies", "The rules by version, tried on past days and approved"),
            ("admin:borrowers_contactevent_changelist", "Contacts", "Every contact that was recorded"),
        ),
    )


def _admin(user: User, day: date) -> Home:
    jobs = Job.objects.aggregate(
        waiting=Count("id", filter=Q(state=Job.State.QUEUED)),
        running=Count("id", filter=Q(state=Job.State.RUNNING)),
        dead=Count("id", filter=Q(state=Job.State.DEAD)),
    )
    n_workers = Worker.objects.filter(seen_at__gte=timezone.now() - WORKER_IS_LATE).count()
    last_import = ImportRun.objects.first()
    jobs_url = _address("admin:jobs_job_changelist")
    troubles = []
    if not n_workers:
        troubles.append("no worker has been seen in the last two minutes")
    if jobs["dead"]:
        troubles.append(f"{_count(jobs['dead'], 'job')} given up")
    if last_import and last_import.state == ImportRun.State.FAILED:
        troubles.append("the last import failed")
    last_close = DayClose.objects.first()
    if last_close and last_close.state == DayClose.State.FAILED:
        failed = last_close.steps.filter(state=ClosingStep.State.FAILED).first()
        troubles.append(f"the close of {_in_words(last_close.day)} stopped{f' at {failed.name}' if failed else ''}")
    headline = f"Needs a look: {', '.join(troubles)}." if troubles else "All is well."
    return Home(
        title="Health",
        headline=headline,
        figures=(
            Figure("Workers", f"{n_workers:,}", "seen in the last 2 minutes", tone="" if n_workers else "bad"),
            Figure("Jobs waiting", f"{jobs['waiting']:,}", f"{jobs['running']:,} running", jobs_url),
            Figure("Jobs given up", f"{jobs['dead']:,}", "look at their log", jobs_url, "bad" if jobs["dead"] else ""),
            *_scoring_figures(),
            Figure(
                "Last close",
                _in_words(last_close.day) if last_close else "none",
                last_close.get_state_display() if last_close else "no day was closed yet",
                _address("admin:borrowers_dayclose_changelist"),
                "bad" if last_close and last_close.state == DayClose.State.FAILED else "",
            ),
            Figure("Last import", last_import.get_state_display() if last_import else "none", str(last_import or "")),
        ),
        ways=_ways(
            user,
            ("recovery:worklist", "Worklist", "All teams' work of the day"),
            ("recovery:portfolio-dashboard", "Portfolio", "Balances by bucket and tier, PAR, trends"),
            ("admin:index", "Admin", "Every table of the product"),
            ("admin:accounts_user_changelist", "People", "Users, roles and teams"),
            ("admin:recovery_policy_changelist", "Policies", "The rules by version"),
            ("api:docs", "API", "Every endpoint, to try out"),
        ),
    )


def _integration(user: User, day: date) -> Home:
    return Home(
        title="API",
        headline="Log in at /api/v1/auth/login with this user's name and password, and send the token with each request.",
        ways=_ways(
            user,
            ("api:docs", "Documentation", "Every endpoint, to try out"),
            ("api:schema", "Schema", "OpenAPI, for client generators"),
        ),
    )


BUILDERS: dict[Role, Callable[[User, date], Home]] = {
    Role.AGENT: _agent,
    Role.MANAGER: _manager,
    Role.ANALYST: _model_watcher,
    Role.DATA_SCIENTIST: _model_watcher,
    Role.COMPLIANCE: _compliance,
    Role.ADMIN: _admin,
    Role.INTEGRATION: _integration,
}


def _work(whose: Q, day: date) -> dict[str, Any]:
    """Count the day's cases by queue, as the worklist does; one query."""
    counts = {key or "open": Count("id", filter=condition) for key, condition in QUEUES.items()}
    return (
        Recommendation.objects.filter(whose, as_of=day)
        .exclude(action=Action.NO_ACTION)
        .aggregate(
            **counts,
            minutes=Sum("expected_minutes", filter=QUEUES[""]),
            n_day=Count("id"),
            n_by_priors=Count("id", filter=Q(ordered_by=Recommendation.OrderedBy.PRIORS)),
        )
    )


def _grievance_figures(user: User, day: date) -> tuple[Figure, ...]:
    counts = Grievance.objects.visible_to(user).aggregate(
        open=Count("id", filter=Q(answer__isnull=True)),
        overdue=Count("id", filter=Q(answer__isnull=True, answer_due_on__lt=day)),
    )
    late = f"{counts['overdue']:,} overdue" if counts["overdue"] else "none overdue"
    return (
        Figure(
            "Disputes and complaints", f"{counts['open']:,}", f"to answer, {late}", reverse("recovery:grievances"),
            "bad" if counts["overdue"] else "",
        ),
    )  # fmt: skip


def _scoring_figures() -> tuple[Figure, ...]:
    n_stale = StaleLoan.objects.count()
    return (Figure("Waiting for a fresh score", f"{n_stale:,}", "loans whose books changed since their last"),)


def _last_run() -> str:
    run = (
        ScoringRun.objects.filter(published_at__isnull=False, kind=ScoringRun.Kind.BATCH)
        .select_related("model")
        .defer(*heavy_fields("model"))
        .first()
    )
    if run is None:
        return "Nothing has been scored yet."
    return f"{_count(run.n_scored, 'loan')} scored as of {run.as_of.day} {run.as_of:%b %Y} by {run.model}."


def _metrics(metrics: dict[str, Any]) -> str:
    auc = metrics.get("auc")
    return f"AUC {auc:.3f} on rows it never saw." if isinstance(auc, int | float) else ""


def _ways(user: User, *pages: tuple[str, str, str]) -> tuple[Way, ...]:
    """Return the pages that are installed and that the person may open."""
    return tuple(
        Way(label, address, note)
        for route, label, note in pages
        if may_call(user, route) and (address := _address(route))
    )


def _address(route: str) -> str:
    try:
        return reverse(route)
    except NoReverseMatch:
        return ""


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _in_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _hours(minutes: Any) -> str:
    minutes = int(minutes or 0)
    return f"{minutes} minutes" if minutes < 90 else f"{minutes / 60:,.0f} hours"


def _short(amount: Any) -> str:
    """Write a large amount so that it fits a card: 1,234,567 becomes 1.23 million."""
    value = float(amount or 0)
    for size, word in ((1e9, "billion"), (1e6, "million")):
        if value >= size:
            return f"{value / size:,.2f} {word}"
    return f"{value:,.0f}"
