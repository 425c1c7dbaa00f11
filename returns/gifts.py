"""Sending back what one was given: a link for lines of an order, and who holds it gets store credit of their own (p15).

The buyer makes it where they look the order up, or the service desk does; either withdraws it. The address is the whole
right. Who opens it sees no price, and the buyer is told nothing unless the shop says so.
"""

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from oms import outbox, shops
from oms.models import Customer, NameWord, Order
from oms.verbs import verb
from returns import eligibility
from returns.lookups import DRAFT_LIFE, open_drafts
from returns.models import GiftLink, ReturnDraft
from returns.refusals import ForeignLine, GiftLinkEnded, GiftLinksNotOffered, NothingGiven, NothingToGiveBack

WITHOUT_A_WINDOW = timedelta(days=90)  # where the policy sets no end


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who was given the goods: where to write to, and where the parcel is posted."""

    name: str
    email: str
    street: str
    city: str
    postcode: str


@verb
def make_link(order_number: str, lines: Iterable[int], *, by: str, at: datetime) -> GiftLink:
    """A link for these lines of an order, that works while any of them can come back. Made again for the same lines, it
    is the same link.

    Raises Order.DoesNotExist, GiftLinksNotOffered (to a buyer, where the shop makes links itself), NothingGiven,
    ForeignLine, NothingToGiveBack for lines of which nothing can come back now.
    """
    shop, chosen = shops.current(), sorted(set(lines))
    if by.startswith("customer:") and not shop.buyers_make_gift_links:
        raise GiftLinksNotOffered
    order = Order.objects.for_update().select_related("customer").get(number=order_number)
    views = {view.order_line.pk: view for view in eligibility.returnable(order, at=at)}
    if not chosen:
        raise NothingGiven
    if not set(chosen) <= views.keys():
        raise ForeignLine
    if gone := [views[line].order_line.sku for line in chosen if not views[line].quantity]:
        raise NothingToGiveBack(skus=", ".join(gone))
    alike = GiftLink.objects.filter(order=order, lines=chosen, ended_at=None)
    if standing := alike.filter(expires_at__gt=at).first():
        return standing
    alike.update(ended_at=at)
    ends = max(views[line].until or at + WITHOUT_A_WINDOW for line in chosen)
    link = GiftLink.objects.create(
        order=order, lines=chosen, tells_buyer=shop.tells_buyer_of_gifts, made_by=by, made_at=at, expires_at=ends
    )
    outbox.record(order, "gift.link_made", by=by, at=at, link=link.pk, lines=chosen, expires_at=ends.isoformat())
    return link


@verb
def withdraw_link(order_number: str, link: int, *, by: str, at: datetime) -> GiftLink:
    """The link works no more, nor does a return begun with it and not sent yet. Twice is once. Raises
    Order.DoesNotExist, GiftLink.DoesNotExist for another order's link."""
    order = Order.objects.for_update().get(number=order_number)
    found = GiftLink.objects.get(order=order, pk=link)
    if found.ended_at is None:
        found.ended_at = at
        found.save(update_fields=["ended_at"])
        outbox.record(order, "gift.link_withdrawn", by=by, at=at, link=found.pk)
    return found


def standing(order: Order, *, at: datetime) -> list[GiftLink]:
    """The links of an order that work now, newest first."""
    return list(GiftLink.objects.filter(order=order, ended_at=None, expires_at__gt=at).order_by("-pk"))


def find(ref: UUID, signature: str, *, at: datetime) -> GiftLink:
    """The link of this address, if it works now. Raises GiftLinkEnded."""
    link = GiftLink.objects.filter(ref=ref).select_related("order__customer").first()
    expected = (link or GiftLink()).signature
    # A wrong signature, a link that is not there, and one that ended are told alike (S3).
    right = hmac.compare_digest(expected.encode(), signature.encode())
    if link is None or not right or link.ended_at is not None or link.expires_at <= at:
        raise GiftLinkEnded
    return link


def possible(link: GiftLink, *, at: datetime) -> list[eligibility.LineView]:
    """What of the gift can come back now."""
    views = eligibility.returnable(link.order, at=at)
    return [view for view in views if view.quantity and view.order_line.pk in link.lines]


@verb
def begin(link: GiftLink, recipient: Recipient, *, at: datetime) -> ReturnDraft:
    """Begin a return of whoever says so: a person of their own beside the buyer, once per e-mail address and order.
    Begun twice, it is the same return while it is not sent. Raises GiftLinkEnded."""
    order = Order.objects.for_update().select_related("customer").get(pk=link.order_id)
    link = find(link.ref, link.signature, at=at)  # as it is now that nobody else changes it
    person = _person(order, recipient, at=at)
    begun = open_drafts(order.pk, at - DRAFT_LIFE).filter(recipient=person, gift_link=link).first()
    if begun is not None:
        return begun
    draft = ReturnDraft.objects.create(order=order, recipient=person, gift_link=link, created_at=at, updated_at=at)
    outbox.record(order, "gift.begun", by=person.actor, at=at, link=link.pk, draft=draft.pk)
    return draft


def _person(order: Order, told: Recipient, *, at: datetime) -> Customer:
    known = Customer.objects.with_email(told.email).filter(gift_drafts__order=order, erased_at=None)
    person = known.order_by("pk").first()
    if person is None:
        country = order.country or (order.customer.country if order.customer else "")
        language = order.customer.language if order.customer else "en"
        person = Customer(country=country, language=language, created_at=at)
        person.ensure_key()
    person.name, person.email = told.name, told.email
    person.street, person.city, person.postcode = told.street, told.city, told.postcode
    person.index_personal()
    person.save()
    person.name_words.all().delete()
    NameWord.objects.bulk_create(person.words_of_name())
    return person
