"""The pages of policies: request in, one verb, a page out. Who may open them is written in creditpath.access."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from borrowers.errors import NoBusinessDate
from borrowers.services import get_business_date
from creditpath.access import may_call, person_of
from creditpath.accounts.models import User
from creditpath.errors import DomainError
from recovery.models import Policy, PolicyReplay, PolicyRule
from recovery.policy import compare
from recovery.policy.priors import PRIORS, SOURCE, TAKEOVER
from recovery.policymaking import services
from recovery.policymaking.forms import (
    ApproveForm,
    DraftForm,
    PolicyForm,
    ReasonForm,
    ReplayForm,
    RuleForm,
    SubmitForm,
)
from recovery.policymaking.pages import build_policy_page, build_replay_page, list_policies, standing_of

Step = Callable[[Policy, User, dict[str, Any]], tuple[Policy, str]]


@require_safe
def policies(request: HttpRequest) -> HttpResponse:
    """Show all versions, and what orders the work before there is a model."""
    return _list(request, DraftForm())


def _list(request: HttpRequest, form: DraftForm) -> HttpResponse:
    context = {
        "policies": list_policies(_today()), "form": form, "may_write": _may_write(request), "priors": PRIORS.values(),
        "source": SOURCE, "takeover": TAKEOVER,
    }  # fmt: skip
    return render(request, "recovery/policies/list.html", context)


@require_POST
def draft_policy(request: HttpRequest) -> HttpResponse:
    """Begin a version from another one, or from nothing."""
    form = DraftForm(request.POST)
    based_on = request.POST.get("based_on", "")
    source = None
    if based_on:
        source = get_object_or_404(Policy, version=based_on if based_on.isdecimal() and len(based_on) < 9 else 0)
    if not form.is_valid():
        return _list(request, form)
    policy = services.draft_policy(by=person_of(request), title=form.cleaned_data["title"], based_on=source)
    messages.success(request, f"Version {policy.version} is a draft: change its lines, then try it on past days.")
    return redirect("recovery:policy", policy.version)


@require_safe
def policy(request: HttpRequest, version: int) -> HttpResponse:
    """Show one version."""
    return _show(request, _policy(version))


def _show(request: HttpRequest, row: Policy, **failed: forms.Form) -> HttpResponse:
    user = person_of(request)
    page = build_policy_page(policy=row, user=user, today=_today())
    context: dict[str, Any] = {
        "page": page,
        "policy": row,
        "may_write": _may_write(request),
        "events": list(row.events.select_related("by").order_by("-id")),
        "others": list(Policy.objects.exclude(pk=row.pk).order_by("-version")[:20]),
        "settings_form": failed.get("settings_form")
        or PolicyForm(
            initial={
                "title": row.title,
                "currency": row.currency,
                "exploration_percent": (row.exploration_ratio * 100).quantize(Decimal("0.1")),
            }
        ),
        "replay_form": failed.get("replay_form") or ReplayForm(),
        "submit_form": failed.get("submit_form") or SubmitForm(),
        "reason_form": failed.get("reason_form") or ReasonForm(),
        "approve_form": failed.get("approve_form") or ApproveForm(initial={"effective_from": _first_day(row)}),
        "draft_form": DraftForm(),
    }
    return render(request, "recovery/policies/policy.html", context)


@require_POST
def change_policy(request: HttpRequest, version: int) -> HttpResponse:
    """Change what holds for all lines of a draft."""
    row = _policy(version)
    form = PolicyForm(request.POST)
    if form.is_valid():
        values = form.cleaned_data
        try:
            services.change_policy(
                policy=row,
                by=person_of(request),
                title=values["title"],
                currency=values["currency"],
                exploration_ratio=values["exploration_percent"] / 100,
            )
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, "Saved.")
            return redirect("recovery:policy", version)
    return _show(request, row, settings_form=form)


@require_http_methods(["GET", "HEAD", "POST"])
def add_line(request: HttpRequest, version: int) -> HttpResponse:
    """Add a line to a draft."""
    return _edit(request, _policy(version), None)


@require_http_methods(["GET", "HEAD", "POST"])
def line(request: HttpRequest, version: int, position: int) -> HttpResponse:
    """Change a line of a draft."""
    row = _policy(version)
    return _edit(request, row, get_object_or_404(PolicyRule, policy=row, position=position))


def _edit(request: HttpRequest, row: Policy, rule: PolicyRule | None) -> HttpResponse:
    if not row.is_draft:
        messages.warning(request, "This version is no draft any more: begin a new version from it and change that.")
        return redirect("recovery:policy", row.version)
    form = RuleForm(request.POST or None, rule=rule)
    if request.method == "POST" and form.is_valid():
        try:
            written = services.write_rule(policy=row, by=person_of(request), rule=rule, values=form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            written.refresh_from_db()
            messages.success(request, f"Line {written.position} is saved.")
            return redirect("recovery:policy", row.version)
    return render(request, "recovery/policies/line.html", {"policy": row, "rule": rule, "form": form})


@require_POST
def move_line(request: HttpRequest, version: int, position: int) -> HttpResponse:
    """Put a line up or down by one."""
    row = _policy(version)
    rule = get_object_or_404(PolicyRule, policy=row, position=position)
    to = position + (1 if request.POST.get("to") == "down" else -1)
    return _do(request, row, lambda: services.move_rule(policy=row, by=person_of(request), rule=rule, to=to), "Moved.")


@require_POST
def delete_line(request: HttpRequest, version: int, position: int) -> HttpResponse:
    """Take a line out of a draft."""
    row = _policy(version)
    rule = get_object_or_404(PolicyRule, policy=row, position=position)
    return _do(request, row, lambda: services.delete_rule(policy=row, by=person_of(request), rule=rule), "Deleted.")


def _do(request: HttpRequest, row: Policy, verb: Callable[[], None], done: str) -> HttpResponse:
    try:
        verb()
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, done)
    return redirect("recovery:policy", row.version)


STEPS: dict[str, tuple[str, type[forms.Form], Step]] = {
    "submit": (
        "submit_form",
        SubmitForm,
        lambda row, by, values: (
            services.submit_policy(policy=row, by=by, waiver=values["waiver"]),
            "Submitted: a second person has to approve it.",
        ),
    ),
    "return": (
        "reason_form",
        ReasonForm,
        lambda row, by, values: (services.return_policy(policy=row, by=by, reason=values["reason"]), "Returned."),
    ),
    "withdraw": (
        "reason_form",
        ReasonForm,
        lambda row, by, values: (services.withdraw_policy(policy=row, by=by, reason=values["reason"]), "Withdrawn."),
    ),
    "approve": (
        "approve_form",
        ApproveForm,
        lambda row, by, values: (
            services.approve_policy(policy=row, by=by, effective_from=values["effective_from"]),
            f"Approved: it counts from {values['effective_from']:%-d %b %Y}.",
        ),
    ),
}


@require_POST
def take_step(request: HttpRequest, version: int) -> HttpResponse:
    """Submit, return, withdraw or approve a version."""
    row = _policy(version)
    step = STEPS.get(request.POST.get("step", ""))
    if step is None:
        return redirect("recovery:policy", version)
    name, form_class, verb = step
    form: Any = form_class(request.POST)
    if form.is_valid():
        try:
            _, said = verb(row, person_of(request), form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, said)
            return redirect("recovery:policy", version)
    return _show(request, row, **{name: form})


@require_POST
def replay_policy(request: HttpRequest, version: int) -> HttpResponse:
    """Ask a worker to try a version on past days."""
    row = _policy(version)
    form = ReplayForm(request.POST)
    if form.is_valid():
        try:
            replay = services.request_replay(policy=row, by=person_of(request), **form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            return redirect("recovery:policy-replay", version, replay.pk)
    return _show(request, row, replay_form=form)


@require_safe
def replay(request: HttpRequest, version: int, number: int) -> HttpResponse:
    """Show what a version would have done, or how far the trial is."""
    row = get_object_or_404(
        PolicyReplay.objects.select_related("policy", "against", "job", "requested_by"),
        pk=number,
        policy__version=version,
    )
    return render(
        request, "recovery/policies/replay.html", {"replay": row, "policy": row.policy, "page": build_replay_page(row)}
    )


@require_safe
def compare_policies(request: HttpRequest, version: int, other: int) -> HttpResponse:
    """Show what changed from one version to another, in words."""
    new, old = _policy(version), _policy(other)
    today = _today()
    context = {
        "policy": new, "other": old, "standing": standing_of(new, today), "other_standing": standing_of(old, today),
        "changes": compare(services.as_rules(old), services.as_rules(new)),
    }  # fmt: skip
    return render(request, "recovery/policies/compare.html", context)


def _policy(version: int) -> Policy:
    people = ("created_by", "submitted_by", "approved_by", "based_on")
    return get_object_or_404(Policy.objects.select_related(*people), version=version)


def _may_write(request: HttpRequest) -> bool:
    return may_call(request.user, "recovery:change-policy", "POST")


def _today() -> date | None:
    try:
        return get_business_date()
    except NoBusinessDate:
        return None


def _first_day(row: Policy) -> date | None:
    return services.earliest_day() if row.state == Policy.State.SUBMITTED and _today() else None
