"""The pages of teams: who works today, an agent's week and absences, and the hand-over of their cases."""

from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from borrowers.services import get_business_date
from creditpath.access import person_of
from creditpath.accounts.models import Role, User
from creditpath.errors import DomainError
from recovery.forms import FormOnce
from recovery.models import Absence, HandOver
from recovery.teams.forms import AbsenceForm, HandOverForm, WeekForm
from recovery.teams.services import (
    absences_to_come,
    agent_days,
    end_absence,
    get_week,
    hand_over,
    open_cases,
    record_absence,
    set_week,
    working_days,
)

EARLIER_SHOWN = 20


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """Show all teams: who works today, how full their lists are, who is away and when. At most eight queries."""
    today = get_business_date()
    rows = agent_days(day=today)
    by_team = [(team, list(members)) for team, members in groupby(rows, key=lambda row: row.agent.team)]
    earlier = HandOver.objects.select_related("from_agent", "to_agent", "handed_over_by").annotate(n=Count("cases"))
    return render(
        request,
        "recovery/teams/teams.html",
        {
            "today": today,
            "teams": by_team,
            "to_hand_over": [row for row in rows if row.needs_hand_over],
            "earlier": earlier.order_by("-id")[:EARLIER_SHOWN],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def team_member(request: HttpRequest, pk: int) -> HttpResponse:
    """Show an agent's week, absences and open cases, and change them; `do` says which form was sent."""
    agent = get_object_or_404(User.objects.select_related("team"), pk=pk, role=Role.AGENT)
    today, user = get_business_date(), person_of(request)
    week = get_week(agent=agent, day=today)
    takers = [
        one.agent
        for one in working_days(day=today, team_id=agent.team_id or 0)
        if one.agent.pk != agent.pk and not one.is_absent
    ]
    asked = request.POST.get("do", "") if request.method == "POST" else ""
    coming = absences_to_come(agents=[agent.pk], day=today)
    forms: dict[str, Any] = {
        "week": WeekForm(request.POST if asked == "week" else None, week=week, initial={"starts_on": today},
            auto_id="week_%s"),
        "absence": AbsenceForm(request.POST if asked == "absence" else None, auto_id="absence_%s"),
        "hand_over": HandOverForm(
            request.POST if asked == "hand_over" else None, takers=takers, auto_id="hand_over_%s",
            initial={"until_on": next((one.last_on for one in coming if one.first_on <= today), None)},
        ),
    }  # fmt: skip
    if asked == "back":
        return _end(request, agent, today)
    form: FormOnce | None = forms.get(asked)
    if form is not None and form.is_valid():
        try:
            said = _do(request, asked, form, agent, today, user)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, said)
            return redirect("recovery:team-member", pk)
    cases = open_cases(agent=agent, today=today, until=coming[0].last_on if coming else None)
    context = {
        "agent": agent, "today": today, "forms": forms, "coming": coming, "cases": cases,
        "chosen": set(request.POST.getlist("borrower")) if asked == "hand_over" else None,
        "minutes": sum((case.minutes for case in cases), Decimal(0)), "has_takers": bool(takers),
        "is_away": any(one.first_on <= today for one in coming),
    }  # fmt: skip
    return render(request, "recovery/teams/member.html", context)


def _do(request: HttpRequest, asked: str, form: Any, agent: User, today: date, user: User) -> str:
    values = form.cleaned_data
    if asked == "week":
        made = set_week(agent=agent, minutes=form.minutes(), starts_on=values["starts_on"], today=today, set_by=user)
        return (
            f"The week is set from {values['starts_on']:%-d %b %Y} on." if made else "The week was like this already."
        )
    if asked == "absence":
        kept = record_absence(
            agent=agent, first_on=values["first_on"], last_on=values["last_on"], today=today, recorded_by=user
        )
        return f"Away from {kept.first_on:%-d %b} to {kept.last_on:%-d %b %Y}. Their open cases wait below to be handed over."
    numbers = [int(text) for text in request.POST.getlist("borrower") if text.isdecimal() and len(text) < 19]
    moved = hand_over(
        from_agent=agent, to_agent=values["to_agent"], reason=values["reason"], until_on=values["until_on"], today=today,
        by=user, borrowers=numbers, form_key=values["key"],
    )  # fmt: skip
    to = moved.to_agent
    n = moved.cases.count()
    return (
        f"{n} case{'' if n == 1 else 's'} handed over to {(to.get_full_name() or to.username) if to else 'the team'}."
    )


def _end(request: HttpRequest, agent: User, today: date) -> HttpResponse:
    number = request.POST.get("absence", "")
    absence = get_object_or_404(Absence, pk=int(number) if number.isdecimal() and len(number) < 19 else 0, agent=agent)
    try:
        end_absence(absence=absence, works_from=max(today, absence.first_on), today=today, ended_by=person_of(request))
        messages.success(request, "They work again.")
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("recovery:team-member", agent.pk)
