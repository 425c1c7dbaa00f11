"""The portal in a real browser: with and without script, by day and by night, narrow and wide (U1–U4, U7, S5)."""

import io
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, expect

from oms.models import Order
from returns import lifecycle, lookups, photos
from returns.lifecycle import Arrived, Finding
from returns.lifecycle.parcels import Bought
from returns.models import RMA, ReturnDraft
from returns.states import RMAStatus, Settlement
from tests.browser.looking import PHONE, Look
from tests.builders import Sold, a_return, an_order, the_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

DOCK = "user:7"


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def phone(request: pytest.FixtureRequest, chromium: Browser, live_server: Any) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=live_server.url, viewport=PHONE, java_script_enabled=request.param, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


@pytest.fixture
def visitor(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    context = chromium.new_context(base_url=live_server.url, viewport=PHONE, reduced_motion="reduce")
    yield context
    context.close()


def recent(**how: Any) -> Order:
    now = timezone.now()
    times = {
        "placed_at": now - timedelta(days=5),
        "shipped_at": now - timedelta(days=4),
        "delivered_at": now - timedelta(days=2),
    }
    return an_order(**(times | how))


def picture() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((400, 300), 60).convert("RGB").save(out, "JPEG")
    return out.getvalue()


def bought(rma: RMA) -> None:
    label = Bought(
        "Royal Mail", "Tracked 48", "cheapest", "RM123456789GB", "https://track.example/RM1", Decimal("3.20"),
        "GBP", b"%PDF-1.4 label", "application/pdf",
    )  # fmt: skip
    lifecycle.label(rma.parcels.get().pk, label, by="system", at=timezone.now())


class Hand:
    """Counts what a person does: every tap and every field filled is one (U1)."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.taps = 0
        self.screens = 0

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_contain_text(heading)
        self.screens += 1

    def fills(self, label: str, text: str) -> None:
        self.page.get_by_label(label).fill(text)
        self.taps += 1

    def taps_on(self, words: str) -> None:
        self.page.get_by_text(words, exact=True).locator("visible=true").first.click()
        self.taps += 1


def test_one_item_goes_back_in_three_screens_and_eight_taps(phone: Page) -> None:
    order = recent()
    hand = Hand(phone)
    phone.goto("/")
    hand.sees("Send something back")
    hand.fills("Order number", order.number)
    hand.fills("E-mail or postcode", "le1 5aa")
    hand.taps_on("Find my order")
    hand.sees("What comes back, and why?")
    hand.taps_on("I changed my mind")
    hand.taps_on("Opened, not used")
    hand.taps_on("See what you get")
    hand.sees("You get £10.00 back")
    hand.taps_on("Send it back")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Approved. Your label is being made.")

    assert (hand.screens, hand.taps) == (3, 7)
    assert RMA.objects.get().quote["total"] == "10.00"
    assert "/r/" in phone.url


def test_damage_is_shown_by_a_photo_and_pays_in_full(phone: Page) -> None:
    order = recent(lines=[Sold(quantity=1, gross="12.50", tax="2.08"), Sold(sku="TEA", title="Tea", quantity=1)])
    phone.goto("/")
    phone.get_by_label("Order number").fill(order.number)
    phone.get_by_label("E-mail or postcode").fill("sam@example.test")
    phone.get_by_text("Find my order").click()
    mug = phone.locator(".pick").filter(has_text="Blue mug")
    mug.locator("input[name=line]").check()
    mug.get_by_text("It arrived damaged").click()
    expect(mug.get_by_text("What condition is it in?")).to_be_hidden()
    phone.get_by_text("See what you get").click()
    expect(phone.get_by_role("alert")).to_contain_text("Add at least one photo that shows it.")
    mug.locator("input[type=file]").set_input_files(
        {"name": "crack.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    phone.get_by_text("See what you get").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("You get £12.50 back")
    phone.get_by_role("button", name="Send it back").click()
    expect(phone.get_by_alt_text("Your photo 1")).to_be_attached()
    assert RMA.objects.get().photos.count() == 1


def test_going_back_and_sending_again_is_the_same_return(phone: Page) -> None:
    order = recent()
    draft = lookups.draft_for(order.pk, at=timezone.now())
    phone.goto(f"/return/{draft.ref}/items/")
    phone.get_by_text("It arrived too late").click()
    phone.get_by_text("Unopened, seal unbroken").click()
    phone.get_by_text("See what you get").click()
    phone.get_by_role("button", name="Send it back").click()
    phone.wait_for_url("**/r/**")
    status = phone.url
    phone.go_back()
    if "resolution" in phone.url:
        phone.get_by_role("button", name="Send it back").click()
    phone.wait_for_url("**/r/**")
    assert phone.url == status
    phone.context.clear_cookies()
    phone.goto(f"/return/{draft.ref}/items/")
    assert phone.url == status
    assert RMA.objects.count() == 1


def test_the_page_shows_the_label_by_itself(phone: Page) -> None:
    rma = a_return(recent(), at=timezone.now())
    phone.goto(rma.get_portal_path())
    expect(phone.get_by_role("heading", level=1)).to_have_text("Approved. Your label is being made.")
    bought(rma)
    expect(phone.get_by_role("heading", level=1)).to_have_text("Approved. Your label is ready.", timeout=30_000)
    expect(phone.get_by_role("link", name="Shipping label")).to_be_visible()


def test_a_return_is_called_off(phone: Page) -> None:
    rma = a_return(recent(), at=timezone.now())
    phone.goto(rma.get_portal_path())
    phone.get_by_text("Keep it after all?").click()
    phone.get_by_role("button", name="Cancel this return").click()
    expect(phone.get_by_role("heading", level=1)).to_have_text("This return was canceled today.")


# ── Every page in every state ─────────────────────────────────────────────────────────────────────────────────────


def _draft(**how: Any) -> ReturnDraft:
    return lookups.draft_for(recent(**how).pk, at=timezone.now())


def _with(status: str, **facts: Any) -> str:
    rma = a_return(recent(), at=timezone.now())
    RMA.objects.filter(pk=rma.pk).update(status=status, **facts)
    return rma.get_portal_path()


def _labeled() -> str:
    rma = a_return(recent(), at=timezone.now())
    bought(rma)
    return rma.get_portal_path()


def _asked() -> str:
    rma = a_return(recent(lines=[Sold(gross="900.00", tax="150.00", quantity=1)]), at=timezone.now())
    lifecycle.ask(rma.number, note="Which serial number is it?", by="user:3", at=timezone.now())
    return rma.get_portal_path()


def _held() -> str:
    now, rma = timezone.now(), a_return(recent(), at=timezone.now())
    line = the_line(rma)
    [receipt] = lifecycle.receive(rma.number, [Arrived(line.pk, 1)], form_token=uuid4(), by=DOCK, at=now)
    found = Finding(receipt.pk, 1, "damaged", "", note="The handle is broken.")
    [outcome] = lifecycle.inspect(rma.number, [found], form_token=uuid4(), by=DOCK, at=now)
    photos.keep(photos._redraw(picture()), taken_by=DOCK, at=now, rma=rma, line=line, outcome=outcome)
    assert outcome.acceptance == "refused"
    return rma.get_portal_path()


def _answered(reason: str, condition: str = "", **how: Any) -> str:
    draft = _draft(**how)
    line = draft.order.lines.get()
    draft.answers = {"lines": {str(line.pk): {"quantity": 1, "reason": reason, "condition": condition}}}
    draft.save()
    return f"/return/{draft.ref}/resolution/"


def _mixed() -> str:
    lines = [
        Sold(),
        Sold(sku="TEA", title="Earl Grey tea, loose leaf, 250 g tin with a rather long name", quantity=1),
        Sold(sku="SALE", title="Outlet vase", final_sale=True),
        Sold(sku="LAMP", title="Lamp", shipped=0),
    ]
    return f"/return/{_draft(lines=lines).ref}/items/"


def _long() -> str:
    return f"/return/{_draft(lines=[Sold(sku=f'S{n}', title=f'Thing {n}') for n in range(30)]).ref}/items/"


def _survey() -> str:
    now = timezone.now()
    return _with(RMAStatus.CLOSED, settlement=Settlement.SETTLED, settled_at=now, received_at=now) + "survey/"


STATES: dict[str, Callable[[], str]] = {
    "lookup": lambda: "/",
    "policy": lambda: "/policy/",
    "privacy": lambda: "/privacy/",
    "items": _mixed,
    "items of a long order": _long,
    "one item": lambda: f"/return/{_draft().ref}/items/",
    "offer": lambda: _answered("changed_mind", "used"),
    "offer a person looks at": lambda: _answered("changed_mind", "damaged"),
    "offer refused": lambda: _answered("changed_mind", "opened", lines=[Sold(final_sale=True)]),
    "approved": lambda: a_return(recent(), at=timezone.now()).get_portal_path(),
    "labeled": _labeled,
    "needs review": lambda: _with(RMAStatus.NEEDS_REVIEW),
    "needs info": _asked,
    "on its way": lambda: _with(RMAStatus.IN_TRANSIT, shipped_at=timezone.now()),
    "arrived": lambda: _with(RMAStatus.RECEIVED, received_at=timezone.now()),
    "held": _held,
    "rejected": lambda: _with(RMAStatus.REJECTED, settlement=Settlement.NOTHING),
    "canceled": lambda: _with(RMAStatus.CANCELED, closed_at=timezone.now()),
    "expired": lambda: _with(RMAStatus.EXPIRED, closed_at=timezone.now()),
    "survey": _survey,
    "not there": lambda: "/r/R-0000-00000/x/",
}

# Targets lower than a finger is wide.
SMALL = """
() => [...document.querySelectorAll('main button, main summary, main a.button, main .choice, main input[type=text]')]
  .filter(one => one.checkVisibility() && one.getBoundingClientRect().height < 43.5)
  .map(one => one.outerHTML.slice(0, 100))
"""


def test_every_page_in_every_state_is_accessible_and_clean(visitor: BrowserContext) -> None:
    paths = {name: make() for name, make in STATES.items()}
    page, elsewhere = visitor.new_page(), []
    page.on("request", lambda request: elsewhere.append(request.url) if "//127.0.0.1:" not in request.url else None)
    look, wrong = Look(page), {}
    for name, path in paths.items():
        wrong[name] = look.at(path, status=404 if name == "not there" else 200)
        page.set_viewport_size(PHONE)
        wrong[name] += page.evaluate(SMALL)
    assert {name: found for name, found in wrong.items() if found} == {}
    assert [url for url in elsewhere if not url.startswith("http://localhost:")] == []
    assert {cookie["name"] for cookie in visitor.cookies()} <= {"csrftoken"}


def test_the_scripts_of_a_customer_page_stay_small(visitor: BrowserContext) -> None:
    scripts: dict[str, int] = {}
    page = visitor.new_page()

    def count(response: Any) -> None:
        if response.url.endswith(".js"):
            scripts[response.url] = len(response.body())

    page.on("response", count)
    page.goto(a_return(recent(), at=timezone.now()).get_portal_path())
    page.wait_for_load_state("networkidle")
    assert len(scripts) == 2
    assert sum(scripts.values()) <= 6 * 1024
    assert len(page.content()) <= 30_000
