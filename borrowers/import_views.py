"""The pages of importing: send files in, correct the mapping, look at the check, import, read what came of it."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from borrowers.import_forms import ImportForm, MappingForm, UploadForm
from borrowers.models import Upload
from borrowers.profiling.style import STYLE_HASH
from borrowers.wizard import services
from borrowers.wizard.storing import folder_of
from creditpath.access import person_of
from creditpath.errors import DomainError
from creditpath.jobs.models import Job
from creditpath.jobs.queries import is_a_worker_alive

SHOWN = 20
# The report may load nothing, run nothing and send nothing; its own style goes by its hash.
REPORT_POLICY = {
    "default-src": ["'none'"], "script-src": ["'none'"], "style-src": [STYLE_HASH], "img-src": ["'none'"],
    "connect-src": ["'none'"], "font-src": ["'none'"], "frame-src": ["'none'"], "form-action": ["'none'"],
}  # fmt: skip
STEPS = (("upload", "Upload"), ("map", "Map"), ("check", "Check"), ("import", "Import"), ("report", "Report"))
# Which step a stage belongs to, and what is shown of it.
STEP_OF = {
    Upload.Stage.LOOKING: "upload", Upload.Stage.REFUSED: "upload", Upload.Stage.MAPPING: "map", Upload.Stage.CHECKING: "check",
    Upload.Stage.CHECKED: "check", Upload.Stage.IMPORTING: "import", Upload.Stage.DONE: "report",
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: HttpRequest) -> HttpResponse:
    """Take files in, and show what was sent in before."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        try:
            upload = services.receive_files(files=form.cleaned_data["source_files"], uploaded_by=person_of(request))
        except DomainError as error:
            form.add_error("source_files", error.detail)
        else:
            return redirect("borrowers:import", upload.pk)
    before = Upload.objects.select_related("uploaded_by", "run")[:SHOWN]
    limit = f"{settings.IMPORT_MAX_BYTES / 1024 / 1024:,.0f} MB"
    return render(request, "borrowers/import/home.html", {"form": form, "before": before, "limit": limit})


@require_safe
def one_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Show where an upload stands; `?step=map` goes back to the mapping."""
    upload = _get(pk)
    if upload.is_at_work:
        return _at_work(request, upload)
    step = STEP_OF[Upload.Stage(upload.stage)]
    if request.GET.get("step") == "map" and upload.stage == Upload.Stage.CHECKED:
        step = "map"
    match step:
        case "map":
            return _map(request, upload, MappingForm(upload))
        case "check":
            return _checked(request, upload, ImportForm(initial={"team": upload.team_id}))
        case "report":
            accepted = upload.run.n_read - upload.run.n_rejected if upload.run else 0
            return _page(request, "done", upload, "report", tables=_tables(upload), accepted=accepted)
    return _page(request, "refused", upload, "upload")


@require_POST
def save_mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the mapping, from the form or as text, and check all rows where the button says so."""
    upload = _get(pk)
    form = MappingForm(upload, request.POST)
    try:
        if "text" in request.POST.get("use", ""):
            services.save_text(upload=upload, text=request.POST.get("mapping", ""))
        elif not upload.is_hand_written or request.POST.get("use") == "form":
            services.save_choices(upload=upload, **form.choices())
        if request.POST.get("then") == "check":
            services.start_check(upload=upload, by=person_of(request))
    except DomainError as error:
        messages.error(request, error.detail)
        fresh = _get(pk)
        if fresh.stage in (Upload.Stage.MAPPING, Upload.Stage.CHECKED):
            return _map(request, fresh, MappingForm(fresh, request.POST), text=request.POST.get("mapping"))
        return redirect("borrowers:import", pk)
    if request.POST.get("then") != "check":
        messages.success(request, "The mapping is kept.")
        return redirect(f"{request.path.removesuffix('mapping/')}?step=map")
    return redirect("borrowers:import", pk)


