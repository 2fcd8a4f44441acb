"""The pages of trainings: what was asked for, how far it is, what it said. Who may open them is written in creditpath.access."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from creditpath.access import may_call, person_of
from creditpath.errors import DomainError
from creditpath.jobs.models import Job
from creditpath.jobs.queries import is_a_worker_alive
from creditpath.jobs.registry import TRAINING
from creditpath.resources import MAX_ID
from scoring.models import ModelVersion
from scoring.training.asking import cancel_training, retry_training, start_training, trainings
from scoring.training.forms import TrainForm

PAGE_SIZE = 20


@require_http_methods(["GET", "HEAD", "POST"])
def train(request: HttpRequest) -> HttpResponse:
    """Show all trainings and the form for a new one; ask for one by POST."""
    user = person_of(request)
    form = TrainForm(request.POST or None) if may_call(user, "scoring:training", "POST") else None
    status = 200
    if request.method == "POST" and form is not None:
        if form.is_valid():
            try:
                job = start_training(by=user, **form.cleaned_data)
            except DomainError as error:
                form.add_error(None, error.detail)
            else:
                return redirect("scoring:training-run", job.pk)
        status = 400
    page = Paginator(trainings(), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"form": form, "page": page, "has_worker": is_a_worker_alive(TRAINING)}
    return render(request, "scoring/trainings.html", context, status=status)


@require_safe
def training_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how far a training is, what it said, and what it registered."""
    job = _job(pk)
    is_open = job.state in (Job.State.QUEUED, Job.State.RUNNING)
    result: dict[str, Any] = job.result if isinstance(job.result, dict) else {}
    names = [one.get("version") for one in result.get("candidates", []) if one.get("version")]
    keys = dict(ModelVersion.objects.filter(name__in=names).values_list("name", "pk"))
    return render(
        request, "scoring/training.html",
        {
            "job": job,
            "is_open": is_open,
            "share": round(100 * job.progress_done / job.progress_total) if job.progress_total else 0,
            "has_worker": not is_open or is_a_worker_alive(TRAINING),
            "log": job.log.strip(),
            "fault": _last_line(job.error) if job.state == Job.State.DEAD else "",
            "registered": [one | {"pk": keys.get(one.get("version"))} for one in result.get("candidates", [])],
            "result": result,
            "may_run": may_call(person_of(request), "scoring:training", "POST"),
        },
    )  # fmt: skip


@require_POST
def cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """End a training, or take it off the queue."""
    return _do(request, pk, cancel_training, "It is cancelled, or ends within seconds; nothing of it is registered.")


@require_POST
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Start a training again that did not come to its end."""
    return _do(request, pk, retry_training, "It is on the queue again.")


def _do(request: HttpRequest, pk: int, verb: Callable[..., Any], done: str) -> HttpResponse:
    try:
        verb(job=_job(pk))
        messages.success(request, done)
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("scoring:training-run", pk)


def _job(pk: int) -> Job:
    job: Job | None = trainings().filter(pk=pk).first() if pk <= MAX_ID else None
    if job is None:
        raise Http404("There is no such training.")
    return job


def _last_line(error: str) -> str:
    """Return what an error says at its end, without where it came from."""
    line = error.strip().rpartition("\n")[2]
    name, colon, words = line.partition(": ")
    return words if colon and " " not in name else line
