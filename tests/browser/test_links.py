"""Links that are the whole right, opened in a browser of their own: what their forms send is taken.

A page that asks for no referrer has its forms sent from nowhere, which the protection against forged forms refuses:
only a browser shows that.
"""

import re
from uuid import uuid4

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from returns import gifts, lifecycle, phones
from returns.lifecycle import Arrived
from returns.lookups import draft_for
from returns.models import ReturnPhoto
from tests.browser.test_portal import picture, recent
from tests.builders import a_return, the_line

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True, serialized_rollback=True)]

DOCK = "user:7"


def test_who_was_given_something_goes_on_to_choose(page: Page) -> None:
    """The link that the buyer makes, where they looked the order up."""
    order = recent()
    draft = draft_for(order.pk, at=timezone.now())
    page.goto(f"/return/{draft.ref}/items/")
    page.get_by_role("link", name="This was a gift: give the recipient a link").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Make the link").click()
    page.get_by_role("button", name="Withdraw this link").click()
    expect(page.get_by_role("button", name="Withdraw this link")).to_have_count(0)
    link = gifts.make_link(order.number, [order.lines.first().pk], by="user:1", at=timezone.now())
    page.goto(f"/gift/{link.ref}/{link.signature}/")
    told = {
        "Your name": "Ada Present", "Your e-mail": "ada@", "Street and number": "1 Mill Lane", "Town": "Leeds",
        "Postcode": "LS1 4BR",
    }  # fmt: skip
    for label, words in told.items():
        page.get_by_label(label, exact=True).fill(words)
    page.get_by_role("button", name="Choose what to send back").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not an e-mail address.")
    page.get_by_label("Your e-mail", exact=True).fill("ada@example.test")
    page.get_by_role("button", name="Choose what to send back").click()
    expect(page).to_have_url(re.compile("/items/$"))


def test_a_paired_phone_sends_a_photo(page: Page) -> None:
    now = timezone.now()
    rma = a_return(recent(), at=now)
    [receipt] = lifecycle.receive(rma.number, [Arrived(the_line(rma).pk, 1)], form_token=uuid4(), by=DOCK, at=now)
    _paired, token = phones.pair(receipt.pk, by=DOCK, at=now)
    page.goto(f"/phone/{token}/")
    page.get_by_label("Take a photo").set_input_files(
        {"name": "piece.jpg", "mimeType": "image/jpeg", "buffer": picture()}
    )
    page.get_by_role("button", name="Send to the station").click()
    expect(page.get_by_text("1 photo is with it.")).to_be_visible()
    assert ReturnPhoto.objects.count() == 1