@require_POST
def check(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for a dry run over all rows."""
    return _do(request, pk, lambda upload: services.start_check(upload=upload, by=person_of(request)))


@require_POST
def redraft(request: HttpRequest, pk: int) -> HttpResponse:
    """Draft the mapping anew from the files."""
    return _do(request, pk, lambda upload: services.look_again(upload=upload, by=person_of(request)))


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """Import what was checked; what has to be confirmed is asked beside its field."""
    upload = _get(pk)
    form = ImportForm(request.POST)
    if not form.is_valid():
        return (
            _checked(request, upload, form)
            if upload.stage == Upload.Stage.CHECKED
            else redirect("borrowers:import", pk)
        )
    try:
        services.start_import(upload=upload, by=person_of(request), **form.cleaned_data)
    except DomainError as error:
        if upload.stage != Upload.Stage.CHECKED:
            messages.error(request, error.detail)
            return redirect("borrowers:import", pk)
        form.add_error("reason" if "reason" in error.fields else None, error.detail)
        return _checked(request, upload, form)
    return redirect("borrowers:import", pk)


@require_safe
def data_report(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Show the data report: a page of its own that may load nothing and run nothing."""
    response = _file(_get(pk), "report.html", "text/html; charset=utf-8")
    response._csp_replace = {key: list(values) for key, values in REPORT_POLICY.items()}  # type: ignore[attr-defined]
    return response


@require_safe
def rejects(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Hand out the rejected rows with their reasons."""
    return _file(_get(pk), "rejects.csv", "text/csv; charset=utf-8", download=f"rejects-{pk}.csv")


@require_safe
def mapping_text(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand out the mapping as it stands."""
    response = HttpResponse(_get(pk).mapping, content_type="application/toml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mapping-{pk}.toml"'
    return response


# --- parts ------------------------------------------------------------------------------------------------------------------
def _get(pk: int) -> Upload:
    return get_object_or_404(
        Upload.objects.select_related("uploaded_by", "run", "team", "job", "remembered_from"), pk=pk
    )


def _do(request: HttpRequest, pk: int, verb: Any) -> HttpResponse:
    try:
        verb(_get(pk))
    except DomainError as error:
        messages.error(request, error.detail)
    return redirect("borrowers:import", pk)


def _page(request: HttpRequest, name: str, upload: Upload, step: str, **context: Any) -> HttpResponse:
    place = [key for key, _ in STEPS].index(step)
    steps = [{"label": label, "is_done": n < place, "is_here": n == place} for n, (_, label) in enumerate(STEPS)]
    has_report = (folder_of(upload) / "report.html").is_file()
    context |= {"upload": upload, "steps": steps, "has_report": has_report, "has_rejects": _has_rejects(upload)}
    return render(request, f"borrowers/import/{name}.html", context)


def _at_work(request: HttpRequest, upload: Upload) -> HttpResponse:
    """Show how far the job is; the page looks again every two seconds by itself."""
    job = upload.job
    if job is None or job.state in (Job.State.DEAD, Job.State.CANCELLED, Job.State.SUCCEEDED):
        fresh = _get(upload.pk)
        if not fresh.is_at_work:
            return one_import(request, upload.pk)
        return _page(request, "stuck", upload, STEP_OF[Upload.Stage(upload.stage)], job=job)
    share = round(100 * job.progress_done / job.progress_total) if job.progress_total else 0
    is_waiting = job.state == Job.State.QUEUED
    return _page(
        request, "at_work", upload, STEP_OF[Upload.Stage(upload.stage)], job=job, share=share, is_waiting=is_waiting,
        has_worker=not is_waiting or is_a_worker_alive(),
    )  # fmt: skip


def _map(request: HttpRequest, upload: Upload, form: MappingForm, text: str | None = None) -> HttpResponse:
    return _page(
        request, "map", upload, "map", form=form, earlier=services.find_earlier(upload),
        text=upload.mapping if text is None else text,
    )  # fmt: skip


def _checked(request: HttpRequest, upload: Upload, form: ImportForm) -> HttpResponse:
    share = services.reject_share(upload)
    return _page(
        request, "check", upload, "check", form=form, share=share, is_locked=share > services.REJECT_SHARE,
        limit=services.REJECT_SHARE, report=upload.check_report, tables=_tables(upload), earlier=services.find_earlier(upload),
        n_more=upload.check_report.get("rejected", 0) - len(upload.check_report.get("faults", ())),
    )  # fmt: skip


def _tables(upload: Upload) -> list[dict[str, Any]]:
    counts = upload.run.tables if upload.run else upload.check_report.get("tables", {})
    return [{"name": name, **numbers} for name, numbers in counts.items() if any(numbers.values())]


def _has_rejects(upload: Upload) -> bool:
    return bool(upload.check_report.get("rejected")) and (folder_of(upload) / "rejects.csv").is_file()


def _file(upload: Upload, name: str, kind: str, *, download: str = "") -> HttpResponseBase:
    path = folder_of(upload) / name
    if not path.is_file():
        raise Http404("There is no such file, or its time is over.")
    return FileResponse(path.open("rb"), content_type=kind, as_attachment=bool(download), filename=download or name)
