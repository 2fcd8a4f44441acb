"""Rules of the house that a machine can check."""

import subprocess
import sys
from importlib.util import find_spec

import pytest
from django.conf import settings
from django.core.management import call_command

from creditpath.access import MODELS

WEB_NEVER_LOADS = ("sklearn", "xgboost", "lightgbm", "skl2onnx", "onnxmltools", "mlflow")


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_imports_point_one_way() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_web_process_and_worker_load_no_training_library() -> None:
    code = (
        "import os, sys, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'creditpath.settings'; django.setup();"
        " from django.urls import get_resolver; get_resolver().url_patterns; import creditpath.jobs.worker;"
        f" print([name for name in {WEB_NEVER_LOADS!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_there_is_one_driver_of_postgresql() -> None:
    assert find_spec("psycopg2") is not None
    assert find_spec("psycopg") is None


def test_every_model_of_ours_is_in_the_matrix_of_rights() -> None:
    from django.apps import apps

    without_admin = {"jobs.worker", "jobs.sweepmark", "idempotency.givenanswer"}
    ours = {
        model._meta.label_lower
        for model in apps.get_models()
        if model.__module__.split(".")[0] in {"creditpath", "borrowers", "scoring", "recovery"}
    }
    assert ours - without_admin == {label for label in MODELS if label.split(".")[0] not in {"axes", "knox"}}


def test_every_model_in_the_admin_can_be_seen_by_administrators() -> None:
    from django.contrib import admin

    hidden_on_purpose = {"django_plotly_dash"}
    seen = {model._meta.label_lower for model in admin.site._registry if model._meta.app_label not in hidden_on_purpose}
    assert not {label for label in seen if "admin" not in MODELS.get(label, {}).get("view", ())}
