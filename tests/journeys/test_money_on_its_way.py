"""Money that goes several ways, or not at once: two payments, a dashboard, a dispute, one piece after the other."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from oms import shops
from oms.models import Order, Payment
from oms.money import to_minor
from oms.roles import Role
from oms.states import PaymentMethod, TenderRule
from refunds import lifecycle as money
from refunds.conservation import balances
from refunds.models import ExternalRefund, Refund
from refunds.states import RefundDestination, RefundStatus
from returns.lifecycle import Wanted
from tests.builders import Sold
from tests.gateways.conftest import Inbox, inbox
from tests.journeys import traveler as on
from tests.sandbox import EASYPOST_KEY, PAYPAL_CLIENT, PAYPAL_SECRET, PAYPAL_WEBHOOK, STRIPE_KEY, STRIPE_SECRET, Sandbox
from tests.staff import a_member, staff_client

__all__ = ["inbox"]

pytestmark = pytest.mark.django_db


@pytest.fixture
def talking(tmp_path: Path, inbox: Inbox, settings: Any) -> Iterator[Sandbox]:
    """Vendors whose messages reach the shop, when `hear` takes them in."""
    webhooks = {f"{vendor}_webhook": f"{inbox.url}/{vendor}/" for vendor in ("stripe", "paypal")}
    with Sandbox(tmp_path / "vendors", **webhooks) as running:
        settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, running.stripe_base
        settings.STRIPE_WEBHOOK_SECRET = STRIPE_SECRET
        settings.PAYPAL_CLIENT_ID, settings.PAYPAL_CLIENT_SECRET = PAYPAL_CLIENT, PAYPAL_SECRET
        settings.PAYPAL_API_BASE, settings.PAYPAL_WEBHOOK_ID = running.paypal_base, PAYPAL_WEBHOOK
        settings.EASYPOST_API_KEY, settings.EASYPOST_API_BASE = EASYPOST_KEY, running.easypost_base
        running.faults(stripe={"pending": 0.0})
        yield running


def hear(vendors: Sandbox, inbox: Inbox) -> None:
    """What the vendors have sent arrives, and the jobs that follow are done."""
    vendors.wait_until_quiet()
    client = Client()
    for letter in inbox.take(inbox.letters.qsize()):
        headers = {name: value for name, value in letter.headers.items() if name.lower() != "content-length"}
        path = f"/webhooks{letter.path}"
        answer = client.post(path, letter.body, content_type="application/json", headers=headers)
        assert answer.status_code == 200
    on.run_jobs()


def paid_half_by_paypal(vendors: Sandbox) -> tuple[Order, Payment, Payment]:
    """An order of 20.00: 12.00 by card, then 8.00 through PayPal."""
    order = on.an_order_paid_at(vendors)
    card = order.payments.get()
    Payment.objects.filter(pk=card.pk).update(captured=Decimal("12.00"))
    capture = uuid4().hex[:17].upper()
    paypal = Payment.objects.create(
        order=order,
        method=PaymentMethod.PAYPAL,
        provider_id=capture,
        currency="GBP",
        captured=Decimal("8.00"),
        captured_at=timezone.now(),
    )
    vendors.captures([{"capture": capture, "amount": to_minor(paypal.captured, "GBP"), "currency": "GBP"}])
    return order, card, paypal


def both(order: Order) -> dict[str, Decimal]:
    """What each payment has given back."""
    return {one.method: one.refunded for one in order.payments.all() if one.refunded}


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (TenderRule.OLDEST_FIRST, {"card": Decimal("10.00")}),
        (TenderRule.NEWEST_FIRST, {"paypal": Decimal("8.00"), "card": Decimal("2.00")}),
        (TenderRule.PROPORTIONAL, {"card": Decimal("6.00"), "paypal": Decimal("4.00")}),
    ],
)
def test_two_payments_get_back_what_the_shop_says(
    talking: Sandbox, inbox: Inbox, rule: TenderRule, expected: dict[str, Decimal]
) -> None:
    shops.change({"tender_order": rule}, by="user:1", at=timezone.now())
    order, card, paypal = paid_half_by_paypal(talking)
    first = on.ask(order)
    on.inspect(first, on.arrive(first))
    hear(talking, inbox)
    assert on.status(first) == ("closed", "settled")
    assert both(order) == expected
    rest = on.ask(order)
    on.inspect(rest, on.arrive(rest))
    hear(talking, inbox)
    assert both(order) == {"card": Decimal("12.00"), "paypal": Decimal("8.00")}
    book = talking.book()
    charge = book["charges"][card.provider_id.replace("pi_", "ch_")]
    assert (charge["refunded"], book["captures"][paypal.provider_id]["refunded"]) == (1200, 800)
    assert on.books_balance()


def test_each_half_may_fail_late_alone(talking: Sandbox, inbox: Inbox) -> None:
    order, _card, paypal = paid_half_by_paypal(talking)
    rma = on.ask(order, Wanted(order.lines.get().pk, 2, "changed_mind", "opened"))
    on.inspect(rma, on.arrive(rma))
    hear(talking, inbox)
    assert on.status(rma) == ("closed", "settled")
    lost = Refund.objects.get(rma=rma, payment=paypal)
    talking.move_paypal_refund(paypal.provider_id, lost.provider_id, "FAILED")
    hear(talking, inbox)
    assert on.status(rma) == ("inspected", "failed")
    assert both(order) == {"card": Decimal("12.00")}
    assert on.books_balance()
    money.retry(lost.number, after=1, by=a_member(Role.FINANCE).actor, at=timezone.now())
    on.run_jobs()
    hear(talking, inbox)
    assert on.status(rma) == ("closed", "settled")
    assert both(order) == {"card": Decimal("12.00"), "paypal": Decimal("8.00")}
    assert on.books_balance()


def test_one_piece_and_then_the_rest_pay_exactly_what_was_captured(talking: Sandbox, inbox: Inbox) -> None:
    order = on.an_order_paid_at(talking, Sold(quantity=3, gross="10.00", tax="1.67"))
    for quantity in (1, 2):
        rma = on.ask(order, Wanted(order.lines.get().pk, quantity, "changed_mind", "opened"))
        on.inspect(rma, on.arrive(rma))
        hear(talking, inbox)
        assert on.status(rma) == ("closed", "settled")
    assert [one.amount for one in order.refunds.order_by("pk")] == [Decimal("3.33"), Decimal("6.67")]
    assert on.paid(order) == on.paid_by_provider(talking, order) == order.payments.get().captured
    assert on.books_balance()


def test_a_refund_made_in_the_dashboard_is_attached_and_the_rest_still_fits(talking: Sandbox, inbox: Inbox) -> None:
    order = on.an_order_paid_at(talking)
    talking.refund_in_dashboard(order.payments.get().provider_id, 500)
    hear(talking, inbox)
    external = ExternalRefund.objects.get()
    assert (external.amount, order.payments.get().in_flight) == (Decimal("5.00"), Decimal("5.00"))
    finance, line = staff_client(Role.FINANCE), order.lines.get()
    made = finance.post(f"/refunds/external/{external.number}/", {f"amount_{line.pk}": "5.00"})
    assert made.status_code == 302
    assert order.payments.get().refunded == Decimal("5.00")
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma))
    hear(talking, inbox)
    assert on.status(rma) == ("closed", "settled")
    assert on.paid(order) == on.paid_by_provider(talking, order) == Decimal("15.00")
    assert on.books_balance()


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_a_dispute_holds_the_refund_until_it_is_won(talking: Sandbox, inbox: Inbox, provider: str) -> None:
    order, named = disputed(talking, inbox, provider)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma))
    refund = Refund.objects.get(rma=rma)
    assert (refund.status, refund.attempts.count()) == (RefundStatus.APPROVED, 0)
    page = staff_client(Role.FINANCE).get(refund.get_absolute_url()).content.decode()
    assert "The payment is disputed" in page
    talking.dispute(**named, outcome="won" if provider == "stripe" else "RESOLVED_SELLER_FAVOUR")
    hear(talking, inbox)
    hear(talking, inbox)
    assert on.status(rma) == ("closed", "settled")
    assert order.payments.get().refunded == Decimal("10.00")


@pytest.mark.parametrize("provider", ["stripe", "paypal"])
def test_a_lost_dispute_calls_the_refund_off(talking: Sandbox, inbox: Inbox, provider: str) -> None:
    order, named = disputed(talking, inbox, provider)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma))
    talking.dispute(**named, outcome="lost" if provider == "stripe" else "RESOLVED_BUYER_FAVOUR")
    hear(talking, inbox)
    refund = Refund.objects.get(rma=rma)
    assert (refund.status, refund.provider_reason) == (RefundStatus.CANCELED, "dispute_lost")
    assert order.payments.get().in_flight == 0
    assert [one.charged_back for one in balances() if one.order == order.number] == [Decimal("20.00")]
    page = staff_client(Role.FINANCE).get(reverse("orders:detail", args=[order.number])).content.decode()
    assert "Money lost in a dispute" in page
    assert on.books_balance()


def disputed(vendors: Sandbox, inbox: Inbox, provider: str) -> tuple[Order, dict[str, str]]:
    """An order whose payment is disputed at this provider, and how the sandbox knows it."""
    if provider == "stripe":
        order = on.an_order_paid_at(vendors)
        named = {"charge": order.payments.get().provider_id.replace("pi_", "ch_")}
    else:
        order = on.an_order_paid_at(vendors)
        capture = uuid4().hex[:17].upper()
        order.payments.update(method=PaymentMethod.PAYPAL, provider_id=capture)
        vendors.captures([{"capture": capture, "amount": 2000, "currency": "GBP"}])
        named = {"capture": capture}
    vendors.dispute(**named)
    hear(vendors, inbox)
    return order, named


def test_a_card_that_is_gone_is_paid_by_hand_after_a_second_person(talking: Sandbox, inbox: Inbox) -> None:
    talking.faults(stripe={"pending": 1.0, "settle_after": None})
    order = on.an_order_paid_at(talking)
    rma = on.ask(order)
    on.inspect(rma, on.arrive(rma))
    refund = Refund.objects.get(rma=rma)
    talking.move_refund(refund.provider_id, "failed", "lost_or_stolen_card")
    hear(talking, inbox)
    assert on.status(rma) == ("inspected", "failed")
    admin, finance = staff_client(Role.ADMINISTRATOR), staff_client(Role.FINANCE)
    form = {"destination": RefundDestination.MANUAL, "reason": "card is gone"}
    assert admin.post(f"/refunds/{refund.number}/destination/", form).status_code == 302
    seen = {"amount": "10.00", "destination": RefundDestination.MANUAL}
    assert admin.post(f"/refunds/{refund.number}/approval/", seen).status_code == 409
    assert finance.post(f"/refunds/{refund.number}/approval/", seen).status_code == 302
    on.run_jobs()
    proof = {"paid": "yes", "method": "transfer", "reference": "TRX-1"}
    assert finance.post(f"/refunds/{refund.number}/confirmation/", proof).status_code == 302
    on.run_jobs()
    assert on.status(rma) == ("closed", "settled")
    assert order.payments.get().refunded == Decimal("10.00")
    assert on.books_balance()
