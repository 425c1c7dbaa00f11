"""Connections that start the embedded Valkey on first use: Celery's broker and Django's cache."""

from typing import Any

from kombu.transport import TRANSPORT_ALIASES
from redis import ConnectionPool
from redis.exceptions import ConnectionError as ServerAway

from oms import broker, embedded


def _start() -> None:
    try:
        embedded.valkey()
    except embedded.EmbeddedError as error:
        raise ServerAway(str(error)) from error  # callers know how to live without a broker or a cache


class Transport(broker.Transport):
    def establish_connection(self) -> Any:
        _start()
        return super().establish_connection()


class Pool(ConnectionPool):
    def get_connection(self, *args: Any, **options: Any) -> Any:
        _start()
        return super().get_connection(*args, **options)


TRANSPORT_ALIASES["embedded"] = f"{__name__}:Transport"  # the scheme that `embedded.broker_url()` writes
