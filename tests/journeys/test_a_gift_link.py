"""Who bought it gives whoever they gave it to a link, from where they look their order up, and takes it back (p15)."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from notifications.models import Message
from notifications.states import Audience
from oms import shops
from oms.models import Customer, Event, Order
from refunds.pricing import price_return
from returns import gifts, lifecycle
from returns.eligibility import Wanted
from returns.models import RMA, GiftLink, ReturnDraft
from returns.refusals import ForeignLine, GiftLinkEnded, GiftLinksNotOffered, NothingGiven, NothingToGiveBack
from tests.builders import Sold, a_return, an_order
from tests.journeys import traveler as on
from tests.journeys.test_a_gift import PRICE, REX, answered, read
from tests.policies import a_rule
from tests.sandbox import Sandbox
from tests.staff import staff_client

pytestmark = pytest.mark.django_db
MUGS, TEA = Sold(), Sold(sku="TEA", title="Green tea", quantity=1, gross="5.00", tax="0.83")


@pytest.fixture
def order(db: None) -> Order:
    now = timezone.now()
    return an_order(lines=[MUGS, TEA], placed_at=now - timedelta(days=5), delivered_at=now - timedelta(days=2))


def looked_up(client: Client, order: Order) -> str:
    """The page that the buyer chooses the gift on, reached as they reach it."""
    items = client.post("/", {"number": order.number, "proof": "sam@example.test"})["Location"]
    [page] = re.findall(r'href="(/return/[^"]+/gift/)"', client.get(items).content.decode())
    return str(page)


def links_on(client: Client, page: str) -> list[str]:
    return re.findall(r'href="[^"]*(/gift/[^"]+)"', client.get(page).content.decode())


def line(order: Order, sku: str = "MUG") -> int:
    return order.lines.get(sku=sku).pk


def test_the_buyer_chooses_what_it_was_and_gets_a_link_for_just_that(client: Client, order: Order) -> None:
    page = looked_up(client, order)
    assert "Green tea" in read(client, page)
    made = client.post(page, {"line": line(order, "TEA")})
    assert (made.status_code, made["Location"]) == (302, page)
    [address] = links_on(client, page)
    other = Client()
    html = read(other, address)
    assert ("Green tea" in html, "Blue mug" in html, "Sam" in html) == (True, False, False)
    items = other.post(address, REX)["Location"]
    html = read(other, items)
    assert ("Green tea" in html, "Blue mug" in html, "This was a gift" in html) == (True, False, False)
    chosen = other.post(items, {"line": line(order), f"l{line(order)}-quantity": 1})
    assert chosen.status_code == 422
    assert "does not belong to this order" in chosen.content.decode()
    assert other.get(items.replace("/items/", "/gift/")).status_code == 404


def test_the_same_choice_twice_is_one_link_another_choice_another(client: Client, order: Order) -> None:
    page = looked_up(client, order)
    for _again in range(2):
        client.post(page, {"line": [line(order, "TEA"), line(order)]})
    assert len(links_on(client, page)) == 1
    client.post(page, {"line": line(order)})
    assert len(links_on(client, page)) == 2
    assert Event.objects.filter(name="gift.link_made").count() == 2
    alike = GiftLink.objects.order_by("pk")[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        GiftLink.objects.create(
            order=order, lines=alike.lines, made_by="x", made_at=alike.made_at, expires_at=alike.expires_at
        )


def test_withdrawn_by_the_buyer_it_ends_with_what_was_begun(client: Client, order: Order) -> None:
    page = looked_up(client, order)
    client.post(page, {"line": [line(order), line(order, "TEA")]})
    [address] = links_on(client, page)
    other = Client()
    items = other.post(address, REX)["Location"]
    link = GiftLink.objects.get()
    for _again in range(2):
        assert client.post(f"{page}{link.pk}/withdrawal/")["Location"] == page
    assert links_on(client, page) == []
    assert Event.objects.filter(name="gift.link_withdrawn").count() == 1
    for gone in (other.get(address), other.get(items), other.post(items, {"line": line(order)})):
        assert gone.status_code == 404
        assert "does not work any more" in gone.content.decode()
    foreign = Client().post("/", {"number": an_order().number, "proof": "sam@example.test"})["Location"]
    assert client.post(f"{foreign.replace('/items/', '/gift/')}{link.pk}/withdrawal/").status_code == 404


def test_the_desk_sees_the_buyers_link_and_withdraws_it(client: Client, order: Order) -> None:
    page = looked_up(client, order)
    client.post(page, {"line": line(order)})
    desk, address = staff_client(), f"/returns/gift/{order.number}/"
    assert "The buyer made it." in desk.get(address).content.decode()
    assert desk.post(f"{address}{GiftLink.objects.get().pk}/withdrawal/").status_code == 302
    assert links_on(client, page) == []


@pytest.mark.parametrize(
    ("given", "sentence"), [({}, "Choose what was the gift."), ({"line": "x"}, "not of this order")]
)
def test_a_wrong_choice_is_said_at_its_field(
    client: Client, order: Order, given: dict[str, str], sentence: str
) -> None:
    page = client.post(looked_up(client, order), given)
    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert not GiftLink.objects.exists()


def test_what_the_verb_refuses(order: Order) -> None:
    now, by = timezone.now(), order.customer.actor
    with pytest.raises(NothingGiven):
        gifts.make_link(order.number, [], by=by, at=now)
    with pytest.raises(ForeignLine):
        gifts.make_link(order.number, [line(order), an_order().lines.get().pk], by=by, at=now)
    a_return(order, quantity=2, at=now)
    with pytest.raises(NothingToGiveBack, match="MUG"):
        gifts.make_link(order.number, [line(order), line(order, "TEA")], by=by, at=now)
    shops.change({"buyers_make_gift_links": False}, by="user:1", at=now)
    with pytest.raises(GiftLinksNotOffered):
        gifts.make_link(order.number, [line(order, "TEA")], by=by, at=now)
    assert not GiftLink.objects.exists()
    assert gifts.make_link(order.number, [line(order, "TEA")], by="user:1", at=now).lines == [line(order, "TEA")]


def test_withdrawn_while_it_is_being_sent_nothing_begins(order: Order) -> None:
    now = timezone.now()
    link = gifts.make_link(order.number, [line(order)], by="user:1", at=now)
    draft = gifts.begin(link, gifts.Recipient(**REX), at=now)
    gifts.withdraw_link(order.number, link.pk, by="user:1", at=now)
    with pytest.raises(GiftLinkEnded):
        gifts.begin(link, gifts.Recipient(**REX), at=now)
    asked = {"resolution": "store_credit", "price": price_return, "form_token": draft.ref, "by": "system", "at": now}
    with pytest.raises(GiftLinkEnded):
        lifecycle.request(
            order.number, [Wanted(line(order), 1, "changed_mind", "opened")], recipient=draft.recipient,
            gift_link=link, **asked,
        )  # fmt: skip
    assert not RMA.objects.exists()


def test_where_the_shop_makes_links_itself_nobody_else_can(client: Client, order: Order) -> None:
    page = looked_up(client, order)
    shops.change({"buyers_make_gift_links": False}, by="user:1", at=timezone.now())
    items = client.get(page.replace("/gift/", "/items/")).content.decode()
    assert "This was a gift" not in items
    assert client.get(page).status_code == 404
    assert client.post(page, {"line": line(order)}).status_code == 404
    assert staff_client().get(f"/returns/gift/{order.number}/").status_code == 200


def test_what_others_send_back_is_no_habit_of_the_buyer_who_is_judged_by_their_own(order: Order) -> None:
    a_rule("customer_history", returns=0)
    now, own = timezone.now(), order.customer
    link = gifts.make_link(order.number, [line(order, "TEA")], by=own.actor, at=now)
    draft = gifts.begin(link, gifts.Recipient(**REX), at=now)
    asked = {"resolution": "store_credit", "price": price_return, "by": draft.sender.actor, "at": now}
    wanted = [Wanted(line(order, "TEA"), 1, "changed_mind", "opened")]
    given = {"recipient": draft.recipient, "gift_link": link}
    first = lifecycle.request(order.number, wanted, form_token=draft.ref, **asked, **given)
    assert first.status == "approved"
    assert a_return(order, at=now).status == "approved"  # the first of their own
    lifecycle.cancel(first.number, by=draft.sender.actor, at=now)
    again = lifecycle.request(order.number, wanted, form_token=uuid4(), **asked, **given)
    assert again.status == "needs_review"  # the buyer has returns of their own by now: no link is a way around


# ── Whether the buyer hears of it ─────────────────────────────────────────────────────────────────────────────────


def returned(vendors: Sandbox, *, tells: bool, afterwards: bool) -> tuple[Order, RMA]:
    """A gift sent back and settled; the setting is turned over in between."""
    order = on.an_order_paid_at(vendors, MUGS)
    shops.change({"tells_buyer_of_gifts": tells}, by="user:1", at=timezone.now())
    link = gifts.make_link(order.number, [order.lines.get().pk], by=order.customer.actor, at=timezone.now())
    shops.change({"tells_buyer_of_gifts": afterwards}, by="user:1", at=timezone.now())
    client = Client()
    words = read(client, link.get_portal_url())
    assert ("is told that something of it came back" in words) is tells
    assert ("is told nothing" in words) is not tells
    assert client.post(link.get_portal_url(), REX).status_code == 302
    draft = ReturnDraft.objects.get(order=order)
    answered(client, draft)
    assert client.post(f"/return/{draft.ref}/confirmation/", {"resolution": "store_credit"}).status_code == 302
    rma = RMA.objects.get()
    on.inspect(rma, on.arrive(rma))
    on.run_jobs()
    rma.refresh_from_db()
    assert (on.status(rma), rma.gift_link) == (("closed", "settled"), link)
    return order, rma


def test_the_buyer_hears_of_it_once_where_the_link_said_so(vendors: Sandbox) -> None:
    order, rma = returned(vendors, tells=True, afterwards=False)
    [told] = Message.objects.filter(order=order, audience=Audience.BUYER)
    assert (told.template, told.customer, told.recipient) == ("gift_returned", order.customer, "sam@example.test")
    assert told.subject == f"Something you gave has come back: order {order.number}"
    recipient = Customer.objects.with_email(REX["email"]).get()
    for words in (told.text, told.html):
        hidden = ["Rex", rma.number, rma.signature, "Blue mug", recipient.email]
        assert [one for one in hidden if one in words] == []
        assert PRICE.findall(words) == []


def test_what_a_link_promised_holds_when_the_shop_changes_its_mind(vendors: Sandbox) -> None:
    order, _rma = returned(vendors, tells=False, afterwards=True)
    assert not Message.objects.filter(order=order, customer=order.customer).exists()
