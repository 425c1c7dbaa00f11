"""One search for everything staff have in their hands: numbers, codes and people.

One hit leads straight to its page; several are listed. E-mail addresses and names only for who may see them, by
whole words (they are stored sealed).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from inventory.models import Unit
from oms.access import may
from oms.identifiers import normalize_number
from oms.models import Customer, Order, Product, Shipment
from oms.roles import allowed
from refunds.models import Refund, StoreCredit
from returns.models import RMA, Parcel

SHOWN = 50
LONGEST = 200


@dataclass(frozen=True)
class Hit:
    """One thing found: what it is, its number, something to tell it by, and its page ("" when there is none)."""

    kind: str
    number: str
    more: str
    url: str


@may("see orders")
def search(request: HttpRequest) -> HttpResponse:
    words = " ".join(request.GET.get("q", "").replace("\0", "").split())[:LONGEST]
    hits = list(dict.fromkeys(_find(words, request.user))) if words else []
    if len(hits) == 1 and hits[0].url:
        return redirect(hits[0].url)
    context = {
        "title": _("Search"),
        "search_words": words,
        "hits": hits[:SHOWN],
        "is_cut": len(hits) > SHOWN,
    }
    return render(request, "orders/search.html", context)


def _find(words: str, user: Any) -> Iterator[Hit]:
    compact = words.upper()
    yield from _orders(Order.objects.filter(number__in={words, compact}))
    yield from _returns(words, compact, user)
    yield from _orders(
        Order.objects.filter(shipments__in=Shipment.objects.filter(tracking_number__in={words, compact}))
    )
    for product in Product.objects.filter(sku__in={words, compact}):
        yield Hit(_("product"), product.sku, product.title, _url("inventory:stock", query=product.sku))
    named = Q(number=normalize_number(words, "U") or compact) | Q(serial__in={words, compact})
    for unit in Unit.objects.filter(named).select_related("product")[:SHOWN]:
        yield Hit(_("unit"), unit.number, unit.product.title, unit.get_absolute_url())
    people = Customer.objects.filter(external_id__in={words, compact}).values("pk")
    if allowed(user, "see personal data"):
        if "@" in words:
            people = people.union(Customer.objects.with_email(words).values("pk"))
        elif any(character.isalpha() for character in words):
            people = people.union(Customer.objects.named(words).values("pk"))
    yield from _orders(Order.objects.filter(customer__in=people))


def _orders(orders: Any) -> Iterator[Hit]:
    for order in orders.order_by("-placed_at", "-id")[: SHOWN + 1]:
        yield Hit(_("order"), order.number, order.country, _url("orders:detail", order.number))


def _returns(words: str, compact: str, user: Any) -> Iterator[Hit]:
    numbers = {words, compact, normalize_number(words, "R") or words}
    visible = RMA.objects.visible_to(user)
    by_parcel = visible.filter(parcels__in=Parcel.objects.filter(tracking_number__in={words, compact}))
    by_document = visible.filter(source_document__in={words, compact})
    for returns in (visible.filter(number__in=numbers), by_parcel, by_document):
        for rma in returns.select_related("order").order_by("-requested_at", "-id")[: SHOWN + 1]:
            more = _("order %(number)s") % {"number": rma.order.number}
            yield Hit(_("return"), rma.number, more, _url("returns:detail", rma.number))
    credits_ = {words, compact, normalize_number(words, "S") or words}
    for account in StoreCredit.objects.visible_to(user).filter(number__in=credits_):
        yield Hit(_("store credit"), account.number, account.currency, _url("refunds:store_credit", account.number))
    if allowed(user, "see refunds"):
        for refund in Refund.objects.filter(number__in={words, compact}):
            yield Hit(_("refund"), refund.number, "", _url("refunds:detail", refund.number))


def _url(name: str, *parts: str, query: str = "") -> str:
    try:
        return reverse(name, args=parts, query={"q": query} if query else None)
    except NoReverseMatch:
        return ""
