"""Refund pages in a browser: no axe violation, no complaint of the policy, no sideways scrolling, light and dark."""

from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Browser

from oms.models import InboundWebhook
from oms.roles import Role
from refunds import lifecycle, protocol
from refunds.conservation.watching import watch
from refunds.gateways.base import DisputeNews, RefundAnswer
from refunds.lifecycle import For
from refunds.models import ExternalRefund, Refund
from refunds.states import DisputeStatus, RefundDestination, RefundStatus
from tests.browser.looking import NIGHT_AND_DAY, Look, staff_tab
from tests.policies import less_is_paid_at_once
from tests.refunds.cases import FINANCE, LATER, a_paid_order, a_refund_in, a_requested_refund, people

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

S = RefundStatus


def addresses() -> list[str]:
    InboundWebhook.objects.create(
        provider="stripe", external_id="evt_1", kind="refund.created", received_at=LATER, trouble="not_ours"
    )
    states = (S.AWAITING_APPROVAL, S.SUBMITTED, S.FAILED, S.CANCELED)
    less_is_paid_at_once()
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


def an_external(id: str) -> ExternalRefund:
    """Somebody gave five back in the provider's dashboard."""
    order = a_paid_order()
    said = RefundAnswer(S.SETTLED, id, amount_minor=500, currency="GBP", payment=order.payments.get().provider_id)
    protocol.hear_webhook(said, by="stripe", at=LATER)
    return ExternalRefund.objects.get(provider_id=id)


def another_way(refund: Refund) -> Refund:
    """Somebody sends it by hand, since the card is gone."""
    lifecycle.redirect(refund.number, RefundDestination.MANUAL, reason="The card is gone.", by="user:1000101", at=LATER)
    return refund


def out_of_the_ordinary() -> list[str]:
    """What waits for approval, for proof of a payment by hand, for a dispute, for another way."""
    people()
    first, attached = an_external("re_first"), an_external("re_attached")
    line = attached.payment.order.lines.get()
    lifecycle.attach_external(attached.number, [For(line.pk, 0, Decimal("5.00"))], by=FINANCE, at=LATER)
    waiting, by_hand = a_refund_in(S.AWAITING_APPROVAL), another_way(a_refund_in(S.FAILED))
    another_way(a_refund_in(S.FAILED))
    lifecycle.approve(by_hand.number, by=FINANCE, at=LATER)
    protocol.carry_out(by_hand.number, by="system", now=lambda: LATER)
    disputed = a_requested_refund()
    told = DisputeNews("dp_1", (disputed.payment.provider_id,), DisputeStatus.OPEN, "general")
    lost = a_requested_refund()
    gone = DisputeNews("dp_2", (lost.payment.provider_id,), DisputeStatus.LOST, "general", 2000, "GBP")
    for news in (told, gone):
        lifecycle.hear_dispute(news, by="stripe", at=LATER)
    watch(by="system", at=LATER)
    stolen = a_refund_in(S.SUBMITTED)
    lifecycle.fail(stolen.number, provider_id="re_stolen", reason="lost_or_stolen_card", by="stripe", at=LATER)
    details = [one.get_absolute_url() for one in (waiting, by_hand, disputed, lost, stolen)]
    external = ["/refunds/external/", f"/refunds/external/{first.number}/"]
    return ["/refunds/approvals/", *external, *details, "/books/conservation/"]


def test_what_is_out_of_the_ordinary(chromium: Browser, live_server: Any) -> None:
    paths = out_of_the_ordinary()
    with staff_tab(chromium, live_server, Role.ADMINISTRATOR) as page:
        look = Look(page)
        faults = [fault for path in paths for fault in (*look.quickly(path), *look.closely(NIGHT_AND_DAY))]
    assert faults == []
