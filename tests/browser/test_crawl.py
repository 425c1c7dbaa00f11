"""Every page each of us can reach by links, in a real browser: answered, allowed by the policy, readable by everybody.

One walk per identity over a shop with a return in every state (S5, U4, U17). A link that is shown leads somewhere.
Left out: the admin's own two-column picker (`filter_horizontal`), which axe refuses and no page of ours uses.
"""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from oms.demo.people import code_to_enter
from oms.roles import Role
from tests.browser.a_shop import a_shop, customer_pages
from tests.browser.crawling import Crawl
from tests.browser.looking import PHONE
from tests.browser.production import served

pytestmark = [
    pytest.mark.browser,
    pytest.mark.longest,
    pytest.mark.slow,
    pytest.mark.django_db(transaction=True, serialized_rollback=True),
]

BOUND = {"anonymous": 10, "customer": 26, Role.ADMINISTRATOR: 400}
OTHERS = 30
ALIKE = ("/accounts/", "/credit/", "/dashboard/rows/", "/policy/", "/privacy/", "/r/")
TOGETHER = 120  # pages looked at by all of them, at least


def log_in(page: Page, site: str, person: dict[str, Any]) -> None:
    """Through the log-in page and the page for the code, as people do."""
    page.goto(f"{site}/accounts/login/?next=/staff/")
    page.locator("input[name=login]").fill(person["email"])
    page.locator("input[name=password]").fill(person["password"])
    page.get_by_role("button", name="Log in", exact=True).click()
    page.locator("input[name=code]").fill(code_to_enter(person["totp_secret"], room=10))
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url(lambda url: "/accounts/" not in url)


NOWHERE = ("/nothing-is-here/", "/r/R-0000-00000/x/", "/return/00000000-0000-4000-8000-000000000000/items/")
FORBIDDEN = {Role.DOCK: "/refunds/", Role.AUDITOR: "/admin/scan/", Role.AGENT: "/settings/users/"}


def test_every_page_of_everybody(chromium: Browser, tmp_path: Path) -> None:
    people = a_shop(tmp_path)
    looked: set[str] = set()
    walks = []
    with served(tmp_path) as site:

        def a_walk(who: str, **how: Any) -> Crawl:
            context = chromium.new_context(viewport=PHONE, reduced_motion="reduce")
            walks.append(Crawl(who, context, site, BOUND.get(who, OTHERS), looked, **how))
            return walks[-1]

        anybody = a_walk("anonymous")
        anybody.walk(["/", "/accounts/login/", "/accounts/password/reset/"])
        for path in NOWHERE:
            assert anybody.refused(path, 404) != []
        a_walk("customer").walk(customer_pages())
        for person in people:
            member = a_walk(person["role"], known=ALIKE)
            log_in(member.page, site, person)
            member.walk(["/staff/", "/returns/", "/orders/", "/admin/"])
            if member.who in FORBIDDEN:
                assert member.refused(FORBIDDEN[member.who], 403) != []
        for walk in walks:
            walk.context.close()
    complaints = [complaint for walk in walks for complaint in walk.complaints]
    assert not complaints, "\n".join(complaints)
    assert sum(len(walk.pages) for walk in walks) >= TOGETHER
