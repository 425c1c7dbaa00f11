"""A refund of a PayPal payment, from the request to the books: our gateway, messages signed by certificate."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from oms.models import InboundWebhook, JournalEntry, Order
from oms.states import PaymentMethod
from refunds import protocol, webhooks
from refunds.gateways.base import GatewayError
from refunds.models import Refund
from refunds.states import AttemptResult, RefundStatus
from returns.models import RMA
from returns.states import RMAStatus, Settlement
from tests.builders import an_order
from tests.gateways.conftest import Inbox, Letter, inbox
from tests.refunds.cases import a_requested_refund, everything, money
from tests.sandbox import PAYPAL_CLIENT, PAYPAL_SECRET, PAYPAL_WEBHOOK, Sandbox

__all__ = ["inbox"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def paypal(tmp_path: Path, inbox: Inbox, settings: Any) -> Iterator[Sandbox]:
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT, PAYPAL_SECRET
    with Sandbox(tmp_path / "sandbox", paypal_webhook=f"{inbox.url}/paypal/") as running:
        settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = running.paypal_base, PAYPAL_WEBHOOK
        yield running


def paid_by_paypal(sandbox: Sandbox) -> Order:
    order = an_order(method=PaymentMethod.PAYPAL, provider_id=uuid4().hex[:17].upper())
    payment = order.payments.get()
    sandbox.captures([{"capture": payment.provider_id, "amount": int(payment.captured * 100), "currency": "GBP"}])
    return order


def carried_out(sandbox: Sandbox, **faults: Any) -> Refund:
    """A refund of 10.00 that PayPal has, pending until a test decides."""
    sandbox.faults(paypal={"pending": 1.0, "settle_after": None} | faults)
    refund = a_requested_refund(paid_by_paypal(sandbox))
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    return Refund.objects.get(pk=refund.pk)


def post(client: Client, letter: Letter, **headers: str) -> int:
    given = {name: value for name, value in letter.headers.items() if name.startswith("PAYPAL")} | headers
    return client.post("/webhooks/paypal/", letter.body, content_type="application/json", headers=given).status_code


def take(client: Client, letters: list[Letter]) -> None:
    """Over HTTP into the table, and from the table as the job does."""
    for letter in letters:
        assert post(client, letter) == 200
    for message in InboundWebhook.objects.filter(provider="paypal").order_by("-pk"):
        webhooks.process(message.external_id, provider="paypal")


def made(sandbox: Sandbox, refund: Refund) -> list[dict[str, Any]]:
    return sandbox.book()["captures"][refund.payment.provider_id]["refunds"]


def test_pending_then_paid_back_by_a_message(paypal: Sandbox, client: Client, inbox: Inbox) -> None:
    refund = carried_out(paypal)
    assert (refund.status, refund.provider_reason) == (RefundStatus.PENDING, "ECHECK")
    paypal.move_paypal_refund(refund.payment.provider_id, refund.provider_id, "COMPLETED")
    take(client, inbox.take(2))
    refund.refresh_from_db()
    assert refund.status == RefundStatus.SETTLED
    assert money(refund.order) == (Decimal("10.00"), 0)
    assert RMA.objects.get(pk=refund.rma_id).status == RMAStatus.CLOSED
    assert [one["id"] for one in made(paypal, refund)] == [refund.provider_id]


def test_every_order_and_copy_of_a_late_failure_ends_alike(paypal: Sandbox, client: Client, inbox: Inbox) -> None:
    refund = carried_out(paypal)
    for status in ("COMPLETED", "FAILED"):
        paypal.move_paypal_refund(refund.payment.provider_id, refund.provider_id, status)
    pending, completed, failed = inbox.take(3)
    take(client, [pending, completed, completed])
    take(client, [failed, failed, pending])
    refund.refresh_from_db()
    assert refund.status == RefundStatus.FAILED
    assert money(refund.order) == (0, 0)
    assert RMA.objects.get(pk=refund.rma_id).settlement == Settlement.FAILED
    causes = JournalEntry.objects.filter(cause__startswith=f"refund/{refund.number}/").values_list("cause", flat=True)
    assert sorted(causes) == [f"refund/{refund.number}/failed/1", f"refund/{refund.number}/settled/1"]


def test_a_replayed_message_changes_nothing(paypal: Sandbox, client: Client, inbox: Inbox) -> None:
    refund = carried_out(paypal)
    [letter] = inbox.take(1)
    take(client, [letter])
    before = everything(refund)
    take(client, [letter, letter])
    assert everything(refund) == before
    assert InboundWebhook.objects.filter(provider="paypal").count() == 1


def test_a_forged_message_is_not_stored(paypal: Sandbox, client: Client, inbox: Inbox) -> None:
    carried_out(paypal)
    [letter] = inbox.take(1)
    assert post(client, Letter(letter.path, letter.headers, letter.body.replace(b"PENDING", b"COMPLETE"))) == 400
    assert post(client, letter, **{"PAYPAL-TRANSMISSION-ID": str(uuid4())}) == 400
    assert InboundWebhook.objects.count() == 0


def test_without_its_certificate_a_message_is_to_come_again(paypal: Sandbox, client: Client, inbox: Inbox) -> None:
    carried_out(paypal)
    [letter] = inbox.take(1)
    paypal.faults(paypal={"down": True})
    assert post(client, letter) == 503
    paypal.faults(calm=True)
    assert post(client, letter) == 200


def test_a_lost_answer_is_asked_for_again_under_the_same_key(paypal: Sandbox) -> None:
    with pytest.raises(GatewayError):
        carried_out(paypal, drop=1.0)
    paypal.faults(paypal={"drop": 0.0})
    refund = Refund.objects.get()
    assert refund.attempts.get().result == AttemptResult.UNKNOWN
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert refund.status == RefundStatus.PENDING
    assert [one["id"] for one in made(paypal, refund)] == [refund.provider_id]


def test_the_poll_finds_what_no_message_told(paypal: Sandbox) -> None:
    refund = carried_out(paypal)
    paypal.move_paypal_refund(refund.payment.provider_id, refund.provider_id, "COMPLETED")
    assert protocol.look_up(refund, now=timezone.now).status == RefundStatus.SETTLED


def test_what_paypal_refuses_fails_with_its_reason(paypal: Sandbox) -> None:
    order = paid_by_paypal(paypal)
    refund = a_requested_refund(order)
    paypal.paypal_dashboard_refund(order.payments.get().provider_id, "20.00", "GBP")
    protocol.carry_out(refund.number, by="system", now=timezone.now)
    refund.refresh_from_db()
    assert (refund.status, refund.provider_reason) == (RefundStatus.FAILED, "CAPTURE_FULLY_REFUNDED")
    assert money(order) == (0, 0)
