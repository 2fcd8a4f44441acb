"""What the worker does with uploads. Each job can run twice: it starts from the files and writes its outcome in one statement."""

import csv
import hashlib
import json
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from borrowers.importing.errors import SourceUnreadable
from borrowers.importing.files import fingerprint
from borrowers.importing.services import import_portfolio
from borrowers.importing.suggesting.draft import Draft, TableDraft, draft_from_json
from borrowers.importing.suggesting.services import suggest_mapping, write_suggestion
from borrowers.models import Upload
from borrowers.profiling.services import profile_source
from borrowers.wizard.storing import folder_of, remove_files, source_of
from creditpath.errors import DomainError
from creditpath.jobs.registry import job, sweep
from creditpath.jobs.services import enqueue, fence, progress

FAULTS_KEPT = 50
ORPHANS_KEPT_SECONDS = 24 * 3600
KEPT = timedelta(days=30)  # people's names lie in these files; what was imported is in the books


def _with_upload(function: Callable[[Upload, dict[str, Any]], dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Run a step of an upload; what the rules do not allow is told on its page and not tried again."""

    def run(upload: int, **arguments: Any) -> dict[str, Any]:
        held = Upload.objects.select_related("team", "uploaded_by", "job__created_by").get(pk=upload)
        try:
            return function(held, arguments)
        except DomainError as error:
            stage = Upload.Stage.MAPPING if held.draft else Upload.Stage.REFUSED
            Upload.objects.filter(pk=held.pk).update(stage=stage, error=error.detail[:4000])
            return {"refused": error.detail}

    return run


@job("look at upload", max_attempts=2)
def look_at_upload(upload: int, is_fresh: bool = False) -> dict[str, Any]:
    """Draft the mapping, or take the one of an earlier upload with the same columns, and ask for the data report."""
    return _with_upload(_look)(upload, is_fresh=is_fresh)


def _look(upload: Upload, arguments: dict[str, Any]) -> dict[str, Any]:
    progress(0, 3, "reading the first rows")
    source = source_of(upload)
    suggestion = suggest_mapping(source=source)
    progress(1, 3, "comparing with earlier files")
    from borrowers.importing.suggesting.sampling import list_files

    upload.sha256 = fingerprint(list_files(source))
    upload.draft = suggestion.draft.as_json()
    upload.layout = _layout(suggestion.draft)
    upload.mapping = suggestion.toml
    upload.is_hand_written = False
    upload.remembered_from = None
    earlier = Upload.objects.alike(upload).first()
    if earlier and not arguments.get("is_fresh"):
        _remember(upload, earlier)
    progress(2, 3, "writing the draft")
    upload.stage = Upload.Stage.MAPPING
    upload.error = ""
    with transaction.atomic():
        fence()
        upload.save()
        enqueue("profile upload", created_by=upload.uploaded_by, upload=upload.pk)
    return {"tables": len(suggestion.draft.tables)}


def _layout(draft: Draft) -> str:
    shape = [[table.sheet, table.table, [column.name for column in table.columns]] for table in draft.tables]
    return hashlib.sha256(json.dumps(sorted(shape, key=json.dumps)).encode()).hexdigest()


def _remember(upload: Upload, earlier: Upload) -> None:
    """Take over what was chosen for the same columns before; the names of files and days taken from them are the new ones."""
    fresh, known = draft_from_json(upload.draft), draft_from_json(earlier.draft)
    tables = []
    for table in fresh.tables:
        columns = [column.name for column in table.columns]
        match = next((other for other in known.tables if [column.name for column in other.columns] == columns), None)
        if match is None:
            return
        by_name = {column.name: column for column in match.columns}
        chosen = tuple(
            replace(
                column,
                choice=by_name[column.name].choice,
                look=replace(column.look, formats=by_name[column.name].look.formats),
            )
            for column in table.columns
        )
        tables.append(replace(table, columns=chosen, is_used=match.is_used, constants=_remembered(table, match)))
    draft = replace(
        fresh, tables=tuple(tables), currency=known.currency, currency_why=known.currency_why, product=known.product
    )
    upload.draft = draft.as_json()
    names = {table.files for table in known.tables}
    if earlier.is_hand_written and names == {table.files for table in fresh.tables}:
        upload.mapping, upload.is_hand_written = earlier.mapping, True
    else:
        upload.mapping = write_suggestion(draft).toml
    upload.team = earlier.team
    upload.remembered_from = earlier


def _remembered(fresh: TableDraft, known: TableDraft) -> dict[str, str]:
    """Return the constants of a file like an earlier one: the day of its balances is its own, all else stays."""
    return {**known.constants, **{k: v for k, v in fresh.constants.items() if k == "snapshot.as_of"}}


@job("profile upload", max_attempts=2)
def profile_upload(upload: int) -> dict[str, Any]:
    """Write the data report of an upload's files, with our fields where they are imported."""
    held = Upload.objects.get(pk=upload)
    folder = folder_of(held)
    mapping = folder / "mapping.toml"
    part = folder / "report.part"
    try:
        report = profile_source(
            source=source_of(held), mapping=mapping if held.stage == Upload.Stage.DONE else None, output=part, title=held.name,
            progress=progress,
        )  # fmt: skip
    except SourceUnreadable as error:
        return {"refused": error.detail}
    part.replace(folder / "report.html")
    counts = {severity: report.count(severity) for severity in ("stop", "look", "note")}
    Upload.objects.filter(pk=held.pk).update(findings=counts)
    return counts


@job("check upload", max_attempts=2)
def check_upload(upload: int) -> dict[str, Any]:
    """Do the import and take it back: what would be new, changed, the same and rejected."""
    return _with_upload(_check)(upload)


def _check(upload: Upload, arguments: dict[str, Any]) -> dict[str, Any]:
    report = import_portfolio(
        source=source_of(upload), mapping=_mapping_of(upload), dry_run=True, rejects=folder_of(upload) / "rejects.csv",
        progress=progress,
    )  # fmt: skip
    said = {
        "read": report.read, "rejected": report.rejected, "seconds": report.seconds, "tables": report.tables,
        "notes": list(report.notes), "faults": _read_faults(folder_of(upload) / "rejects.csv") if report.rejected else [],
        "changes": [asdict(change) for change in report.changes],
        "business_date": report.business_date.isoformat() if report.business_date else None,
    }  # fmt: skip
    with transaction.atomic():
        fence()
        Upload.objects.filter(pk=upload.pk).update(stage=Upload.Stage.CHECKED, check_report=said, error="")
    return {"read": report.read, "rejected": report.rejected}


def _mapping_of(upload: Upload) -> Path:
    path = folder_of(upload) / "mapping.toml"
    path.write_text(upload.mapping, encoding="utf-8")
    return path


def _read_faults(path: Path) -> list[dict[str, str]]:
    """Return the first rejected rows: where, what stands there, why it cannot be imported."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        keys = ("file", "row", "column", "value", "reason")
        return [{key: (row.get(key) or "")[:300] for key in keys} for row in islice(rows, FAULTS_KEPT)]


@job("import upload", max_attempts=3)
def import_upload(upload: int) -> dict[str, Any]:
    """Import the good rows; the rejected ones are kept in a file to be corrected."""
    return _with_upload(_import)(upload)


def _import(upload: Upload, arguments: dict[str, Any]) -> dict[str, Any]:
    if upload.stage == Upload.Stage.DONE:
        return {"run": upload.run_id}
    rejects = folder_of(upload) / "rejects.csv" if upload.check_report.get("rejected") else None
    by = upload.job.created_by if upload.job else upload.uploaded_by
    report = import_portfolio(
        source=source_of(upload), mapping=_mapping_of(upload), rejects=rejects, started_by=by,
        team=upload.team.name if upload.team else None, called=upload.name, progress=progress,
    )  # fmt: skip
    Upload.objects.filter(pk=upload.pk).update(
        stage=Upload.Stage.DONE, run=report.run_id, error="",
        check_report={**upload.check_report, "notes": list(report.notes), "seconds": report.seconds},
    )  # fmt: skip
    enqueue("profile upload", created_by=by, upload=upload.pk)
    return {"run": report.run_id, **report.as_json()}


@sweep("forget old uploads", every=6 * 3600)
def forget_old_uploads() -> int:
    """Remove the files of uploads after a month, and uploads that were never imported altogether; mappings stay."""
    old = Upload.objects.filter(uploaded_at__lt=Now() - KEPT)
    for upload in old.iterator():
        remove_files(upload)
    known = {key.hex for key in Upload.objects.values_list("key", flat=True)}
    for folder in Path(settings.IMPORT_ROOT).glob("?" * 32):
        # A folder without its row is younger than its transaction, or was left by one that failed
        if folder.name not in known and folder.stat().st_mtime < time.time() - ORPHANS_KEPT_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)
    return old.exclude(stage=Upload.Stage.DONE).delete()[0]
