"""Sending back what one was given: a link for an order, and who holds it gets store credit of their own (p15).

The token is the whole right; of it only a hash is kept. Who opens it sees no price, and the buyer is told nothing.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from oms import outbox
from oms.models import Customer, NameWord, Order
from oms.verbs import verb
from returns import eligibility
from returns.lookups import DRAFT_LIFE, open_drafts
from returns.models import GiftLink, ReturnDraft
from returns.refusals import GiftLinkEnded, NothingToGiveBack

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
def make_link(order_number: str, *, by: str, at: datetime) -> tuple[GiftLink, str]:
    """A link that works while anything of the order can come back; the one before ends. Returns it with its token,
    which is known here and now only. Raises Order.DoesNotExist, NothingToGiveBack."""
    order = Order.objects.for_update().select_related("customer").get(number=order_number)
    possible = [view for view in eligibility.returnable(order, at=at) if view.quantity]
    if not possible:
        raise NothingToGiveBack(number=order.number)
    ends = max(view.until or at + WITHOUT_A_WINDOW for view in possible)
    GiftLink.objects.filter(order=order, ended_at=None).update(ended_at=at)
    token = secrets.token_urlsafe(24)
    link = GiftLink.objects.create(order=order, token_hash=_hashed(token), made_by=by, made_at=at, expires_at=ends)
    outbox.record(order, "gift.link_made", by=by, at=at, link=link.pk, expires_at=ends.isoformat())
    return link, token


def find(token: str, *, at: datetime) -> GiftLink:
    """The link that holds this token now. Raises GiftLinkEnded."""
    found = GiftLink.objects.filter(token_hash=_hashed(token), ended_at=None, expires_at__gt=at)
    link = found.select_related("order__customer").first()
    if link is None:
        raise GiftLinkEnded
    return link


@verb
def begin(token: str, recipient: Recipient, *, at: datetime) -> ReturnDraft:
    """Begin a return of whoever says so: a person of their own beside the buyer, once per e-mail address and order.
    Begun twice, it is the same return while it is not sent. Raises GiftLinkEnded."""
    link = find(token, at=at)
    order = Order.objects.for_update().select_related("customer").get(pk=link.order_id)
    link = find(token, at=at)  # as it is now that nobody else changes it
    person = _person(order, recipient, at=at)
    begun = open_drafts(order.pk, at - DRAFT_LIFE).filter(recipient=person).first()
    if begun is not None:
        return begun
    draft = ReturnDraft.objects.create(order=order, recipient=person, created_at=at, updated_at=at)
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


def _hashed(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
