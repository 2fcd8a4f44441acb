"""The Django backend: PostgreSQL's own, told at connection time where the embedded server is."""

import os
from collections.abc import Iterable
from typing import Any, cast

from django.db.backends.postgresql.base import DatabaseWrapper as PostgresWrapper
from django.db.backends.postgresql.client import DatabaseClient as PostgresClient

from creditpath.embedded import lease, places, server


class DatabaseClient(PostgresClient):
    """`manage.py dbshell` through the psql of the wheel."""

    def runshell(self, parameters: Iterable[str]) -> None:
        cast(DatabaseWrapper, self.connection).find_server()
        os.environ["PATH"] = os.pathsep.join([str(places.client_folder()), os.environ.get("PATH", "")])
        super().runshell(parameters)


class DatabaseWrapper(PostgresWrapper):
    """Makes sure the server runs whenever a connection is made, so that it also comes back after a crash."""

    client_class = DatabaseClient

    def find_server(self) -> None:
        """Start the server if needed and write its address into the settings that Django connects with."""
        found = lease.join()
        self.settings_dict |= {
            "HOST": str(found.socket_dir),
            "PORT": server.PORT,
            "USER": server.ROLE,
            "PASSWORD": server.password(found),
        }

    def get_connection_params(self) -> dict[str, Any]:
        self.find_server()
        return super().get_connection_params()
