"""The pages of models: request in, one verb, a page out. Who may open them is written in creditpath.access."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.jobs import enqueue
from creditpath.resources import MAX_ID
from scoring.models import Challenger, Deployment, ModelVersion, PromotionProposal, ValidationFinding
from scoring.registry.cards.services import build_card, write_html, write_markdown
from scoring.registry.forms import (
    ChallengeForm,
    CompareForm,
    OfModelForm,
    ProposeForm,
    ReasonForm,
    RemedyForm,
    StepForm,
    ValidateForm,
)
from scoring.registry.pages import build_model_page, build_models_page
from scoring.registry.promoting import MoveReport
from scoring.registry.services import (
    close_finding,
    decide_promotion,
    end_challenge,
    name_challenger,
    propose_promotion,
    retire_model,
    validate_model,
)
from scoring.registry.validating import Found


@require_safe
def models(request: HttpRequest) -> HttpResponse:
    """Show which models are live, what waits for a second person, and every version."""
    return render(request, "scoring/models.html", build_models_page(request.GET.get("page")))


@require_safe
def live_models(request: HttpRequest) -> HttpResponse:
    """Answer which model was live on a day; `on` is the day, today where none is asked for."""
    asked, fault = timezone.localdate(), ""
    if text := request.GET.get("on", "").strip():
        try:
            asked = date.fromisoformat(text)
        except ValueError:
            fault = "Write the day as 2026-06-30."
    # The first and last days of the calendar have no neighbours to count their hours by.
    rows = Deployment.objects.live_on(asked).with_people() if date.min < asked < date.max else Deployment.objects.none()
    return render(request, "scoring/live.html", {"asked": asked, "rows": rows, "fault": fault})


@require_safe
def model(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a version: what was decided about it, and what may be decided next."""
    return _show(request, _model(pk))


