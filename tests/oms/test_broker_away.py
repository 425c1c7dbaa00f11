"""Sentence 8: Redis may be emptied or away at any moment; requests do not feel it and nothing is lost (p47)."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from statistics import median

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from kombu import Connection

from oms import receivers, tasks
from oms.embedded import keeper
from oms.models import Delivery
from returns.models import RMA
from returns.states import RMAStatus
from tests import broker
from tests.builders import a_return, an_order

pytestmark = [pytest.mark.django_db(transaction=True, serialized_rollback=True), pytest.mark.slow]
DAY = timedelta(days=1)
PEOPLE = 5


@pytest.fixture(autouse=True)
def empty_queues() -> Iterator[None]:
    broker.empty()
    yield
    broker.empty()


def open_returns() -> list[RMA]:
    now = timezone.now()
    return [
        a_return(an_order(placed_at=now - 5 * DAY, shipped_at=now - 4 * DAY, delivered_at=now - 2 * DAY), at=now)
        for _ in range(PEOPLE)
    ]


def seconds_to_cancel(rmas: list[RMA]) -> float:
    """Each customer calls the return off on the status page; return what the middle one waited."""
    waits = []
    for rma in rmas:
        address = reverse("portal:cancellation", args=[rma.number, rma.signature])
        started = time.perf_counter()
        answer = Client().post(address)
        waits.append(time.perf_counter() - started)
        assert (answer.status_code, RMA.objects.get(pk=rma.pk).status) == (302, RMAStatus.CANCELED)
    return median(waits)


def owed(rmas: list[RMA]) -> int:
    """Messages to customers about what was called off, not written yet."""
    streams = [rma.stream for rma in rmas]
    return Delivery.objects.filter(event__stream__in=streams, event__name="rma.canceled", done_at=None).count()


def test_requests_do_not_feel_a_broker_that_is_away_and_its_jobs_are_done_after_the_sweep(tmp_path: Path) -> None:
    rmas, others = open_returns(), open_returns()
    calm = seconds_to_cancel(others)
    with broker.gone(tmp_path):
        away = seconds_to_cancel(rmas)
        assert time.monotonic() < receivers._quiet_until  # it was tried, and is left in peace for a while
    assert away < 5 * calm + 0.2
    broker.empty()
    assert owed(rmas) == PEOPLE

    tasks.sweep()
    broker.work_off("mail")
    assert owed(rmas) == 0
    assert {message.template for rma in rmas for message in rma.messages.all()} >= {"canceled"}


def test_a_broker_that_lost_everything_loses_no_job() -> None:
    rmas = open_returns()
    seconds_to_cancel(rmas)
    broker.empty()  # Redis was emptied before a worker looked
    assert (broker.work_off("mail"), owed(rmas)) == (0, PEOPLE)
    tasks.sweep()
    broker.work_off("mail")
    assert owed(rmas) == 0


def test_a_sweep_without_a_broker_fails_alone(tmp_path: Path) -> None:
    """Beat calls it again in ten seconds; what is owed stays owed."""
    rmas = open_returns()
    with broker.gone(tmp_path):
        seconds_to_cancel(rmas)
        with pytest.raises(receivers.OperationalError):
            tasks.sweep()
    assert owed(rmas) == PEOPLE


@contextmanager
def a_broker(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A broker that may be killed, and its address."""
    server = keeper.Valkey(folder)
    server.prepare()
    with subprocess.Popen(server.command(), stdout=subprocess.DEVNULL) as process:
        try:
            while not server.answers():
                assert process.poll() is None
            yield process, f"redis+socket://{server.socket}?virtual_host=0"
        finally:
            process.kill()


def test_a_broker_that_dies_while_messages_are_in_hand_ends_no_worker(tmp_path: Path) -> None:
    """Taken and not acknowledged, as a worker holds them; then as a worker lets go of a connection that is lost."""
    with a_broker(tmp_path) as (process, url):
        connection = Connection(url, transport_options={"socket_timeout": 1})
        channel = connection.default_channel
        channel.queue_declare("labels")
        channel.basic_publish(channel.prepare_message("{}"), exchange="", routing_key="labels")
        message = channel.basic_get("labels")
        assert message is not None
        process.kill()
        process.wait(10)
        with suppress(Exception):
            connection.collect()
        connection.close()
        message.ack()  # its job is done meanwhile
        assert not connection.connected
