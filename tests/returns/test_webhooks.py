"""EasyPost's messages: believed by signature alone and stored before anything else."""

import hashlib
import hmac
import json
import unicodedata
from typing import Any

import pytest
from django.test import Client

from oms.models import Delivery, Event, InboundWebhook
from tests.jobs import run_jobs

pytestmark = pytest.mark.django_db

SECRET = "sécret of the carrier"
MESSAGE = {"id": "evt_77", "object": "Event", "description": "tracker.updated", "result": {"object": "Tracker"}}


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.EASYPOST_WEBHOOK_SECRET = SECRET


def post(client: Client, body: bytes, *, secret: str = SECRET) -> Any:
    key = unicodedata.normalize("NFKD", secret).encode()
    signature = f"hmac-sha256-hex={hmac.new(key, body, hashlib.sha256).hexdigest()}"
    return client.post(
        "/webhooks/easypost/", body, content_type="application/json", headers={"X-Hmac-Signature": signature}
    )


def test_signed_is_stored_once_and_owes_one_job(client: Client) -> None:
    body = json.dumps(MESSAGE).encode()
    assert [post(client, body).status_code for _again in range(3)] == [200, 200, 200]
    stored = InboundWebhook.objects.get()
    assert (stored.provider, stored.external_id, stored.kind) == ("easypost", "evt_77", "tracker.updated")
    assert stored.body == body
    assert Delivery.objects.filter(event__stream=stored.stream, task="returns.read_carrier_webhook").count() == 1


@pytest.mark.parametrize("status", ["in_transit", "failure", "unknown"])
def test_news_of_a_parcel_that_is_not_ours_are_taken_and_change_nothing(client: Client, status: str) -> None:
    tracker = {"object": "Tracker", "tracking_code": "NOT-OURS", "status": status}
    post(client, json.dumps(MESSAGE | {"result": tracker}).encode())
    run_jobs()
    assert InboundWebhook.objects.get().processed_at is not None
    assert list(Event.objects.values_list("name", flat=True)) == ["webhook.received"]


def test_unsigned_is_refused_and_leaves_nothing(client: Client) -> None:
    body = json.dumps(MESSAGE).encode()
    assert post(client, body, secret="other").status_code == 400
    assert client.post("/webhooks/easypost/", body, content_type="application/json").status_code == 400
    assert InboundWebhook.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"\xff", 400),
        (json.dumps(MESSAGE | {"id": "e" * 61}).encode(), 400),
        (json.dumps(MESSAGE | {"description": None}).encode(), 400),
        (b" " * (256 * 1024 + 1), 413),
    ],
)
def test_hostile_bodies(client: Client, body: bytes, status: int) -> None:
    assert post(client, body).status_code == status
    assert InboundWebhook.objects.count() == 0
