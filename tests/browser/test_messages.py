"""Mails in a real browser: as staff see them, and as the reader does, narrow and wide, day and night (U7, U15)."""

from typing import Any

import pytest
from playwright.sync_api import Browser

from oms.roles import Role
from tests.browser.looking import Look, staff_tab
from tests.builders import a_return, an_order
from tests.notifications.cases import a_refund, labeled, mails, settled, shipped

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def test_every_mail_reads_well_where_staff_open_it(chromium: Browser, live_server: Any) -> None:
    settled(a_refund(shipped(labeled(a_return(an_order())))))
    written = mails()
    addresses = ["/messages/", *(f"/messages/{mail.pk}/rendered/" for mail in written), f"/messages/{written[1].pk}/"]
    with staff_tab(chromium, live_server, Role.AGENT) as page:
        look = Look(page)
        faults = [fault for address in addresses for fault in look.at(address)]
        frame = page.frame_locator("iframe.mail-frame")
        assert frame.get_by_role("heading", level=1).inner_text() == "Your return is approved. Here is your label."
        assert frame.get_by_role("link", name="Open the prepaid label").evaluate(
            "link => getComputedStyle(link).color"
        ) != frame.locator("h1").evaluate("title => getComputedStyle(title).color")
    assert faults == []
