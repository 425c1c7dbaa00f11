"""The dock in a browser: a scanner types faster than any page loads, nothing is lost, and no mouse is needed."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from oms.roles import Role
from refunds.pricing import price_return
from returns import lifecycle
from returns.lifecycle import Arrived, Finding, Wanted
from returns.models import RMA, Outcome, Receipt
from returns.states import RMAStatus
from tests.browser.looking import Look, staff_tab
from tests.builders import Sold, an_order, the_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

expect.set_options(timeout=20_000)  # a busy machine is slow, not wrong

# What a page plays, and whether its sound was awake: browsers keep that of a page nobody has touched asleep.
HEARD = """
window.heard = [];
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (at) {
  window.heard.push([this.context.state, this.frequency.value]);
  return start.call(this, at);
};
"""
SKUS = ("MUG", "TEA", "22423", "85123A")


def a_parcel_of(*skus: str) -> RMA:
    """A return of one piece of each, asked for by today's clock."""
    now = timezone.now()
    order = an_order(
        lines=[Sold(sku=sku, title=f"Thing {sku}", quantity=1, gross="10.00", tax="1.67") for sku in skus],
        placed_at=now - timedelta(days=5),
        shipped_at=now - timedelta(days=4),
        delivered_at=now - timedelta(days=2),
    )
    return lifecycle.request(
        order.number,
        [Wanted(line.pk, 1, "changed_mind", "opened") for line in order.lines.order_by("position")],
        resolution="refund",
        price=price_return,
        form_token=uuid4(),
        by=order.customer.actor,
        at=now,
    )


def arrived(rma: RMA) -> RMA:
    pieces = [Arrived(line.pk, line.quantity) for line in rma.lines.order_by("pk")]
    lifecycle.receive(rma.number, pieces, form_token=uuid4(), by="user:7", at=timezone.now())
    return rma


@pytest.fixture
def page(chromium: Browser, live_server: Any) -> Iterator[Page]:
    with staff_tab(chromium, live_server, Role.DOCK) as tab:
        yield tab


def scan(page: Page, code: str) -> None:
    """As a person at the station: look that the field waits, then pull the trigger."""
    expect(page.locator("#scan")).to_be_focused()
    page.keyboard.type(f"{code}\n")


def answer(page: Page) -> Any:
    return page.locator(".scan-answer__words")


def test_scans_typed_one_upon_the_other_are_all_counted(page: Page) -> None:
    rma = a_parcel_of(*SKUS)
    page.goto("/admin/scan/")
    expect(page.locator("#scan")).to_be_focused()
    # No waiting between them: the scanner does not look at the screen either.
    for code, suffix in (
        (rma.number.lower(), "Enter"),
        ("MUG", "Enter"),
        ("]C1TEA", "Tab"),
        ("MUGTEA", "Enter"),
        ("  22423", "Enter"),
        ("NOPE", "Enter"),
        ("85123a", "Enter"),
    ):
        page.keyboard.type(code)
        page.keyboard.press(suffix)
    expect(answer(page)).to_have_text("1 of 1 here")
    expect(page.get_by_text("Every piece is accounted for. Inspect it now.")).to_be_visible()
    expect(page.locator("#scan")).to_be_focused()
    assert sorted(Receipt.objects.values_list("line__order_line__sku", "quantity")) == sorted((sku, 1) for sku in SKUS)
    words = page.locator(".scan-log li strong").all_inner_texts()
    assert words[1] == "We do not know this code. Nothing was counted."
    assert words[3] == "Two codes at once. Nothing was counted."


