"""Where MLflow keeps what it is told: the product's own PostgreSQL, in a schema of its own, unless another place is named."""

import os
from pathlib import Path
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db import connection

SCHEMA = "mlflow"
EXPERIMENT = "CreditPathAI"
QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}


def remote_uri() -> str:
    """Return the address that the environment names, empty where it names none."""
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip()


def own_uri() -> str:
    """Return the product's database as SQLAlchemy writes it, with the schema as its whole search path.

    It holds the password: it goes into environments of our own processes, never on a command line or into a log.
    """
    given = connection.get_connection_params()
    query = {
        "host": given.get("host") or "",
        "port": given.get("port") or "",
        "connect_timeout": "5",
        "options": f"-csearch_path={SCHEMA}",
    } | {name: str(given[name]) for name in ("sslmode", "sslrootcert") if name in given}
    person = quote(str(given.get("user") or ""), safe="")
    secret = f":{quote(str(given['password']), safe='')}" if given.get("password") else ""
    name = quote(str(given.get("dbname") or given.get("database") or ""), safe="")
    named = urlencode({key: value for key, value in query.items() if value})
    return f"postgresql+psycopg2://{person}{secret}@/{name}?{named}"


def artifacts_folder() -> Path:
    """Return where files of trainings go beside our own database: plots, parameters and another copy of the ONNX form."""
    folder = Path(settings.VAR_DIR) / "mlflow"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def environment() -> dict[str, str]:
    """Return what a process of MLflow's gets: where to write, telemetry off, and no patience with a server that is away."""
    own = {} if remote_uri() else {"MLFLOW_TRACKING_URI": own_uri(), "CREDITPATH_MLFLOW_SCHEMA": SCHEMA}
    return (
        dict(os.environ)
        | {
            "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
            "CREDITPATH_MLFLOW_FOLDER": str(artifacts_folder()),
            "CREDITPATH_MLFLOW_EXPERIMENT": EXPERIMENT,
        }
        | own
        | QUIET
    )
