"""PayPal's own book beside ours: what agrees, what is missing on either side, what came back."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from oms.models import Order
from oms.states import PaymentMethod
from refunds import lifecycle as money
from refunds.gateways import books
from refunds.models import Discrepancy, ReconciliationRun, Refund
from refunds.reconciliation import lifecycle, nightly, working
from refunds.reconciliation.states import RunStatus
from tests.builders import an_order
from tests.refunds.cases import a_requested_refund
from tests.sandbox import PAYPAL_CLIENT, PAYPAL_SECRET, Sandbox

pytestmark = pytest.mark.django_db

NOW = timezone.now()
SENT = NOW - timedelta(days=10)


@pytest.fixture
def paypal(tmp_path: Path, settings: Any) -> Iterator[Sandbox]:
    settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT, PAYPAL_SECRET
    with Sandbox(tmp_path / "sandbox") as started:
        settings.PAYPAL_API_BASE = started.paypal_base
        yield started


def paid_by_paypal(sandbox: Sandbox) -> Order:
    order = an_order(method=PaymentMethod.PAYPAL, provider_id=uuid4().hex[:17].upper())
    sandbox.captures([{"capture": order.payments.get().provider_id, "amount": 2000, "currency": "GBP"}])
    return order


def a_settled_refund(sandbox: Sandbox, *, there: bool = True, **differs: Any) -> Refund:
    """A refund of 10.00 that both books know; `differs` is what PayPal has otherwise."""
    refund = a_requested_refund(paid_by_paypal(sandbox))
    id = uuid4().hex[:17].upper()
    money.submit(refund.number, by="system", at=SENT)
    money.settle(refund.number, provider_id=id, by="paypal", at=SENT)
    if there:
        noted = {"custom_id": f"{refund.number},{refund.attempts.get().key}"}
        made = {"id": id, "capture": refund.payment.provider_id, "amount": 1000, "created": SENT.timestamp()}
        sandbox.paypal_history([made | noted | differs])
    return Refund.objects.get(pk=refund.pk)


def compared(since: datetime, until: datetime) -> ReconciliationRun:
    run = lifecycle.ask(since, until, providers=["paypal"], by="user:102", at=NOW)
    for _chunk in range(50):
        run = ReconciliationRun.objects.get(pk=run.pk)
        if not run.is_live:
            return run
        assert working.work(now=timezone.now)
    raise AssertionError(f"{run} does not end")


def test_each_difference_is_found_with_its_cause(paypal: Sandbox) -> None:
    agrees = a_settled_refund(paypal)
    missing = a_settled_refund(paypal, there=False)
    less = a_settled_refund(paypal, amount=990)
    late = a_settled_refund(paypal, came_back=(NOW - timedelta(days=2)).timestamp())
    cost = a_settled_refund(paypal, fee=35)
    other = paid_by_paypal(paypal).payments.get().provider_id
    made = paypal.paypal_dashboard_refund(other, "5.00", "GBP")["id"]

    run = compared(NOW - timedelta(days=60), NOW + timedelta(days=1))

    assert (run.status, run.trouble, run.counts["refunds"]) == (RunStatus.DONE, "", 5)
    assert dict(Discrepancy.objects.values_list("key", "cause")) == {
        f"provider:{missing.number}:existence": "missing_there",
        f"provider:{less.number}:amount": "amount",
        f"provider:{late.number}:status": "failed_later",
        f"provider:{cost.number}:fee": "fee",
        f"provider:{made}:existence": "dashboard",
    }
    assert not Discrepancy.objects.filter(refund=agrees).exists()
    assert {one.provider for one in Discrepancy.objects.all()} == {"paypal"}
    assert run.counts["blind"] == ["payout/paypal"]  # what PayPal sends to the bank names nothing it is made of


def test_each_provider_is_compared_by_itself_at_night(paypal: Sandbox) -> None:
    paid_by_paypal(paypal)
    an_order()
    assert books.in_use() == ["stripe", "paypal"]
    assert [run.providers for run in nightly.ask_tonight(now=NOW)] == [["stripe"], ["paypal"]]
    assert nightly.ask_tonight(now=NOW) == []
