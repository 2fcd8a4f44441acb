"""Open MLflow on the trainings."""

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from scoring.tracking.places import SCHEMA, artifacts_folder, environment, own_uri, remote_uri


class Command(BaseCommand):
    help = (
        "Show MLflow with all trainings at http://127.0.0.1:5000, for this machine alone; Ctrl-C stops it. "
        "Example: manage.py run_mlflow --port 5001"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=int(os.environ.get("MLFLOW_PORT") or 5000))

    def handle(self, *args: Any, **options: Any) -> None:
        if remote := remote_uri():
            self.stdout.write(f"Trainings are logged to {remote}: open it there.")
            return
        if find_spec("mlflow") is None:
            raise CommandError("MLflow is not installed here: `make mlflow` installs it.")
        with connection.cursor() as cursor:  # this process then holds the embedded server for as long as MLflow runs
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
        # The address holds a password: it goes by the environment, which other users of the machine cannot read.
        served = environment() | {
            "MLFLOW_BACKEND_STORE_URI": own_uri(),
            "MLFLOW_DEFAULT_ARTIFACT_ROOT": artifacts_folder().as_uri(),
        }
        served.pop("MLFLOW_TRACKING_URI")
        self.stdout.write(f"MLflow is at http://127.0.0.1:{options['port']} in some seconds. Ctrl-C stops it.")
        command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(options["port"])]
        with subprocess.Popen([*command, "--workers", "1"], env=served) as process:
            try:
                process.wait()
            except KeyboardInterrupt:
                process.wait()
        if process.returncode > 0:
            raise CommandError(f"MLflow ended with code {process.returncode}.")
