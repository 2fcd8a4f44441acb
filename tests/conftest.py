"""What every test has: a database of its own, no network, and the cast of tests/cast.py."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.backends.base.operations import BaseDatabaseOperations

from tests.cast import *  # noqa: F403  pytest finds fixtures by their names here


def pytest_configure(config: pytest.Config) -> None:
    """Keep the embedded server up while any test process runs; it starts with the first connection."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)  # whitenoise warns where it is missing
    if settings.DATABASE_URL:
        return
    from creditpath.embedded import lease

    lease.hold()


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> Iterator[None]:
    """Serve static files under their own names: the manifest is a matter of collecting them, which tests do not."""
    from django.test import override_settings

    storages = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"]):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_mlflow() -> Iterator[None]:
    """Tell MLflow nothing, here and in processes that tests start; the test of it asks for it."""
    from django.test import override_settings

    os.environ["CREDITPATH_MLFLOW"] = "false"
    with override_settings(MLFLOW=False):
        yield


@pytest.fixture(scope="session", autouse=True)
def no_lots() -> Iterator[None]:
    """Let the starting policy draw nothing by lot, so that a test can say what is recommended; tests of the lot ask for it."""
    from django.test import override_settings

    with override_settings(STARTING_EXPLORATION_RATIO=0):
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Give each run its own test database, so that two of them on one machine do not meet."""
    if name := os.environ.get("CREDITPATH_TEST_DATABASE"):
        connection.settings_dict["TEST"]["NAME"] = name


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Let tests with real transactions empty append-only tables afterwards, which the tables' triggers rightly refuse."""
    operations = type(connection.ops)
    original = BaseDatabaseOperations.execute_sql_flush

    def flush(self: Any, statements: list[str]) -> None:
        with self.connection.cursor() as cursor:
            cursor.execute(
                "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger "
                "WHERE NOT tgisinternal AND tgtype & 32 <> 0"  # BEFORE TRUNCATE
            )
            tables = [table for (table,) in cursor.fetchall()]
        switch = "ALTER TABLE {} {} TRIGGER USER"
        disabled = [switch.format(table, "DISABLE") for table in tables]
        enabled = [switch.format(table, "ENABLE") for table in tables]
        original(self, [*disabled, *statements, *enabled])

    operations.execute_sql_flush = flush
    yield
    del operations.execute_sql_flush
