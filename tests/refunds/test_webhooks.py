"""Stripe's messages: believed by signature alone, stored before anything else, in whatever order they come."""

import hashlib
import hmac
import itertools
import json
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from oms.models import Delivery, Event, InboundWebhook, JournalEntry
from oms.webhooks import store
from refunds import lifecycle, webhooks
from refunds.models import Refund
from refunds.states import RefundStatus
from returns.models import RMA
from tests.refunds.cases import LATER, a_requested_refund, everything, money

pytestmark = pytest.mark.django_db

PATH = "/webhooks/stripe/"


@pytest.fixture(autouse=True)
def secret(settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = "whsec_test"


def a_message(refund: Refund, status: str, *, kind: str = "refund.updated", **about: Any) -> dict[str, Any]:
    """What Stripe sends about the newest attempt of a refund."""
    attempt = refund.attempts.order_by("-pk").first()
    about = {
        "id": "re_1",
        "object": "refund",
        "amount": int(refund.amount * 100),
        "currency": refund.currency.lower(),
        "status": status,
        "metadata": {"refund": refund.number, "attempt": str(attempt.key) if attempt else ""},
        "failure_reason": "expired_or_canceled_card" if status == "failed" else None,
    } | about
    return {"id": f"evt_{uuid4().hex}", "object": "event", "type": kind, "data": {"object": about}}


def post(client: Client, body: bytes, *, at: int | None = None, secret: str = "whsec_test", **headers: str) -> Any:
    stamp = int(timezone.now().timestamp()) if at is None else at
    signature = hmac.new(secret.encode(), b"%d." % stamp + body, hashlib.sha256).hexdigest()
    headers = {"Stripe-Signature": f"t={stamp},v1={signature}"} | headers
    return client.post(PATH, body, content_type="application/json", headers=headers)


def deliver(client: Client, message: dict[str, Any]) -> None:
    """Over HTTP into the table, and from the table as the job does."""
    assert post(client, json.dumps(message).encode()).status_code == 200
    webhooks.process(message["id"])


def sent(refund: Refund) -> Refund:
    lifecycle.submit(refund.number, by="system", at=LATER)
    return refund


def test_settles_what_it_speaks_of(client: Client) -> None:
    refund = sent(a_requested_refund())
    deliver(client, a_message(refund, "succeeded"))
    refund.refresh_from_db()
    assert (refund.status, refund.provider_id) == (RefundStatus.SETTLED, "re_1")


def test_same_message_again_changes_nothing(client: Client) -> None:
    refund = sent(a_requested_refund())
    message = a_message(refund, "succeeded")
    deliver(client, message)
    before = everything(refund)
    for _again in range(3):
        deliver(client, message)
    assert everything(refund) == before
    assert InboundWebhook.objects.count() == 1
    assert Event.objects.filter(name="webhook.received").count() == 1


def test_is_stored_sealed_before_it_is_taken(client: Client) -> None:
    refund = sent(a_requested_refund())
    body = json.dumps(a_message(refund, "succeeded")).encode()
    assert post(client, body).status_code == 200
    stored = InboundWebhook.objects.get()
    assert stored.body == body
    assert body not in bytes(InboundWebhook.objects.values_list("body", flat=True).get())
    assert stored.processed_at is None
    assert Refund.objects.get(pk=refund.pk).status == RefundStatus.SUBMITTED
    assert Delivery.objects.filter(event__name="webhook.received", task="refunds.process_webhook").count() == 1


@pytest.mark.parametrize(
    ("how", "status"),
    [
        ({"secret": "whsec_other"}, 400),
        ({"at": 1}, 400),
        ({"Stripe-Signature": "t=,v1="}, 400),
        ({"Stripe-Signature": ""}, 400),
        ({"Stripe-Signature": "v1=" + "0" * 64}, 400),
    ],
)
def test_unsigned_is_refused_and_leaves_nothing(client: Client, how: dict[str, Any], status: int) -> None:
    refund = sent(a_requested_refund())
    assert post(client, json.dumps(a_message(refund, "succeeded")).encode(), **how).status_code == status
    assert InboundWebhook.objects.count() == 0
    assert Event.objects.filter(name="webhook.received").count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b"\xff\xfe", 400),
        (b"[" * 50_000, 400),
        (b'{"object": "event", "id": "evt_1"}', 400),
        (b'{"object": "event", "id": "evt_1", "type": 7}', 400),
        (b'{"object": "event", "id": "", "type": "refund.updated"}', 400),
        (b'{"object": "event", "id": "evt_\\u0000", "type": "refund.updated"}', 400),
        (json.dumps({"object": "event", "id": "e" * 61, "type": "refund.updated"}).encode(), 400),
        (b"x" * (256 * 1024 + 1), 413),
    ],
)
def test_hostile_bodies(client: Client, body: bytes, status: int) -> None:
    assert post(client, body).status_code == status
    assert InboundWebhook.objects.count() == 0