@require_safe
def card(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the card of a version."""
    return render(request, "scoring/card.html", {"card": build_card(_model(pk))})


@require_safe
def card_file(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the card as a file: HTML with its charts, or Markdown."""
    row = _model(pk)
    is_markdown = request.GET.get("as") == "markdown"
    content = write_markdown(row) if is_markdown else write_html(row)
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", row.name) + (".md" if is_markdown else ".html")
    kind = "text/markdown" if is_markdown else "text/html"
    answer = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _show(request: HttpRequest, row: ModelVersion, status: int = 200, **failed: forms.Form) -> HttpResponse:
    user = person_of(request)
    page = build_model_page(row)
    steps: dict[str, tuple[str, Callable[[], forms.Form]]] = {
        "propose": ("scoring:propose-promotion", lambda: ProposeForm(model=row)),
        "validate": ("scoring:validate-model", lambda: ValidateForm(initial={"materiality": page["materiality"]})),
        "challenge": ("scoring:name-challenger", lambda: ChallengeForm(model=row)),
        "compare": ("scoring:compare-models", lambda: CompareForm(model=row)),
        "retire": ("scoring:retire-model", ReasonForm),
    }
    page["forms"] = {
        name: failed.get(name) or make() for name, (route, make) in steps.items() if may_call(user, route, "POST")
    }
    page["may_decide"] = may_call(user, "scoring:decide-promotion", "POST")
    page["may_close"] = may_call(user, "scoring:close-finding", "POST")
    page["user_id"] = user.pk
    return render(request, "scoring/model.html", page, status=status)


@require_POST
def propose(request: HttpRequest, pk: int) -> HttpResponse:
    """Propose that a model goes live."""
    row = _model(pk)
    return _take(
        request, row, "propose", ProposeForm(request.POST, model=row),
        lambda given: propose_promotion(model=row, proposed_by=person_of(request), **given),
        "Proposed. A second person, who did not train it, decides.",
    )  # fmt: skip


@require_POST
def validate(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down what a validation found."""
    row = _model(pk)

    def write(given: dict[str, Any]) -> Any:
        findings = (
            [Found(given["finding"], given["severity"] or "medium", given["owner"], given["due_on"])]
            if given["finding"]
            else []
        )
        return validate_model(
            model=row, outcome=given["outcome"], summary=given["summary"], materiality=given["materiality"],
            validated_by=person_of(request), findings=findings,
        )  # fmt: skip

    return _take(request, row, "validate", ValidateForm(request.POST), write, "The validation is on record.")


@require_POST
def challenge(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a model run in the shadow."""
    row = _model(pk)
    return _take(
        request, row, "challenge", ChallengeForm(request.POST, model=row),
        lambda given: name_challenger(model=row, named_by=person_of(request), **given),
        "It runs in the shadow from now on.",
    )  # fmt: skip


@require_POST
def retire(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a champion off duty."""
    row = _model(pk)
    return _take(
        request, row, "retire", ReasonForm(request.POST),
        lambda given: retire_model(model=row, by=person_of(request), **given),
        f"{row} is retired.",
    )  # fmt: skip


@require_POST
def compare(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a comparison with the champion; a worker makes it."""
    row, user = _model(pk), person_of(request)
    return _take(
        request, row, "compare", CompareForm(request.POST, model=row),
        lambda given: enqueue(
            "compare_models", created_by=user, model=row.name, segment=given["segment"], compared_by=user.username
        ),
        "The comparison is under way: it takes a minute on a small lender and some on a large one. Look again then.",
    )  # fmt: skip


@require_POST
def measure(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for the fairness of a model to be measured; a worker does it, and the card shows it."""
    row = _model(pk)
    enqueue("measure_fairness", created_by=person_of(request), model=row.name)
    messages.success(request, "Fairness is being measured: it takes a minute. The card shows it then.")
    return redirect("scoring:model-card", row.pk)


@require_POST
def decide(request: HttpRequest, pk: int) -> HttpResponse:
    """Approve or refuse a proposal; `decision` is approve or refuse."""
    proposal = _find(PromotionProposal.objects.select_related("model"), pk)
    try:
        report = decide_promotion(
            proposal=proposal,
            is_approved=request.POST.get("decision") == "approve",
            decided_by=person_of(request),
            reason=request.POST.get("reason", "")[:2000],
        )
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    else:
        is_live = isinstance(report, MoveReport)
        messages.success(request, f"{proposal.model} is live." if is_live else f"Refused: {proposal.model}.")
    return redirect("scoring:model", proposal.model_id)


@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Write down how a finding was put right."""
    finding = _find(ValidationFinding.objects.select_related("validation"), pk)
    return _step(
        request, RemedyForm(request.POST), finding.validation.model_id,
        lambda given: close_finding(finding=finding, closed_by=person_of(request), **given),
        "The finding is closed.",
    )  # fmt: skip


@require_POST
def end_challenger(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a model out of the shadow."""
    challenger = _find(Challenger.objects.all(), pk)
    return _step(
        request, ReasonForm(request.POST), challenger.model_id,
        lambda given: end_challenge(challenger=challenger, by=person_of(request), **given),
        "It is out of the shadow.",
    )  # fmt: skip


def _take(
    request: HttpRequest,
    row: ModelVersion,
    name: str,
    form: StepForm | OfModelForm,
    verb: Callable[[dict[str, Any]], Any],
    done: str,
) -> HttpResponse:
    """Do a step of a model's page, or show the page again with what is wrong beside the fields."""
    if form.is_valid():
        try:
            verb(form.cleaned_data)
        except DomainError as error:
            form.add_domain_error(error)
        else:
            messages.success(request, done)
            return redirect("scoring:model", row.pk)
    return _show(request, row, status=400, **{name: form})


def _step(
    request: HttpRequest, form: StepForm, model_id: int, verb: Callable[[dict[str, Any]], Any], done: str
) -> HttpResponse:
    """Do a step that has one field on a model's page; what is wrong is told above the page."""
    try:
        if form.is_valid():
            verb(form.cleaned_data)
            messages.success(request, done)
        else:
            messages.error(request, "Say why, or what was done.")
    except DomainError as error:
        messages.error(request, " ".join(error.fields.values()) or error.detail)
    return redirect("scoring:model", model_id)


def _model(pk: int) -> ModelVersion:
    row: ModelVersion = _find(ModelVersion.objects.select_related("trained_by").defer("onnx"), pk)
    return row


def _find(rows: Any, pk: int) -> Any:
    found = rows.filter(pk=pk).first() if pk <= MAX_ID else None
    if found is None:
        raise Http404("There is no such row.")
    return found
