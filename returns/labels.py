"""Getting a label from the carrier for a parcel that wants one. Called outside transactions only."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from inventory.models import Warehouse
from oms.countries import code_of
from oms.models import Customer, Order, Product
from oms.money import Money
from oms.prepared import prepared
from returns import lifecycle
from returns.carriers import easypost, preferences
from returns.carriers.base import Address, BoughtLabel, Carrier, Customs, CustomsItem, ParcelSpec, Rate
from returns.carriers.choice import Sent, choose
from returns.lifecycle.parcels import Bought
from returns.models import RMA, Parcel, ReturnLine
from returns.parcels import PLAN, Packed, crosses_border, packed
from returns.states import LabelHold, ParcelStatus

OUNCES_PER_GRAM = Decimal("0.03527396195")


@prepared
def _wanted(parcel: int) -> QuerySet[Parcel]:
    wanted = Parcel.objects.select_related("rma__order__customer", "rma__warehouse").annotate(plan=PLAN)
    return wanted.filter(pk=parcel)


def buy_label(parcel_id: int, *, at: datetime, carrier: Carrier | None = None) -> Parcel:
    """Ask for rates, keep the shipment, buy its label, keep the label: safe to repeat at every step (p18).

    Raises CarrierError; what was reached is kept and the next call goes on from there.
    """
    carrier = carrier or easypost.from_settings()
    parcel = _wanted.one(parcel_id)
    if parcel.status != ParcelStatus.WANTED or parcel.held_for == LabelHold.PICKUP:
        return parcel
    rma = parcel.rma
    if not parcel.shipment_id:
        here, there = shop_at(rma.warehouse), address_of(rma.sender, rma.order)
        goods = packed({one["line"]: one["quantity"] for one in parcel.plan}, _lines(rma))
        grams = sum(_grams(one) for one in goods)
        customs = None
        if crosses_border(rma):
            if without_papers(rma, goods):
                return lifecycle.hold_label(parcel_id, LabelHold.CUSTOMS, by="system", at=at)
            customs = customs_of(rma, goods)
        quotes = carrier.rates(here, there, weighing(grams), reference=f"parcel-{parcel.pk}", customs=customs)
        sent = Sent(
            there.country, here.country, grams, sum((_value(rma, one) for one in goods), Decimal(0)), rma.order.market
        )
        rate, choice = choose(quotes.rates, sent, preferences.in_force(), quotes.trouble)
        parcel = lifecycle.note_shipment(
            parcel_id,
            shipment_id=quotes.shipment_id,
            rate_id=rate.id,
            choice=choice,
            offers=[_offer(one) for one in quotes.rates],
        )
    label = carrier.buy(parcel.shipment_id, parcel.rate_id)
    bought = bought_of(label, parcel.choice, abroad=crosses_border(rma))
    return lifecycle.label(parcel_id, bought, by="carrier", at=at)


def bought_of(label: BoughtLabel, choice: str, *, abroad: bool = False) -> Bought:
    """A label as the carrier sold it, with the sentence why this one."""
    return Bought(
        carrier=label.carrier,
        service=label.service,
        choice=choice,
        tracking_number=label.tracking_number,
        tracking_url=label.tracking_url,
        price=label.price,
        currency=label.currency,
        content=label.label_content,
        content_type=label.label_type,
        abroad=abroad,
    )


def shop_at(house: Warehouse) -> Address:
    """Our own address at this warehouse."""
    return Address(
        name=house.name,
        street1=house.street,
        city=house.city,
        state=house.region,
        zip=house.postcode,
        country=house.country,
        phone=house.phone,
    )


def address_of(person: Customer | None, order: Order) -> Address:
    """Where this person has the goods of the order (R52)."""
    if person is None:
        return Address(name="", street1="", city="", country=code_of(order.country))
    return Address(
        name=person.name,
        street1=person.street,
        city=person.city,
        state=person.region,
        zip=person.postcode,
        country=code_of(order.country or person.country),
        phone=person.phone,
    )


def without_papers(rma: RMA, goods: Sequence[Packed]) -> list[Packed]:
    """Goods of which customs would ask what we cannot say: their tariff number, where they were made; of a gift, what
    they sell for."""
    is_gift = rma.recipient_id is not None
    unpriced = [one for one in goods if is_gift and declared(rma, one).amount <= 0]
    return [one for one in goods if one in unpriced or not _is_told(one.line.order_line.product)]


def _is_told(product: Product | None) -> bool:
    return product is not None and bool(product.hs_code and product.origin_country)


def declared(rma: RMA, one: Packed) -> Money:
    """What customs are told these goods are worth: what was paid, and of a gift what they sell for now.

    The papers travel with who sends them, on the label itself with many carriers, so what the buyer paid cannot stand
    there. It need not: goods that go back are not sold for export, and only then is the price paid their value
    (Agreement on Implementation of Article VII of GATT 1994, articles 1 to 3: else the value of like goods).
    """
    line, product = one.line.order_line, one.line.order_line.product
    if rma.recipient_id is None:
        return Money.rounded(line.gross * one.quantity / line.quantity, rma.currency)
    if product is None or product.price is None:
        return Money.zero(rma.currency)
    return Money.rounded(product.price * one.quantity, product.currency)


def customs_of(rma: RMA, goods: Sequence[Packed]) -> Customs:
    """What the papers of these goods say. Each has a product with what customs ask for."""
    person = rma.sender
    items = []
    for one in goods:
        line, product = one.line.order_line, one.line.order_line.product
        assert product is not None
        ounces = (_grams(one) * OUNCES_PER_GRAM).quantize(Decimal("0.1"))
        worth = declared(rma, one)
        items.append(
            CustomsItem(
                description=line.description,
                quantity=one.quantity,
                value=worth.amount,
                currency=worth.currency,
                weight_oz=max(Decimal("0.1"), ounces),
                hs_code=product.hs_code,
                origin=product.origin_country,
                sku=line.sku,
            )
        )
    explanation = f"Returned goods, order {rma.order.number}, return {rma.number}"
    return Customs(signer=person.name if person else "", explanation=explanation, items=tuple(items))


def _lines(rma: RMA) -> list[ReturnLine]:
    lines = _lines_of(rma.pk)
    for line in lines:
        line.rma = rma
    return lines


@prepared
def _lines_of(rma: int) -> QuerySet[ReturnLine]:
    return ReturnLine.objects.filter(rma=rma).select_related("order_line__product").order_by("pk")


def _grams(one: Packed) -> int:
    product = one.line.order_line.product
    return one.quantity * (product.weight_grams if product else 500)


def _value(rma: RMA, one: Packed) -> Decimal:
    """What these goods were worth to the customer, before fees."""
    quoted = (row for row in rma.quote.get("lines", ()) if row["key"] == str(one.line.order_line_id))
    return sum((Decimal(row["value"]) for row in quoted), Decimal(0)) * one.quantity / one.line.quantity


def _offer(rate: Rate) -> dict[str, Any]:
    return {
        "carrier": rate.carrier,
        "service": rate.service,
        "price": str(rate.price),
        "currency": rate.currency,
        "days": rate.days,
    }


def weighing(grams: int) -> ParcelSpec:
    return ParcelSpec(weight_oz=max(Decimal(1), (grams * OUNCES_PER_GRAM).quantize(Decimal("0.1"))))