def test_only_posts(client: Client) -> None:
    assert client.get(PATH).status_code == 405


def test_needs_no_csrf_token() -> None:
    refund = sent(a_requested_refund())
    strict = Client(enforce_csrf_checks=True)
    assert post(strict, json.dumps(a_message(refund, "succeeded")).encode()).status_code == 200


def test_before_the_api_answered(client: Client) -> None:
    """The message overtakes the answer of the call: one effect."""
    refund = sent(a_requested_refund())
    deliver(client, a_message(refund, "succeeded"))
    before = everything(refund)
    lifecycle.settle(refund.number, provider_id="re_1", by="stripe", at=LATER)
    assert everything(refund) == before


def test_refund_made_in_the_dashboard_stays_visible(client: Client) -> None:
    refund = sent(a_requested_refund())
    before = everything(refund)
    deliver(client, a_message(refund, "succeeded", id="re_dashboard", metadata={}))
    assert everything(refund) == before
    message = InboundWebhook.objects.get()
    assert (message.processed_at, message.trouble) == (None, "not_ours")


def test_second_refund_under_our_number_stays_visible(client: Client) -> None:
    refund = sent(a_requested_refund())
    deliver(client, a_message(refund, "succeeded"))
    before = everything(refund)
    twin = a_message(refund, "succeeded", id="re_2")
    deliver(client, twin)
    assert everything(refund) == before
    assert InboundWebhook.objects.get(external_id=twin["id"]).trouble == "second_refund"


def test_charge_family_with_refunds_inside(client: Client) -> None:
    refund = sent(a_requested_refund())
    inside = a_message(refund, "succeeded")["data"]["object"]
    charge = {"id": "ch_1", "object": "charge", "refunds": {"data": [inside]}}
    message = a_message(refund, "succeeded", kind="charge.refunded")
    message["data"]["object"] = charge
    deliver(client, message)
    assert Refund.objects.get(pk=refund.pk).status == RefundStatus.SETTLED


def test_charge_alone_makes_the_poll_ask(client: Client) -> None:
    refund = sent(a_requested_refund())
    Refund.objects.filter(pk=refund.pk).update(looked_up_at=LATER)
    message = a_message(refund, "succeeded", kind="charge.refunded")
    message["data"]["object"] = {"id": "ch_1", "object": "charge", "payment_intent": refund.payment.provider_id}
    deliver(client, message)
    assert Refund.objects.get(pk=refund.pk).looked_up_at is None


@pytest.mark.parametrize("kind", ["customer.created", "charge.succeeded", "payout.paid"])
def test_other_kinds_are_taken_and_do_nothing(client: Client, kind: str) -> None:
    refund = sent(a_requested_refund())
    before = everything(refund)
    message = a_message(refund, "succeeded", kind=kind)
    deliver(client, message)
    assert everything(refund) == before
    assert InboundWebhook.objects.get().processed_at is not None


STORY = (
    ("refund.created", "pending"),
    ("refund.updated", "pending"),
    ("charge.refund.updated", "succeeded"),
    ("refund.updated", "succeeded"),
    ("refund.failed", "failed"),
)


def test_a_late_failure_ends_alike_in_any_order(client: Client) -> None:
    """Five messages, each three times, in a few of their orders; `bin/prove K5` tries all 120."""
    ends = set()
    refund = sent(a_requested_refund())
    for order in itertools.islice(itertools.permutations(STORY), 0, None, 17):
        before = transaction.savepoint_create()
        messages = [a_message(refund, status, kind=kind, id=f"re_{refund.pk}") for kind, status in order]
        for message in messages * 3:
            take(message)
        refund.refresh_from_db()
        ends.add(
            (
                refund.status,
                money(refund.order),
                RMA.objects.get(pk=refund.rma_id).settlement,
                sum(
                    posting.amount
                    for entry in JournalEntry.objects.filter(order=refund.order, cause__startswith="refund/")
                    for posting in entry.postings.filter(account="provider")
                ),
            )
        )
        transaction.savepoint_rollback(before)
    assert ends == {(RefundStatus.FAILED, (0, 0), "failed", 0)}


def take(message: dict[str, Any]) -> None:
    store("stripe", message["id"], message["type"], json.dumps(message).encode(), at=timezone.now())
    webhooks.process(message["id"])