def test_a_return_is_counted_and_inspected_with_the_keyboard_alone(page: Page) -> None:
    page.add_init_script(HEARD)
    rma = a_parcel_of("MUG")
    page.goto("/admin/scan/")
    page.locator("h1").click()  # the field has lost the focus, and the scan finds it all the same
    page.keyboard.type(f"{rma.number}\n")
    expect(answer(page)).to_have_text("1 piece to count")
    scan(page, "MUG")
    expect(answer(page)).to_have_text("1 of 1 here")
    page.goto("/admin/inspection/")
    scan(page, "MUG")
    page.wait_for_url(f"**/admin/inspection/{rma.number}/")
    page.keyboard.press("2")
    expect(page.get_by_role("radio", name="Opened")).to_be_checked()
    page.keyboard.press("Enter")
    expect(answer(page)).to_have_text("To SHELF-01")
    assert page.evaluate("window.heard") == [["running", 880]]
    scan(page, "HWDOUNDOX")
    expect(page.get_by_text("it was read wrongly")).to_be_visible()
    assert page.evaluate("window.heard")[1:] == [["running", 196]] * 2
    rma.refresh_from_db()
    assert (rma.status, Outcome.objects.get().condition.code) == (RMAStatus.INSPECTED, "opened")


def in_one_burst(page: Page, keys: list[str]) -> None:
    """Keys as a scanner sends them, five milliseconds apart, however long a busy machine takes over them."""
    page.evaluate(
        """(keys, began = performance.now()) => keys.forEach((key, at) => {
            const pressed = new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true});
            Object.defineProperty(pressed, "timeStamp", {value: began + 5 * at});
            document.activeElement.dispatchEvent(pressed);
        })""",
        keys,
    )


def test_a_scan_on_the_inspection_page_chooses_nothing_and_opens_what_was_scanned(page: Page) -> None:
    first, second = arrived(a_parcel_of("MUG")), arrived(a_parcel_of("85123A"))
    page.goto(f"/admin/inspection/{first.number}/")
    in_one_burst(page, [*"85123A", "Enter"])
    page.wait_for_url(f"**/admin/inspection/{second.number}/")
    assert Outcome.objects.count() == 0


def test_it_all_works_without_script(chromium: Browser, live_server: Any) -> None:
    rma = a_parcel_of("MUG", "TEA")
    with staff_tab(chromium, live_server, Role.DOCK, java_script_enabled=False) as page:
        count_and_inspect(page, rma)
    assert Outcome.objects.count() == 1


def count_and_inspect(page: Page, rma: RMA) -> None:
    page.goto("/admin/scan/")
    for code, says in ((rma.number, "2 pieces to count"), ("MUG", "1 of 1 here"), ("TEA", "1 of 1 here")):
        scan(page, code)
        expect(answer(page)).to_have_text(says)
    page.get_by_role("link", name="Inspect it").click()
    page.get_by_role("radio", name="Opened").first.check()
    page.keyboard.press("Enter")
    expect(answer(page)).to_have_text("To SHELF-01")


def held(rma: RMA) -> RMA:
    receipt = Receipt.objects.get(line=the_line(rma))
    finding = Finding(receipt_id=receipt.pk, quantity=1, condition="damaged", disposition="")
    lifecycle.inspect(rma.number, [finding], form_token=uuid4(), by="user:7", at=timezone.now())
    return rma


def test_every_page_of_the_dock_is_free_of_violations(chromium: Browser, live_server: Any) -> None:
    expected, here, refused = a_parcel_of("MUG", "TEA"), arrived(a_parcel_of("MUG")), held(arrived(a_parcel_of("MUG")))
    paths = (
        "/admin/scan/",
        f"/admin/scan/?rma={expected.number}",
        f"/admin/scan/?rma={refused.number}",
        "/admin/inspection/",
        f"/admin/inspection/{here.number}/",
        f"/admin/inspection/{refused.number}/?outcome={Outcome.objects.get().pk}",
        "/admin/holds/",
        "/admin/dock/",
        "/admin/found/",
        "/admin/putaway/",
        "/stock/",
        "/stock/bins/",
        "/stock/products/MUG/",
    )
    with staff_tab(chromium, live_server, Role.MANAGER) as page:
        look = Look(page)
        found = [fault for path in paths for fault in look.at(path)]
        page.goto("/admin/scan/")
        scan(page, "TEA")
        expect(answer(page)).to_have_text("Whose is it?")
        found += look.closely()
    assert found == []
