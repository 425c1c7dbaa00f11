"""An exchange in a browser: pages without a complaint, and the way to the provider's page and back."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page

from oms.models import Order, Product
from oms.roles import Role
from refunds import payment_links
from refunds.models import PaymentLink
from returns import lifecycle
from returns.models import RMA, Dispatch, ReturnDraft
from tests.browser.looking import Look, staff_tab
from tests.builders import an_order
from tests.returns.test_dispatching import a_green_mug, exchange, through_the_dock
from tests.sandbox import STRIPE_KEY, Sandbox

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def lately(**more: Any) -> Order:
    return an_order(placed_at=timezone.now(), shipped_at=timezone.now(), delivered_at=timezone.now(), **more)


def held() -> RMA:
    rma = exchange(lately(), a_green_mug(price="14.00"), at=timezone.now())
    lifecycle.release(rma.number, owed=Decimal("14.00"), by="system", at=timezone.now())
    return rma


def draft() -> str:
    order, now = lately(), timezone.now()
    line = str(order.lines.get().pk)
    answers = {"lines": {line: {"quantity": 1, "reason": "wrong_size", "condition": "opened"}}}
    found = ReturnDraft.objects.create(
        order=order, answers=answers | {"instead": {line: "MUG-G"}}, created_at=now, updated_at=now
    )
    return f"/return/{found.ref}/exchange/"


def test_every_page_of_an_exchange(chromium: Browser, live_server: Any) -> None:
    rma = held()
    waiting = exchange(lately(), Product.objects.get(sku="MUG-G"), at=timezone.now())
    dispatch = lifecycle.release(waiting.number, owed=Decimal(0), by="system", at=timezone.now())
    page_of = draft()
    line = ReturnDraft.objects.get().order.lines.get().pk
    paths = [page_of, f"{page_of}{line}/", rma.get_portal_path(), f"{rma.get_portal_path()}payment/"]
    paths += ["/admin/packing/", "/admin/packing/list/", f"/admin/packing/{dispatch.order.number}/"]
    paths += [rma.get_absolute_url(), f"/returns/{rma.number}/goods/"]
    with staff_tab(chromium, live_server, Role.ADMINISTRATOR) as page:
        look = Look(page)
        assert [fault for path in paths for fault in look.at(path)] == []
        through_the_dock(dispatch)
        assert look.at(f"/admin/packing/{dispatch.order.number}/") == []


def test_to_the_providers_page_and_back_paid(page: Page, live_server: Any, settings: Any, tmp_path: Path) -> None:
    settings.PUBLIC_URL = live_server.url
    with Sandbox(tmp_path / "stripe") as vendor:
        settings.STRIPE_API_KEY, settings.STRIPE_API_BASE = STRIPE_KEY, vendor.stripe_base
        rma = held()
        page.goto(f"{rma.get_portal_path()}payment/")
        page.get_by_role("button", name="Pay £14.00").click()
        page.get_by_role("button", name="Pay with a test card").click()
        page.wait_for_url("**/payment/?back=1")
        assert "We have not heard of a payment yet" in page.content()
        payment_links.look_up(PaymentLink.objects.get(), now=timezone.now)
        page.reload()
        assert page.get_by_role("heading", level=1).inner_text() == "Paid. Your exchange leaves next."
        assert Dispatch.objects.get().status == "released"
