"""Refund pages in a browser: no axe violation, no complaint of the policy, no sideways scrolling, light and dark."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from oms.models import InboundWebhook
from oms.roles import Role
from refunds import lifecycle
from refunds.states import RefundStatus
from tests.browser.looking import Look, staff_tab
from tests.refunds.cases import LATER, a_refund_in, a_requested_refund

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

S = RefundStatus


def addresses() -> list[str]:
    InboundWebhook.objects.create(
        provider="stripe", external_id="evt_1", kind="refund.created", received_at=LATER, trouble="not_ours"
    )
    states = (S.AWAITING_APPROVAL, S.SUBMITTED, S.FAILED, S.CANCELED)
    worse = a_requested_refund(quantity=2, condition="used")
    lifecycle.submit(worse.number, by="system", at=LATER)
    lifecycle.settle(worse.number, provider_id="re_1", by="stripe", at=LATER)
    details = [refund.get_absolute_url() for refund in (worse, *(a_refund_in(status) for status in states))]
    return [
        "/refunds/",
        "/refunds/?q=nothing",
        "/refunds/messages/",
        f"/refunds/goodwill/{worse.order.number}/",
        *details,
    ]


def test_every_page_of_refunds(chromium: Browser, live_server: Any) -> None:
    with staff_tab(chromium, live_server, Role.ADMINISTRATOR) as page:
        look = Look(page)
        assert [fault for path in addresses() for fault in look.at(path)] == []
