"""Refund pages in a browser: no axe violation, no complaint of the policy, no sideways scrolling, light and dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from playwright.sync_api import Browser

from oms.models import InboundWebhook, User
from oms.roles import Role
from refunds import lifecycle
from refunds.states import RefundStatus
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
    user = User.objects.create_user("kim@example.test", "not used here", name="Kim", role=Role.ADMINISTRATOR)
    client = Client()
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa"}]
    session.save()
    paths, found = addresses(), []
    for scheme in ("light", "dark"):
        for width in (360, 1440):
            context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            cookie = client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
            page = context.new_page()
            page.on("console", lambda message: found.append(message.text))
            for path in paths:
                assert page.goto(live_server.url + path).status == 200
                if page.evaluate("document.documentElement.scrollWidth") > width:
                    found.append(f"{path} scrolls sideways at {width}")
                violations = Axe().run(page, options={"preload": False}).response["violations"]
                found.extend(f"{path} {scheme} {width}: {one['id']} {one['nodes'][0]['html']}" for one in violations)
            context.close()
    assert found == []
