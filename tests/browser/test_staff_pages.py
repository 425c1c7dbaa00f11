"""The desk's and the settings' pages in a real browser: no accessibility fault, nothing wider than the window, no
complaint of the browser (a broken content policy is one)."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page

from inventory.models import Condition
from oms.remembered import forget
from oms.roles import Role
from returns import lifecycle, policy_versions
from returns.lifecycle import Arrived, Finding
from returns.models import Hold
from tests.browser.looking import Look, staff_tab
from tests.builders import Sold, a_return, an_order, the_line
from tests.staff import a_member

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]


def pages() -> list[str]:
    """Every page with something on it."""
    forget()
    now = timezone.now()
    times = {
        "placed_at": now - timedelta(days=5),
        "shipped_at": now - timedelta(days=4),
        "delivered_at": now - timedelta(days=2),
    }
    order = an_order(**times)
    dear = a_return(an_order(lines=[Sold(gross="900.00", tax="150.00", quantity=1)], **times), at=now)
    held = a_return(an_order(**times), at=now, note="Please hurry.")
    (receipt,) = lifecycle.receive(
        held.number, [Arrived(the_line(held).pk, 1)], form_token=uuid4(), by="user:1", at=now
    )
    finding = Finding(receipt.pk, 1, "damaged", Condition.objects.get(code="damaged").disposition)
    lifecycle.inspect(held.number, [finding], form_token=uuid4(), by="user:1", at=now)
    hold = Hold.objects.get(outcome__receipt=receipt)
    lifecycle.answer_hold(hold.pk, answer="dispute", note="It was fine.", by=held.order.customer.actor, at=now)
    draft = policy_versions.draft(by="user:1", at=now)
    rules = draft.rules.filter(kind__in=("window", "photo_required", "refund_at", "resolutions"))
    return [
        reverse("returns:list"),
        reverse("returns:list") + "?from=2026-02-02&to=2026-02-01",
        reverse("returns:list") + "?country=Nowhere",
        reverse("returns:review"),
        dear.get_absolute_url(),
        held.get_absolute_url(),
        reverse("returns:opening", args=[order.number]),
        reverse("returns:policy"),
        reverse("returns:policy_version", args=[draft.number]),
        *(reverse("returns:policy_rule", args=[draft.number, rule.pk]) for rule in rules.order_by("priority")),
        reverse("settings:shop"),
        reverse("settings:users"),
        reverse("settings:user", args=[a_member(Role.DOCK).pk]),
        reverse("settings:jobs"),
    ]


def test_staff_pages_are_sound(chromium: Browser, live_server: Any) -> None:
    with staff_tab(chromium, live_server, Role.ADMINISTRATOR) as page:
        look = Look(page)
        assert [fault for path in pages() for fault in look.at(path, status=400 if "from=" in path else 200)] == []


def test_a_return_is_decided_and_opened_without_script(chromium: Browser, live_server: Any) -> None:
    with staff_tab(chromium, live_server, Role.AGENT, java_script_enabled=False) as page:
        decide_and_open(page, pages())


def decide_and_open(page: Page, addresses: list[str]) -> None:
    page.goto(addresses[3])
    page.locator("tbody a").last.click()
    page.get_by_text("Reject it, with a reason").click()
    page.get_by_label("Why not").select_option("condition")
    page.get_by_label("What the customer reads").fill("It was worn.")
    page.get_by_role("button", name="Reject this return").click()
    assert "Rejected. The customer reads your sentence" in page.content()
    page.goto(addresses[6])
    page.get_by_label("How many").fill("1")
    page.get_by_role("combobox", name="Why").select_option("changed_mind")
    page.get_by_label("Condition").select_option("opened")
    page.get_by_role("button", name="Show decision and amount").click()
    assert "It would be approved at once" in page.content()
    page.get_by_role("button", name="Open this return").click()
    assert page.get_by_role("heading", level=1).inner_text().startswith("Return R-")
