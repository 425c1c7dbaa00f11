"""The same steps with and without JavaScript: what customers and the dock do, and how staff get in (U3).

Asking for a return, showing damage, sending twice and calling off are in `test_portal.py`, run both ways as well.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from oms.demo.people import code_to_enter
from oms.models import User
from oms.roles import Role
from returns import lifecycle, lookups
from returns.lifecycle import Arrived, Finding
from returns.models import RMA, Hold, Outcome, Survey
from returns.states import HoldStatus, RMAStatus, Settlement
from tests.browser.looking import PHONE
from tests.browser.test_portal import picture, recent
from tests.builders import Sold, a_return, the_line
from tests.staff import staff_client

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

DOCK = "user:7"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def tab(request: pytest.FixtureRequest, chromium: Browser, live_server: Any) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=live_server.url, viewport=PHONE, java_script_enabled=request.param, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def press(tab: Page, words: str) -> None:
    tab.get_by_role("button", name=words).first.click()


def title(tab: Page) -> Any:
    return expect(tab.get_by_role("heading", level=1))


# ── Customers ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_wrong_order_number_is_said_at_its_field(tab: Page) -> None:
    tab.goto("/")
    tab.get_by_label("Order number").fill("no such order")
    tab.get_by_label("E-mail or postcode").fill("sam@example.test")
    press(tab, "Find my order")
    expect(tab.get_by_role("alert")).to_be_visible()
    assert tab.get_by_label("Order number").input_value() == "no such order"


def test_two_of_three_things_go_back(tab: Page) -> None:
    order = recent(lines=[Sold(), Sold(sku="TEA", title="Tea", quantity=1), Sold(sku="LAMP", title="Lamp")])
    tab.goto(f"/return/{lookups.draft_for(order.pk, at=timezone.now()).ref}/items/")
    for name in ("Blue mug", "Lamp"):
        tab.locator(".pick").filter(has_text=name).locator("input[name=line]").check()
    for name in ("Blue mug", "Lamp"):
        pick = tab.locator(".pick").filter(has_text=name)
        pick.get_by_text("I changed my mind").click()
        pick.get_by_text("Opened, not used").click()
    tab.get_by_text("See what you get").click()
    press(tab, "Send it back")
    tab.wait_for_url("**/r/**")
    assert sorted(RMA.objects.get().lines.values_list("order_line__sku", flat=True)) == ["LAMP", "MUG"]


def test_a_refused_thing_is_asked_for_all_the_same(tab: Page) -> None:
    order = recent(lines=[Sold(final_sale=True)])
    tab.goto(f"/return/{lookups.draft_for(order.pk, at=timezone.now()).ref}/items/")
    tab.locator("input[name=line]").check()
    tab.get_by_text("I changed my mind").first.click()
    tab.get_by_text("Opened, not used").first.click()
    tab.locator("textarea").first.fill("It broke the day after my birthday.")
    tab.get_by_text("See what you get").click()
    title(tab).not_to_contain_text("What comes back")
    tab.locator("main form button.button").first.click()
    tab.wait_for_url("**/r/**")
    assert RMA.objects.get().status in (RMAStatus.NEEDS_REVIEW, RMAStatus.REJECTED)


def test_our_question_is_answered_with_a_photo(tab: Page) -> None:
    rma = a_return(recent(lines=[Sold(gross="900.00", tax="150.00", quantity=1)]), at=timezone.now())
    lifecycle.ask(rma.number, note="Which serial number is it?", by="user:3", at=timezone.now())
    tab.goto(rma.get_portal_path())
    press(tab, "Send my answer")
    expect(tab.get_by_role("alert")).to_be_visible()
    tab.get_by_label("Your answer").fill("It is 4711.")
    tab.locator("input[type=file]").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": picture()})
    press(tab, "Send my answer")
    expect(tab.get_by_role("heading", name="We asked")).to_have_count(0)
    rma.refresh_from_db()
    assert (rma.status, rma.photos.count()) == (RMAStatus.NEEDS_REVIEW, 1)


@pytest.mark.parametrize(
    ("words", "note", "status"),
    [
        ("Agree, and leave it with you", "", HoldStatus.ACCEPTED),
        ("I see it differently", "It was whole when I packed it.", HoldStatus.DISPUTED),
        ("Send it back to me", "", HoldStatus.SENT_BACK),
    ],
)
def test_refused_goods_are_decided_about(tab: Page, words: str, note: str, status: HoldStatus) -> None:
    now, rma = timezone.now(), a_return(recent(), at=timezone.now())
    [receipt] = lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by=DOCK, at=now)
    lifecycle.inspect(rma.number, [Finding(receipt.pk, 1, "damaged", "")], form_token=uuid4(), by=DOCK, at=now)
    tab.goto(rma.get_portal_path())
    tab.get_by_text(words).click()
    if note:
        tab.locator("textarea[name$=note]").fill(note)
    press(tab, "Send my answer")
    expect(tab.get_by_role("button", name="Send my answer")).to_have_count(0)
    assert Hold.objects.get().status == status


def test_a_customer_tells_how_it_went(tab: Page) -> None:
    now, rma = timezone.now(), a_return(recent(), at=timezone.now())
    RMA.objects.filter(pk=rma.pk).update(
        status=RMAStatus.CLOSED, settlement=Settlement.SETTLED, settled_at=now, received_at=now, closed_at=now
    )
    tab.goto(rma.get_portal_path())
    tab.get_by_role("link", name="Tell us how it went").click()
    for name, score in (("ease", 5), ("clarity", 4), ("speed", 3)):
        tab.locator(f"input[name={name}][value='{score}']").check()
    press(tab, "Send my answers")
    tab.wait_for_load_state()
    assert list(Survey.objects.values_list("ease", "clarity", "speed")) == [(5, 4, 3)]


# ── The dock ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_parcel_is_scanned_counted_and_inspected(tab: Page, live_server: Any) -> None:
    rma = a_return(recent(), at=timezone.now() - timedelta(days=1))
    cookie = staff_client(Role.DOCK).cookies["sessionid"].value
    tab.context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    tab.goto("/admin/scan/")
    answer = tab.locator("[data-scan-answer]")
    for code, words in ((rma.number.lower(), "1 piece to count"), ("MUG", "1 of 1 here")):
        tab.locator("#scan").fill(code)
        tab.locator("#scan").press("Enter")
        expect(answer).to_contain_text(words)
    tab.get_by_role("link", name="Inspect it").click()
    tab.locator("input[name=condition][value=opened]").check()
    press(tab, "Write it down")
    expect(answer).to_contain_text("To SHELF-01")
    [outcome] = Outcome.objects.all()
    assert (outcome.condition.code, outcome.acceptance) == ("opened", "accepted")


# ── Getting in ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def ana() -> User:
    user = User.objects.create_user("ana@staff.example", "a long enough sentence", name="Ana", role=Role.AGENT)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    TOTP.activate(user, SECRET)
    return user


def test_staff_log_in_with_a_second_factor_and_out_again(tab: Page, ana: User) -> None:
    tab.goto("/returns/review/")
    tab.locator("input[name=login]").fill(ana.email)
    for password in ("not the one", "a long enough sentence"):
        tab.locator("input[name=password]").fill(password)
        press(tab, "Log in")
    title(tab).to_have_text("Your code, please")
    tab.locator("input[name=code]").fill("000000")
    press(tab, "Log in")
    expect(tab.locator(".field__error, .errorlist, [role=alert]").first).to_be_visible()
    tab.locator("input[name=code]").fill(code_to_enter(SECRET, room=10))
    press(tab, "Log in")
    title(tab).to_have_text("Needs review")
    tab.locator(".staff__user summary").click()
    press(tab, "Log out")
    tab.goto("/returns/review/")
    title(tab).to_have_text("Log in")
