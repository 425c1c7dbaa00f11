"""Photos from a phone on a slow line (U18): small, seen to be sent, sent again after a reload; nothing else is lost."""

import io
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from returns import lookups
from returns.models import ReturnPhoto
from tests.browser.test_portal import recent

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

SLOW = {"offline": False, "latency": 100, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 1.6e6 / 8}
HELD_SIDEWAYS = 6


@pytest.fixture
def phone(chromium: Browser, live_server: Any) -> Iterator[Page]:
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 390, "height": 780})
    yield context.new_page()
    context.close()


def from_a_phone(*, megabytes: float) -> bytes:
    """A photo of 12 megapixels, held sideways, as heavy as asked for."""
    image = Image.effect_noise((400, 300), 80).resize((4000, 3000)).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = HELD_SIDEWAYS
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue().ljust(int(megabytes * 1_000_000), b"\0")


def at_the_form(phone: Page) -> Any:
    draft = lookups.draft_for(recent().pk, at=timezone.now())
    phone.goto(f"/return/{draft.ref}/items/")
    phone.get_by_text("It arrived damaged").click()
    phone.get_by_text("Add a note").click()
    phone.get_by_label("Anything we should know").fill("Second crack in a year.")
    return phone.locator("input[type=file]")


def test_a_heavy_photo_goes_over_a_slow_line_and_a_reload_loses_nothing(phone: Page) -> None:
    line = phone.context.new_cdp_session(phone)
    chooser = at_the_form(phone)
    heavy = from_a_phone(megabytes=8)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", SLOW)
    chooser.set_input_files({"name": "crack.jpg", "mimeType": "image/jpeg", "buffer": heavy})
    expect(phone.get_by_role("progressbar", name="Sending your photo")).to_be_visible()

    phone.reload()
    expect(phone.get_by_label("Anything we should know")).to_have_value("Second crack in a year.")
    expect(phone.get_by_label("It arrived damaged")).to_be_checked()
    expect(phone.get_by_alt_text("Photo 1")).to_be_visible(timeout=30_000)
    line.send("Network.disable")

    phone.get_by_text("See what you get").click()
    expect(phone.get_by_role("heading", level=1)).to_contain_text("You get")
    kept = ReturnPhoto.objects.get()
    with Image.open(io.BytesIO(kept.content)) as drawn:
        assert drawn.width < drawn.height
    assert len(kept.content) < len(heavy) / 4


def test_a_file_that_is_no_photo_is_told_at_once_and_never_sent(phone: Page) -> None:
    chooser = at_the_form(phone)
    sent: list[str] = []
    phone.on("request", lambda request: sent.append(request.method))
    heic = b"\x00\x00\x00\x18ftypheic" + bytes(4000)
    chooser.set_input_files({"name": "crack.heic", "mimeType": "image/heic", "buffer": heic})
    expect(phone.get_by_role("alert")).to_have_text(
        "This file is not a JPEG, PNG or WebP photo. Please choose another one."
    )
    assert sent == []
