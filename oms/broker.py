"""The connection to the broker as workers need it: they outlive it."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis

logger = logging.getLogger(__name__)


class QoS(redis.QoS):
    """The messages a worker has in hand.

    Once the broker is away, kombu (5.7) takes the connection down first and looks after these messages then. That
    raises AttributeError, which ends the whole worker. What is not acknowledged or put back comes again when its time
    is up, and the sweep rings for what is owed: nothing is lost by letting go.
    """

    def restore_unacked_once(self, stderr: Any = None) -> None:
        with self._outliving():
            super().restore_unacked_once(stderr)
            return
        self._delivered.clear()  # it is called again, and insists that none is left

    def ack(self, delivery_tag: str) -> None:
        with self._outliving():
            super().ack(delivery_tag)

    def reject(self, delivery_tag: str, requeue: bool = False) -> None:
        with self._outliving():
            super().reject(delivery_tag, requeue=requeue)

    @contextmanager
    def _outliving(self) -> Iterator[None]:
        try:
            yield
        except (AttributeError, OSError, *self.channel.connection_errors) as problem:
            logger.warning("the broker left with a message in hand: %s", type(problem).__name__)


class Channel(redis.Channel):
    QoS = QoS


class Transport(redis.Transport):
    Channel = Channel


for scheme in ("redis", "rediss"):
    TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
