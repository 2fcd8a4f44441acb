from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client, override_settings

from borrowers.models import Upload
from creditpath.jobs.worker import WorkerLoop


@pytest.fixture(autouse=True)
def import_root(tmp_path: Path) -> Iterator[Path]:
    """Keep uploads in a folder of the test's own."""
    root = tmp_path / "imports"
    with override_settings(IMPORT_ROOT=root):
        yield root


def send(client: Client, **files: bytes | str) -> Any:
    """Send files in; `loans_csv` is loans.csv."""
    sent = [
        SimpleUploadedFile(name.replace("_", "."), data.encode() if isinstance(data, str) else data)
        for name, data in files.items()
    ]
    return client.post("/import/", {"source_files": sent})


def work() -> int:
    """Let a worker do all that is waiting."""
    return WorkerLoop(name="test").work_off()


def latest() -> Upload:
    return Upload.objects.select_related("run").latest("pk")


def form_of(upload: Upload, **changes: str) -> dict[str, str]:
    """Return what the form of the mapping sends, with some of it changed: `loan_no="loan.external_id"` by header, or a name."""
    sent = {"currency": upload.draft["currency"], "product": upload.draft["product"], "then": "check"}
    for number, table in enumerate(upload.draft["tables"]):
        if table["is_used"]:
            sent[f"used-{number}"] = "on"
        for place, column in enumerate(table["columns"]):
            sent[f"c-{number}-{place}"] = changes.pop(column["name"].replace(" ", "_"), column["choice"]["target"])
    return sent | changes
