"""Tell MLflow of a training. It may be missing, away or slow: the training stands whatever becomes of it."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from logging import getLogger
from pathlib import Path
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

from scoring.models import ModelVersion
from scoring.tracking.places import environment, remote_uri

logger = getLogger("creditpath.scoring")

PATIENCE_SECONDS = 60
Progress = Callable[[int, int, str], None]

__all__ = ["TrackingReport", "log_training"]


@dataclass(frozen=True)
class TrackingReport:
    """What became of telling MLflow, in one line."""

    is_logged: bool
    line: str
    seconds: float


def log_training(*, versions: Sequence[ModelVersion]) -> TrackingReport:
    """Log parameters, figures, plots, the ONNX form and the hash of the data of each registered version to MLflow.

    Call it after the versions are registered. A process of its own does it and is ended after PATIENCE_SECONDS, so that neither
    a server that is away nor a library that fails can take the training down. Never raises; what became of it is one line of
    the report and of the log.
    """
    began = monotonic()
    if not settings.MLFLOW:
        return TrackingReport(False, "MLflow is switched off.", 0.0)
    if find_spec("mlflow") is None:
        return TrackingReport(False, "Not logged to MLflow: it is not installed (make mlflow installs it).", 0.0)
    try:
        with tempfile.TemporaryDirectory(prefix="mlflow-") as folder:
            for version in versions:
                _write(Path(folder) / str(version.pk), version)
            fault = _run(Path(folder))
    except Exception as error:
        fault = f"{type(error).__name__}: {error}"
    seconds = monotonic() - began
    if fault:
        logger.warning("the training was not logged to MLflow: %s", fault)
        return TrackingReport(False, f"Not logged to MLflow: {fault}", seconds)
    where = remote_uri() or "the product's own database"
    return TrackingReport(True, f"{len(versions)} models logged to MLflow in {where} ({seconds:.1f} s).", seconds)


def _run(folder: Path) -> str:
    """Let the process log what lies in a folder; return what went wrong, empty where nothing did."""
    command = [sys.executable, "-m", "scoring.tracking.child", str(folder)]
    try:
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=environment(), capture_output=True, text=True, check=False,
            timeout=PATIENCE_SECONDS,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"it took longer than {PATIENCE_SECONDS} s."
    if done.returncode == 0:
        return ""
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"its process ended with code {done.returncode}."


def _write(folder: Path, version: ModelVersion) -> None:
    folder.mkdir()
    (folder / "model.onnx").write_bytes(bytes(version.onnx))
    (folder / "run.json").write_text(json.dumps(describe(version), cls=DjangoJSONEncoder), encoding="utf-8")


def describe(version: ModelVersion) -> dict[str, Any]:
    """Return what MLflow is told of a version."""
    window = version.data_window
    tuning = dict(version.parameters.get("tuning") or {})
    attempts = tuning.pop("attempts", [])
    return {
        "name": version.name,
        "parameters": {
            "purpose": version.purpose,
            "segment": version.segment or "all",
            "algorithm": version.algorithm,
            "threshold": version.threshold,
            **flatten(version.parameters | ({"tuning": tuning} if tuning else {})),
            **{f"target.{key}": value for key, value in flatten(version.target).items()},
            **{f"data.{key}": value for key, value in flatten(window).items()},
        },
        "metrics": {
            name: float(value)
            for name, value in (
                flatten(version.metrics)
                | {f"parity.{name}": value for name, value in flatten(version.parity).items()}
                | {f"tuning.{name}": tuning.get(name) for name in ("tried", "log_loss", "log_loss_of_the_first")}
                | {"data.rows": window.get("rows"), "data.bad_rate": window.get("bad_rate")}
            ).items()
            if isinstance(value, int | float)
        },
        "tags": {
            "sha256": version.sha256,
            "data_sha256": window.get("matrix_sha256", ""),
            "feature_set": version.feature_set,
            "code_version": version.code_version,
            "is_simulated": str(version.is_simulated).lower(),
            "trained_by": version.trained_by.username if version.trained_by else "",
            "registry_id": str(version.pk),
        },
        "libraries": version.library_versions,
        "curves": version.curves,
        "tuning": attempts,
        "findings": version.findings,
        "specification": version.specification,
        "features": version.feature_names,
    }


def flatten(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one, keys joined by dots."""
    flat: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            flat |= flatten(value, f"{name}.")
        else:
            flat[name] = value
    return flat
