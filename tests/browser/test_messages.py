"""Mails in a real browser: as staff see them, and as the reader does, narrow and wide, day and night (U7, U15)."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from oms.roles import Role
from tests.builders import a_return, an_order
from tests.notifications.cases import a_refund, labeled, mails, settled, shipped
from tests.staff import staff_client

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

WIDTHS = (390, 1280)


def staff_tab(chromium: Browser, live_server: Any, **how: Any) -> BrowserContext:
    context = chromium.new_context(base_url=live_server.url, reduced_motion="reduce", **how)
    cookie = staff_client(Role.AGENT).cookies["sessionid"]
    context.add_cookies([{"name": "sessionid", "value": cookie.value, "url": live_server.url}])
    return context


def watch(page: Page) -> list[str]:
    """What the browser complains about from now on."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_mail_reads_well_where_staff_open_it(
    chromium: Browser, live_server: Any, width: int, scheme: str
) -> None:
    settled(a_refund(shipped(labeled(a_return(an_order())))))
    written = mails()
    context = staff_tab(chromium, live_server, viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    said = watch(page)
    faults: list[Any] = []
    addresses = ["/messages/", *(f"/messages/{mail.pk}/rendered/" for mail in written), f"/messages/{written[1].pk}/"]
    for address in addresses:
        page.goto(address)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            faults.append((address, "wider than the window"))
        faults += [
            (address, one["id"], one["nodes"][0]["html"])
            for one in Axe().run(page, options={"preload": False}).response["violations"]
        ]
    frame = page.frame_locator("iframe.mail-frame")
    assert frame.get_by_role("heading", level=1).inner_text() == "Your return is approved. Here is your label."
    assert frame.get_by_role("link", name="Open the prepaid label").evaluate(
        "link => getComputedStyle(link).color"
    ) != frame.locator("h1").evaluate("title => getComputedStyle(title).color")
    context.close()
    assert (faults, said) == ([], [])
