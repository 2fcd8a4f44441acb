"""What is installed, and what the lock files say about where it comes from."""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt", "requirements-mlflow.txt"]


def test_psycopg_3_is_absent() -> None:
    assert find_spec("psycopg") is None
    assert find_spec("psycopg2") is not None


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_names_no_registry(name: str) -> None:
    text = (REPOSITORY / name).read_text()
    assert not re.search(
        r"https?://|file://|^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)\b", text, re.MULTILINE
    )


@pytest.mark.parametrize("name", LOCKS)
def test_everything_locked_is_pinned_and_hashed(name: str) -> None:
    text = (REPOSITORY / name).read_text().replace("\\\n", " ")
    entries = [line for line in text.splitlines() if re.match(r"[A-Za-z0-9]", line)]
    assert entries
    assert [entry for entry in entries if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:", entry)] == []


def test_all_locks_agree_on_every_version_they_share() -> None:
    runtime, *others = (
        dict(re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==(\S+)", (REPOSITORY / name).read_text(), re.MULTILINE))
        for name in LOCKS
    )
    for other in others:
        assert {name for name in runtime.keys() & other.keys() if runtime[name] != other[name]} == set()


def test_web_process_loads_no_training_library() -> None:
    script = (
        "import django, sys; django.setup(); import creditpath.wsgi, creditpath.urls; "
        "print(sorted({'sklearn', 'xgboost', 'lightgbm', 'onnxmltools', 'skl2onnx'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'creditpath.settings'; {script}"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
