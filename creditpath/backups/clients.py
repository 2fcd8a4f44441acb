"""PostgreSQL's client programs: those of the embedded server, else those on the PATH."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from creditpath.backups.errors import ClientMissing
from creditpath.embedded.places import EmbeddedServerError, client_folder

# What Django connects with, in the words of libpq's environment: a password never stands in a command line.
LIBPQ = {
    "dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT", "sslkey": "PGSSLKEY",
    "service": "PGSERVICE", "passfile": "PGPASSFILE",
}  # fmt: skip


def find_client(name: str) -> str:
    """Return the path of pg_dump, pg_restore or psql, no older than the server; raises ClientMissing."""
    server = server_version() // 10_000
    for candidate in (_embedded(name), shutil.which(name)):
        if candidate is not None and _major(candidate) >= server:
            return candidate
    raise ClientMissing(f"{name} of PostgreSQL {server} or newer is needed: install its client programs.")


def server_version() -> int:
    """Return the server's version as a number, 150004 for 15.4."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::integer")
        return int(cursor.fetchone()[0])


def client_environment() -> dict[str, str]:
    """Return the environment in which a client program reaches the database that Django is connected to."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    asked = connection.get_connection_params()
    return kept | {LIBPQ[key]: str(value) for key, value in asked.items() if key in LIBPQ and value} | {"LC_ALL": "C"}


def _embedded(name: str) -> str | None:
    try:
        path = client_folder() / name
    except EmbeddedServerError:
        return None
    return str(path) if Path(path).exists() else None


def _major(program: str) -> int:
    told = subprocess.run([program, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"\) (\d+)", told)
    return int(found[1]) if found else 0
