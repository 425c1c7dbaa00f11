"""Starting parts of the product as real processes beside a test or a proof."""

import os

from django.db import connection

from oms import embedded


def child_environment() -> dict[str, str]:
    """Return the environment in which a new process uses the same database and broker as this one."""
    server = connection.get_connection_params()
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "oms.settings",
        "DATABASE_URL": f"postgres:///{server['host']}/{server['dbname']}?user={server['user']}",
        "REDIS_URL": embedded.valkey(),
    }
