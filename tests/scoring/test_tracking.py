"""Trainings in MLflow: a real one in the test's own database, and none of its troubles in a training."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.test import override_settings

from scoring.models import ModelVersion
from scoring.tracking import services
from scoring.tracking.places import SCHEMA, environment, own_uri
from scoring.tracking.services import flatten, log_training
from tests.models import register_logistic

READ = """
import json, mlflow
runs = mlflow.search_runs(experiment_names=["CreditPathAI"], output_format="list")
files = [item.path for item in mlflow.MlflowClient().list_artifacts(runs[0].info.run_id)]
where = mlflow.artifacts.download_artifacts(run_id=runs[0].info.run_id, artifact_path="model.onnx")
print(json.dumps({"runs": [run.to_dictionary() for run in runs], "files": files, "onnx": where}))
"""


@pytest.fixture(autouse=True)
def switched_on(tmp_path: Path) -> Iterator[None]:
    with override_settings(MLFLOW=True, VAR_DIR=tmp_path):
        yield


@pytest.mark.django_db(transaction=True)
def test_a_training_is_logged_in_a_schema_of_its_own_with_the_registered_bytes() -> None:
    model = register_logistic()
    before = tables_outside()
    try:
        report = log_training(versions=[model])
        assert report.is_logged, report.line
        assert tables_outside() == before
        told = subprocess.run(
            [sys.executable, "-c", READ], env=environment(), capture_output=True, text=True, check=True
        ).stdout
        found = json.loads(told.strip().splitlines()[-1])
        (run,) = found["runs"]
        assert run["info"]["run_name"] == model.name
        assert run["data"]["metrics"]["auc"] == pytest.approx(0.72)
        assert run["data"]["params"]["purpose"] == "default"
        assert run["data"]["tags"]["sha256"] == model.sha256
        assert run["inputs"]["dataset_inputs"]
        assert {"model.onnx", "libraries.json"} <= set(found["files"])
        assert hashlib.sha256(Path(found["onnx"]).read_bytes()).hexdigest() == model.sha256
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")


def tables_outside() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db
def test_a_server_that_is_away_costs_seconds_and_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    report = log_training(versions=[register_logistic()])
    assert not report.is_logged
    assert report.line.startswith("Not logged to MLflow: ")
    assert report.seconds < services.PATIENCE_SECONDS


@pytest.mark.django_db
def test_an_mlflow_that_hangs_or_is_missing_harms_no_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = register_logistic()
    (tmp_path / "scoring" / "tracking").mkdir(parents=True)
    (tmp_path / "scoring" / "tracking" / "child.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(services, "find_spec", lambda name: object())
    monkeypatch.setattr(services, "PATIENCE_SECONDS", 0.5)
    with override_settings(BASE_DIR=tmp_path):
        assert "longer than 0.5 s" in log_training(versions=[model]).line
    monkeypatch.setattr(services, "find_spec", lambda name: None)
    assert "not installed" in log_training(versions=[model]).line
    assert ModelVersion.objects.filter(pk=model.pk).exists()


@pytest.mark.django_db
def test_the_database_is_named_with_its_schema_alone_and_telemetry_is_off() -> None:
    uri = own_uri()
    assert uri.startswith("postgresql+psycopg2://")
    assert uri.endswith("search_path%3Dmlflow")
    told = environment()
    assert (told["MLFLOW_DISABLE_TELEMETRY"], told["DO_NOT_TRACK"]) == ("true", "true")
    assert "MLFLOW_DISABLE_TELEMETRY" not in os.environ


def test_nested_figures_become_flat_ones() -> None:
    assert flatten({"a": {"b": 1, "c": {"d": 2}}, "e": 3}) == {"a.b": 1, "a.c.d": 2, "e": 3}
