from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from inventory import checking
from inventory.models import Bin, StockLevel
from oms import heartbeat
from oms.models import Heartbeat, Product
from tests import broker

UNSEEN = {"checked_at": None, "adds_up": None}
ALL_STALLED = [f"queue {name}" for name in settings.QUEUES]


@pytest.fixture
def everything_beats(db: None) -> None:
    for queue in settings.QUEUES:
        heartbeat.note(queue, at=timezone.now())


def test_live_touches_nothing(client: Client) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "no-store" in answer["Cache-Control"]


def test_live_changes_nothing_on_post(client: Client) -> None:
    assert client.post("/healthz").status_code == 405


@pytest.mark.usefixtures("everything_beats")
def test_deep_is_well_while_every_queue_beats(client: Client) -> None:
    answer = client.get("/healthz/deep")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "failing": [], "stock": UNSEEN})


@pytest.mark.django_db
def test_deep_names_queues_never_seen(client: Client) -> None:
    answer = client.get("/healthz/deep")
    assert (answer.status_code, answer.json()) == (503, {"status": "failing", "failing": ALL_STALLED, "stock": UNSEEN})


@pytest.mark.usefixtures("everything_beats")
def test_deep_says_when_stock_was_last_checked_and_fails_while_it_does_not_add_up(client: Client) -> None:
    at = timezone.now().replace(microsecond=0)
    checking.check(by="system", at=at)
    answer = client.get("/healthz/deep")
    assert (answer.status_code, answer.json()["stock"]) == (200, {"checked_at": at.isoformat(), "adds_up": True})
    StockLevel.objects.create(
        bin=Bin.objects.filter(kind="shelf")[0], product=Product.objects.create(sku="MUG", title="Mug"), quantity=3
    )
    checking.check(by="system", at=at)
    answer = client.get("/healthz/deep")
    assert (answer.status_code, answer.json()["failing"]) == (503, ["stock"])
    assert answer.json()["stock"] == {"checked_at": at.isoformat(), "adds_up": False}


@pytest.mark.usefixtures("everything_beats")
def test_a_queue_is_stalled_after_twenty_five_seconds_and_not_before() -> None:
    at = timezone.now()
    Heartbeat.objects.filter(queue="mail").update(seen_at=at - timedelta(seconds=25) + timedelta(milliseconds=1))
    assert heartbeat.stalled(settings.QUEUES, at=at) == []
    Heartbeat.objects.filter(queue="mail").update(seen_at=at - timedelta(seconds=25))
    assert heartbeat.stalled(settings.QUEUES, at=at) == ["mail"]


@pytest.mark.usefixtures("everything_beats")
def test_deep_names_a_broker_that_is_away(client: Client, tmp_path: Path) -> None:
    with broker.gone(tmp_path):
        answer = client.get("/healthz/deep")
    assert (answer.status_code, answer.json()) == (503, {"status": "failing", "failing": ["broker"], "stock": UNSEEN})


@pytest.mark.django_db
def test_a_busy_worker_notes_itself_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heartbeat, "_noted", {})
    first = timezone.now()
    heartbeat.note_work("mail", at=first)
    heartbeat.note_work("mail", at=first + timedelta(seconds=1))
    assert Heartbeat.objects.get(queue="mail").seen_at == first
