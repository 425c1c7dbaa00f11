"""What a customer's page costs to load, cold, from the site as it runs in production (U7)."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from tests.browser.production import served
from tests.browser.test_portal import STATES, bought, recent
from tests.builders import a_return

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

KB = 1024
TOTAL, SCRIPT, STYLE, REQUESTS = 60 * KB, 6 * KB, 14 * KB, 6
PICTURES = ("/photos/",)  # the customer's own pictures are counted apart: they come when they are scrolled to
WITHOUT_FORM = ("/policy/", "/privacy/")


def pages() -> list[str]:
    labeled = a_return(recent(), at=timezone.now())
    bought(labeled)
    states = ("items", "items of a long order", "offer", "approved", "needs info", "held", "survey")
    return ["/", *WITHOUT_FORM, labeled.get_portal_path(), *(STATES[name]() for name in states)]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    with served(tmp_path) as address:
        yield address


def cost(chromium: Browser, site: str, path: str) -> dict[str, Any]:
    """Bytes over the wire, headers included, by kind; how many requests; whom they went to; which cookies stay."""
    context = chromium.new_context(viewport={"width": 390, "height": 780})
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    kinds: dict[str, tuple[str, str]] = {}
    sizes: dict[str, int] = {}
    session.on("Network.requestWillBeSent", lambda e: kinds.update({e["requestId"]: (e["type"], e["request"]["url"])}))
    session.on("Network.loadingFinished", lambda e: sizes.update({e["requestId"]: int(e["encodedDataLength"])}))
    page.goto(site + path)
    page.wait_for_load_state("networkidle")
    asked = {
        key: (kind, url)
        for key, (kind, url) in kinds.items()
        if not url.startswith("data:") and not any(part in url for part in PICTURES)
    }
    found = {
        "total": sum(sizes[key] for key in asked),
        "script": sum(sizes[key] for key, (kind, _url) in asked.items() if kind == "Script"),
        "style": sum(sizes[key] for key, (kind, _url) in asked.items() if kind == "Stylesheet"),
        "requests": len(asked),
        "others": [url for _kind, url in asked.values() if not url.startswith(site)],
        "cookies": sorted(cookie["name"] for cookie in context.cookies()),
    }
    context.close()
    return found


def test_a_customer_page_is_light(chromium: Browser, site: str) -> None:
    costs = {path: cost(chromium, site, path) for path in pages()}
    heavy = {
        path: one
        for path, one in costs.items()
        if one["total"] > TOTAL or one["script"] > SCRIPT or one["style"] > STYLE or one["requests"] > REQUESTS
    }
    assert heavy == {}
    assert [one["others"] for one in costs.values() if one["others"]] == []
    # A cookie comes with the first form that needs it, never before.
    assert {path: costs[path]["cookies"] for path in WITHOUT_FORM} == {path: [] for path in WITHOUT_FORM}
    assert {tuple(one["cookies"]) for one in costs.values()} <= {(), ("csrftoken",)}
