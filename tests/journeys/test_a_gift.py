"""Who was given the goods sends them back: the credit is theirs, no page shows a price, the buyer is not told (p15)."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pypdfium2
import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from oms.journal import Account
from oms.models import Customer, Event, Order, Posting
from oms.roles import Role
from refunds.lifecycle import credit_of
from refunds.lifecycle.approving import open_ways
from refunds.pricing import price_return
from returns import gifts, lifecycle
from returns.eligibility import Wanted
from returns.models import RMA, GiftLink, ReturnDraft
from returns.refusals import GiftPaysCredit, NothingToGiveBack
from tests.builders import Sold, an_order
from tests.journeys import traveler as on
from tests.policies import a_rule
from tests.sandbox import Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
PRICE = re.compile(r"£|GBP|10\.00|20\.00|5\.00")
REX = {
    "name": "Rex Receiver",
    "email": "rex@example.test",
    "street": "9 Low Road",
    "city": "Leeds",
    "postcode": "LS1 1AA",
}


def link_of(order: Order) -> str:
    """The address that the desk is shown for all of the order."""
    desk, address = staff_client(), f"/returns/gift/{order.number}/"
    page = desk.post(address, {"line": [line.pk for line in order.lines.all()]})
    assert page.status_code == 302
    [found] = re.findall(r'href="[^"]*(/gift/[^"]+)"', desk.get(address).content.decode())
    return str(found)


def begun(client: Client, order: Order) -> ReturnDraft:
    assert client.post(link_of(order), REX).status_code == 302
    return ReturnDraft.objects.get(order=order)


def read(client: Client, url: str) -> str:
    page = client.get(url)
    assert page.status_code == 200, url
    html = page.content.decode()
    assert PRICE.findall(html) == [], url
    return html


def answered(client: Client, draft: ReturnDraft, quantity: int = 1) -> str:
    """The items said; the address of the last screen."""
    line = draft.order.lines.get()
    said = {"quantity": quantity, "reason": "changed_mind", "condition": "opened"}
    sent = {"line": line.pk, **{f"l{line.pk}-{name}": value for name, value in said.items()}}
    page = client.post(f"/return/{draft.ref}/items/", sent)
    assert page.status_code == 302
    return str(page["Location"])


@pytest.fixture
def recent(db: None) -> Order:
    now = timezone.now()
    return an_order(placed_at=now - timedelta(days=5), delivered_at=now - timedelta(days=2))


def test_credit_goes_to_whom_it_was_given(client: Client, vendors: Sandbox) -> None:
    order = on.an_order_paid_at(vendors, Sold())
    address = link_of(order)
    assert "Blue mug" in read(client, address)
    draft = begun(client, order)
    assert "Blue mug" in read(client, f"/return/{draft.ref}/items/")
    offer = answered(client, draft)
    assert "You get store credit for what these things are worth" in read(client, offer)
    confirmed = client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    assert confirmed.status_code == 302
    rma = RMA.objects.get()
    on.run_jobs()
    status = read(client, rma.get_portal_path())
    assert rma.number in status
    assert "Sam Shopper" not in status

    parcel = rma.parcels.get()
    assert parcel.tracking_number
    on.inspect(rma, on.arrive(rma))
    rma.refresh_from_db()
    assert on.status(rma) == ("closed", "settled")

    recipient = Customer.objects.with_email("rex@example.test").get()
    assert rma.recipient == recipient
    given = rma.refunds.get()
    account = credit_of(recipient, "GBP")
    assert account is not None
    assert sum(grant.remaining for grant in account.grants.all()) == given.amount > Decimal(0)
    assert credit_of(order.customer, "GBP") is None
    payment = order.payments.get()
    assert (payment.refunded, payment.in_flight) == (given.amount, Decimal(0))
    assert on.paid_by_provider(vendors, order) == Decimal(0)
    assert on.books_balance()
    owed = Posting.objects.filter(account=Account.STORE_CREDIT).aggregate(sum=Sum("amount"))["sum"]
    assert owed == -given.amount

    told = Message.objects.filter(order=order, audience="customer").order_by("pk")
    assert {one.customer for one in told} == {recipient}
    assert "credited" in on.mails(rma)
    for one in told.exclude(template="credited"):
        assert "£" not in one.text, one.template
    assert account.number in client.get(rma.get_portal_path()).content.decode()
    assert open_ways(given) == ()

    desk = staff_client(Role.MANAGER).get(f"/returns/{rma.number}/").content.decode()
    assert "Rex Receiver" in desk
    facts = "".join(str(event.facts) for event in Event.objects.all())
    assert [word for word in ("rex@", "Rex", "Low Road") if word in facts] == []


def test_credit_that_paid_for_it_does_not_go_back_to_the_buyer(client: Client, recent: Order, vendors: Sandbox) -> None:
    recent.payments.update(method="store_credit", provider_id="")
    draft = begun(client, recent)
    answered(client, draft)
    client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    rma = RMA.objects.get()
    on.inspect(rma, on.arrive(rma))
    recipient = Customer.objects.with_email("rex@example.test").get()
    account = credit_of(recipient, "GBP")
    assert account is not None
    assert sum(grant.remaining for grant in account.grants.all()) == rma.refunds.get().amount
    assert credit_of(recent.customer, "GBP") is None


def test_the_buyer_is_not_shown_whose_it_is(client: Client, recent: Order) -> None:
    draft = begun(client, recent)
    answered(client, draft, 2)
    client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    rma = RMA.objects.get()
    items = client.post("/", {"number": recent.number, "proof": "sam@example.test"})["Location"]
    assert str(draft.ref) not in items
    html = client.get(items).content.decode()
    assert rma.number not in html
    assert "Rex" not in html
    assert f'value="{recent.lines.get().pk}"' not in html


@pytest.mark.parametrize("way", ["refund", "exchange", "keep_item", "replacement"])
def test_nothing_but_credit_comes_of_it(client: Client, recent: Order, way: str) -> None:
    draft = begun(client, recent)
    answered(client, draft)
    refused = client.post(f"/return/{draft.ref}/confirmation/", {"resolution": way, "confirmed_total": "10.00"})
    assert refused.status_code == 409
    assert "store credit of whoever sends it back" in refused.content.decode()
    assert not RMA.objects.exists()
    assert client.get(f"/return/{draft.ref}/exchange/").status_code == 404


def test_staff_cannot_turn_it_into_money(client: Client, recent: Order) -> None:
    draft = begun(client, recent)
    answered(client, draft)
    client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    rma, now = RMA.objects.get(), timezone.now()
    with pytest.raises(GiftPaysCredit):
        lifecycle.choose_resolution(rma.number, resolution="refund", reason="asked", by="user:3", at=now)
    with pytest.raises(IntegrityError), transaction.atomic():
        RMA.objects.filter(pk=rma.pk).update(resolution="refund")
    with pytest.raises(GiftPaysCredit):
        lifecycle.request(
            recent.number,
            [Wanted(recent.lines.get().pk, 1, "changed_mind", "opened")],
            resolution="refund",
            price=price_return,
            form_token=uuid4(),
            by="system",
            at=now,
            recipient=draft.recipient,
        )


def test_a_link_that_is_none_ended_or_over(client: Client, recent: Order) -> None:
    first = link_of(recent)
    withdrawn = GiftLink.objects.get()
    staff_client().post(f"/returns/gift/{recent.number}/{withdrawn.pk}/withdrawal/")
    second = link_of(recent)
    assert first != second
    assert client.get("/gift/nonsense/").status_code == 404
    bad = [f"/gift/{uuid4()}/{withdrawn.signature}/", f"{second[:-2]}x/", first]
    for address in bad:
        page = client.get(address)
        assert page.status_code == 404
        assert "does not work any more" in page.content.decode()
        assert client.post(address, REX).status_code == 404
    assert client.get(second).status_code == 200
    GiftLink.objects.filter(ended_at=None).update(
        made_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(days=1)
    )
    assert client.get(second).status_code == 404
    assert not ReturnDraft.objects.exists()


def test_a_wrong_address_is_said_at_its_field(client: Client, recent: Order) -> None:
    page = client.post(link_of(recent), REX | {"email": "rex(at)example", "name": " "})
    assert page.status_code == 422
    html = page.content.decode()
    assert "That is not an e-mail address." in html
    assert "Enter your name." in html
    assert not Customer.objects.with_email("rex(at)example").exists()


def test_begun_twice_it_is_one_return_of_one_person(client: Client, recent: Order) -> None:
    address = link_of(recent)
    one, two = (client.post(address, REX)["Location"] for _again in range(2))
    assert one == two
    assert Customer.objects.with_email("rex@example.test").count() == 1


def test_who_may_make_a_link_and_for_what(recent: Order) -> None:
    assert staff_client(Role.DOCK).post(f"/returns/gift/{recent.number}/").status_code == 403
    now: Any = timezone.now()
    unsent = an_order(shipped_at=None, delivered_at=None, placed_at=now)
    with pytest.raises(NothingToGiveBack):
        gifts.make_link(unsent.number, [unsent.lines.get().pk], by="user:3", at=now)
    page = staff_client().post(f"/returns/gift/{unsent.number}/", {"line": unsent.lines.get().pk})
    assert page.status_code == 422
    assert "nothing to make a link for" in page.content.decode()


def test_the_goods_are_seen_before_credit_is_given_whatever_the_policy_gives_for_a_scan(
    client: Client, recent: Order
) -> None:
    a_rule("refund_at", default="scan")
    draft = begun(client, recent)
    offer = read(client, answered(client, draft))
    assert ("when we have looked at what you sent" in offer, "has scanned the parcel" in offer) == (True, False)
    client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    assert RMA.objects.get().refund_at == "inspection"


def words_of(page: HttpResponse) -> str:
    """What a reader sees: the text of a PDF, whose bytes may spell anything."""
    if page.headers.get("Content-Type") != "application/pdf":
        return page.content.decode()
    with pypdfium2.PdfDocument(page.content) as paper:
        return " ".join(sheet.get_textpage().get_text_range() for sheet in paper)


def test_no_page_of_it_shows_a_price(client: Client, recent: Order) -> None:
    draft = begun(client, recent)
    read(client, f"/return/{draft.ref}/items/")
    answered(client, draft)
    read(client, f"/return/{draft.ref}/details/")
    client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"})
    rma = RMA.objects.get()
    for address in ("", "slip.pdf", "parcels/", "own-parcel/", "payment/", "something-else/", "label/", "survey/"):
        page = client.get(rma.get_portal_path() + address)
        assert page.status_code in (200, 204, 302, 404, 405), address
        assert PRICE.findall(words_of(page)) == [], address
    assert client.get(f"/return/{draft.ref}/gift/").status_code == 302  # to the return it has become
