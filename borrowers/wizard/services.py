"""The verbs of the wizard: receive, map, check, import. What takes time is a job; every verb answers at once."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from borrowers.importing.errors import MappingInvalid
from borrowers.importing.mapping_file import load_mapping
from borrowers.importing.suggesting.draft import Draft, TableDraft, choose, draft_from_json
from borrowers.importing.suggesting.services import write_suggestion
from borrowers.models import Upload
from borrowers.wizard.errors import UploadNotReady, UploadRefused
from borrowers.wizard.storing import folder_of, store_files
from creditpath.accounts.models import Team, User
from creditpath.jobs.services import enqueue

REJECT_SHARE = 0.05  # of the rows; with more rejected a person must confirm and say why


@transaction.atomic
def receive_files(*, files: Sequence[UploadedFile], uploaded_by: User) -> Upload:
    """Store files and ask for a look at them; raises UploadRefused, and then nothing stays."""
    upload = Upload(uploaded_by=uploaded_by)
    store_files(upload, files)
    upload.save()
    _ask(upload, "look at upload", Upload.Stage.LOOKING, uploaded_by)
    return upload


@transaction.atomic
def look_again(*, upload: Upload, by: User) -> Upload:
    """Draft the mapping anew from the files."""
    held = _held(upload, Upload.Stage.MAPPING, Upload.Stage.CHECKED, Upload.Stage.REFUSED, Upload.Stage.LOOKING)
    held.remembered_from = None
    _ask(held, "look at upload", Upload.Stage.LOOKING, by, is_fresh=True)
    return held


@transaction.atomic
def save_choices(
    *,
    upload: Upload,
    choices: Mapping[int, Mapping[str, str]],
    used: Mapping[int, bool],
    constants: Mapping[int, Mapping[str, str]],
    orders: Mapping[int, str],
    currency: str,
    product: str,
) -> Upload:
    """Write the mapping anew from what a person chose for each column; raises UploadNotReady, MappingInvalid."""
    held = _held(upload, Upload.Stage.MAPPING, Upload.Stage.CHECKED)
    if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
        raise MappingInvalid(
            "A currency is three capital letters such as NGN.", fields={"currency": "Three capital letters."}
        )
    draft = draft_from_json(held.draft)
    tables = []
    for number, table in enumerate(draft.tables):
        changed = choose(table, choices.get(number, {}))
        changed = replace(
            changed,
            is_used=used.get(number, table.is_used),
            constants={**table.constants, **{key: value for key, value in constants.get(number, {}).items() if value}},
        )
        tables.append(_in_order(changed, orders.get(number, "")))
    changed_draft = replace(
        draft, tables=tuple(tables), currency=currency or draft.currency, product=product or draft.product,
        currency_why="chosen by hand" if currency and currency != draft.currency else draft.currency_why,
    )  # fmt: skip
    _refuse_doubles(changed_draft)
    _keep(held, changed_draft)
    return held


def _refuse_doubles(draft: Draft) -> None:
    """Raise MappingInvalid where two columns of a table go to one field."""
    for table in draft.tables:
        seen: dict[str, str] = {}
        for column in table.columns:
            target = column.choice.target
            if "." in target and target in seen:
                raise MappingInvalid(
                    f"{table.name}: {seen[target]} and {column.name} both go to {target.replace('.', ', ').replace('_', ' ')}. "
                    "Keep one of them and leave the other out."
                )
            seen[target] = column.name


def _in_order(table: TableDraft, order: str) -> TableDraft:
    """Return the table with its ambiguous dates read in the order that a person named, "dm" or "md"."""
    if order not in ("dm", "md"):
        return table
    columns = []
    for column in table.columns:
        look = column.look
        if look.kind == "date" and look.formats and not look.order_is_known:
            form = look.formats[0]
            day, month = form.find("%d"), form.find("%m")
            if (day < month) != (order == "dm"):
                form = form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
            columns.append(replace(column, look=replace(look, formats=(form,))))
        else:
            columns.append(column)
    return replace(table, columns=tuple(columns))


def _keep(upload: Upload, draft: Draft) -> None:
    upload.draft = draft.as_json()
    upload.mapping = write_suggestion(draft).toml
    upload.is_hand_written = False
    upload.stage = Upload.Stage.MAPPING
    upload.check_report = {}
    upload.save()


@transaction.atomic
def save_text(*, upload: Upload, text: str) -> Upload:
    """Keep a mapping that was written by hand; raises MappingInvalid with the line that is wrong."""
    held = _held(upload, Upload.Stage.MAPPING, Upload.Stage.CHECKED)
    held.mapping = text.replace("\r\n", "\n").replace("\0", "")
    _parse(held)
    held.is_hand_written = True
    held.stage = Upload.Stage.MAPPING
    held.check_report = {}
    held.save()
    return held


def _parse(upload: Upload) -> Path:
    """Write the mapping beside the files and read it; raises MappingInvalid."""
    path = folder_of(upload) / "mapping.toml"
    if not path.parent.is_dir():
        raise UploadRefused("The files of this upload were removed after their time; send them again.")
    path.write_text(upload.mapping, encoding="utf-8")
    load_mapping(path)
    return path


@transaction.atomic
def start_check(*, upload: Upload, by: User) -> Upload:
    """Ask for a dry run over all rows; raises UploadNotReady, MappingInvalid."""
    held = _held(upload, Upload.Stage.MAPPING, Upload.Stage.CHECKED)
    _parse(held)
    _ask(held, "check upload", Upload.Stage.CHECKING, by)
    return held


@transaction.atomic
def start_import(*, upload: Upload, by: User, team: Team | None, is_confirmed: bool, reason: str) -> Upload:
    """Ask for the import of what was checked; with many rejected rows only where a person confirms and says why.

    Started twice it runs once. Raises UploadNotReady.
    """
    held = Upload.objects.select_for_update().get(pk=upload.pk)
    if held.stage in (Upload.Stage.IMPORTING, Upload.Stage.DONE):
        return held
    if held.stage != Upload.Stage.CHECKED:
        raise UploadNotReady("Check the rows first: an import starts from a check.")
    if not held.check_report.get("read"):
        raise UploadNotReady("There are no rows to import; correct the mapping.")
    if reject_share(held) > REJECT_SHARE and not (is_confirmed and reason.strip()):
        raise UploadNotReady(
            f"{reject_share(held):.0%} of the rows would be rejected. Correct the mapping, or confirm and say why it is right.",
            fields={"reason": "Confirm, and say why."},
        )
    held.team = team
    held.reason = reason.strip()[:300]
    _ask(held, "import upload", Upload.Stage.IMPORTING, by)
    return held


def reject_share(upload: Upload) -> float:
    """Return the part of the checked rows that would be rejected, 0 to 1."""
    report: dict[str, Any] = upload.check_report
    return report.get("rejected", 0) / report["read"] if report.get("read") else 0.0


def find_earlier(upload: Upload) -> Upload | None:
    """Return an earlier upload of the same bytes that was imported, if there is one."""
    same = Upload.objects.imported().filter(sha256=upload.sha256).exclude(pk=upload.pk).exclude(sha256="")
    return same.filter(pk__lt=upload.pk).select_related("run", "uploaded_by").order_by("-pk").first()


def _held(upload: Upload, *stages: Upload.Stage) -> Upload:
    held = Upload.objects.select_for_update().get(pk=upload.pk)
    if held.stage not in stages:
        raise UploadNotReady(f"This upload is {held.get_stage_display()}; wait until that is over.")
    return held


def _ask(upload: Upload, job: str, stage: Upload.Stage, by: User, **arguments: Any) -> None:
    upload.stage = stage
    upload.error = ""
    upload.job = enqueue(job, created_by=by, upload=upload.pk, **arguments)
    upload.save()
