"""Sessions that wait for their next use: whether they still work, without asking the server each time."""

import select

from psycopg import Connection
from psycopg_pool import ConnectionPool


def has_spoken(connection: Connection) -> bool:
    """Whether the server said something unasked: when it ends an idle session, it does."""
    said_something, _, _ = select.select([connection.fileno()], [], [], 0)
    return bool(said_something)


def check(connection: Connection) -> None:
    """For a pool, before it hands out a session. Raises OperationalError when the server ended it."""
    if has_spoken(connection):
        ConnectionPool.check_connection(connection)
