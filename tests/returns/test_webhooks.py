"""EasyPost's messages: believed by signature alone and stored before anything else."""

import hashlib
import hmac
import json
import unicodedata
from typing import Any

import pytest
from django.test import Client

from oms.models import Delivery, Event, InboundWebhook
from returns.models import Parcel
from tests.builders import a_return, an_order
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


TRACKED = "TRACK-7"


def the_parcel() -> Parcel:
    rma = a_return(an_order())
    rma.parcels.update(status="labeled", tracking_number=TRACKED)
    return rma.parcels.get()


def tell(client: Client, number: int, **more: Any) -> None:
    tracker = {"object": "Tracker", "tracking_code": TRACKED, "status": "in_transit"}
    event = MESSAGE | {"id": f"evt_{number}", "result": tracker} | more
    assert post(client, json.dumps(event).encode()).status_code == 200
    run_jobs("default")


def test_a_message_that_is_repeated_moves_a_parcel_once(client: Client) -> None:
    parcel = the_parcel()
    for number in (1, 1, 2, 2):
        word = {"tracking_code": TRACKED, "status": "in_transit", "updated_at": "2026-11-23T08:00:00Z"}
        tell(client, number, result=word)
    parcel.refresh_from_db()
    assert (parcel.status, parcel.tracking_events.count()) == ("in_transit", 1)
    assert Event.objects.filter(name="rma.shipped").count() == 1


@pytest.mark.parametrize(
    "result",
    [
        None,
        [],
        "in_transit",
        {},
        {"tracking_code": "", "status": "delivered"},
        {"tracking_code": {"$ne": ""}, "status": "delivered"},
        {"tracking_code": "' OR 1=1 --", "status": "delivered"},
        {"tracking_code": TRACKED, "status": "stolen"},
        {"tracking_code": TRACKED, "status": None},
        {"tracking_code": TRACKED, "status": "pre_transit", "tracking_details": "none"},
    ],
)
def test_what_is_signed_but_says_nothing_moves_nothing(client: Client, caplog: Any, result: Any) -> None:
    parcel = the_parcel()
    tell(client, 1, result=result)
    parcel.refresh_from_db()
    assert (parcel.status, InboundWebhook.objects.get().processed_at is None) == ("labeled", False)
    assert [word for word in (TRACKED, "Sam", "High Street") if word in caplog.text] == []


@pytest.mark.parametrize("when", ["", "yesterday", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-13-45"])
def test_times_nobody_can_read_and_times_to_come_do_not_stop_what_follows(client: Client, when: str) -> None:
    parcel = the_parcel()
    tell(client, 1, result={"tracking_code": TRACKED, "status": "in_transit", "updated_at": when})
    tell(client, 2, result={"tracking_code": TRACKED, "status": "delivered"})
    parcel.refresh_from_db()
    assert parcel.status == "delivered"


def test_a_signed_test_moves_no_parcel_of_a_real_shop(client: Client, settings: Any) -> None:
    parcel, settings.EASYPOST_API_KEY = the_parcel(), "EZAKreal"
    tell(client, 1, mode="test")
    parcel.refresh_from_db()
    assert parcel.status == "labeled"
    tell(client, 2, mode="production")
    parcel.refresh_from_db()
    assert parcel.status == "in_transit"


def test_another_accounts_signature_is_refused(client: Client) -> None:
    parcel = the_parcel()
    body = json.dumps(MESSAGE | {"result": {"tracking_code": TRACKED, "status": "delivered"}}).encode()
    assert post(client, body, secret="another account's secret").status_code == 400
    run_jobs("default")
    parcel.refresh_from_db()
    assert (parcel.status, InboundWebhook.objects.count()) == ("labeled", 0)
