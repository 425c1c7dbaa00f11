"""The broker as a test sees it: what was sent, taking it as a worker does, and a broker that is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.test import override_settings
from kombu import Connection

from oms import receivers
from oms.celery import app


@contextmanager
def _channel() -> Iterator[Any]:
    connection: Connection
    with app.connection_for_read() as connection:
        yield connection.channel()


def empty() -> None:
    """Throw away what earlier tests have left, and forget that a broker was ever away."""
    receivers._quiet_until = 0.0
    with _channel() as channel:
        for queue in settings.QUEUES:
            channel.queue_declare(queue)
            channel.queue_purge(queue)


def take(queue: str) -> list[tuple[str, dict[str, Any]]]:
    """Take every message of this queue: (task, its keyword arguments)."""
    found = []
    with _channel() as channel:
        channel.queue_declare(queue)
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            _args, kwargs, _more = message.decode()
            found.append((message.headers["task"], kwargs))
    return found


def work_off(queue: str) -> int:
    """Do what a worker of this queue would, in this process, until it is empty; return how many messages came."""
    count = 0
    while messages := take(queue):
        for task, kwargs in messages:
            app.tasks[task](**kwargs)
        count += len(messages)
    return count


@contextmanager
def gone(folder: Path) -> Iterator[None]:
    """No broker and no cache inside: their socket is not there."""
    nowhere = folder / "gone.sock"
    kept = app.conf.broker_url, app.conf.broker_write_url
    app.conf.broker_url = app.conf.broker_write_url = f"redis+socket://{nowhere}?virtual_host=0"
    _forget_connections()
    cache = settings.CACHES["default"] | {"LOCATION": f"unix://{nowhere}?db=1", "OPTIONS": {}}
    try:
        with override_settings(CACHES={"default": cache}):
            yield
    finally:
        app.conf.broker_url, app.conf.broker_write_url = kept
        _forget_connections()


def _forget_connections() -> None:
    """Celery keeps connections by application; the next message opens one to where the settings point now."""
    receivers._quiet_until = 0.0
    app.amqp._producer_pool = None
    app._pool = None
