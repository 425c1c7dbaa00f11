"""Orders and returns to test with: real rows, nothing mocked. Policy, reasons and warehouse come from migrations.

    order = an_order()                       one line of two mugs, delivered two days before NOON, paid by card
    order = an_order(lines=[Sold(gross="30.00"), Sold(sku="TEA", quantity=3)], delivered_at=None)
    rma = a_return(order)                    asked for through the verb, as the portal does

`NOON` is the moment tests call "now"; time is passed in, never taken from the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import UUID, uuid4

from oms.models import Customer, NameWord, Order, OrderLine, Payment, Product, Shipment, ShipmentLine
from oms.states import PaymentMethod, ShipmentStatus
from refunds.pricing import price_return
from returns import lifecycle
from returns.eligibility import Wanted
from returns.models import RMA, ReturnLine

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # a Monday
_numbers = count(1)


@dataclass(frozen=True)
class Sold:
    """One line to build: `gross` is what the whole line was paid, tax included."""

    sku: str = "MUG"
    title: str = "Blue mug"
    quantity: int = 2
    gross: str = "20.00"
    tax: str = "3.33"
    tax_rate: str = "20"
    unit_cost: str = "3.50"
    category: str = "kitchen"
    final_sale: bool = False
    kit: str = ""
    shipped: int | None = None  # all of it unless told


def a_customer(
    *,
    name: str = "Sam Shopper",
    email: str = "sam@example.test",
    postcode: str = "LE1 5AA",
    street: str = "1 High Street",
    city: str = "Leicester",
    country: str = "United Kingdom",
) -> Customer:
    customer = Customer(
        name=name, email=email, phone="+44 20 7946 0001", street=street, city=city, postcode=postcode, country=country
    )
    customer.ensure_key()
    customer.index_personal()
    customer.save()
    NameWord.objects.bulk_create(customer.words_of_name())
    return customer


def a_product(sold: Sold, *, currency: str = "GBP") -> Product:
    product, _new = Product.objects.get_or_create(
        sku=sold.sku,
        defaults={
            "title": sold.title,
            "category": sold.category,
            "price": Decimal(sold.gross) / sold.quantity,
            "standard_cost": Decimal(sold.unit_cost),
            "currency": currency,
        },
    )
    return product


def an_order(
    *,
    lines: Sequence[Sold] = (Sold(),),
    number: str = "",
    customer: Customer | None = None,
    currency: str = "GBP",
    shipping: str = "0.00",
    placed_at: datetime = NOON - timedelta(days=5),
    shipped_at: datetime | None = NOON - timedelta(days=4),
    delivered_at: datetime | None = NOON - timedelta(days=2),
    method: str = PaymentMethod.CARD,
    provider_id: str = "",
) -> Order:
    """An order paid in one payment and sent in one parcel; `shipped_at=None` leaves it unsent."""
    unique = next(_numbers)
    items = sum((Decimal(sold.gross) for sold in lines), Decimal(0))
    order = Order.objects.create(
        number=number or f"T{unique:05d}",
        customer=customer or a_customer(),
        placed_at=placed_at,
        country="United Kingdom",
        currency=currency,
        items_total=items,
        shipping_total=Decimal(shipping),
        total=items + Decimal(shipping),
    )
    sent = shipped_at is not None
    built = [_a_line(order, position, sold, sent=sent) for position, sold in enumerate(lines, start=1)]
    Payment.objects.create(
        order=order,
        method=method,
        provider_id=provider_id or f"ch_test_{uuid4().hex}",
        currency=currency,
        captured=order.total,
        captured_at=placed_at,
    )
    if shipped_at is not None:
        _a_shipment(order, built, shipped_at, delivered_at, unique)
    return order


def _a_line(order: Order, position: int, sold: Sold, *, sent: bool) -> OrderLine:
    shipped = sold.quantity if sold.shipped is None else sold.shipped
    return OrderLine.objects.create(
        order=order,
        position=position,
        product=a_product(sold, currency=order.currency),
        sku=sold.sku,
        description=sold.title,
        quantity=sold.quantity,
        unit_price=Decimal(sold.gross) / sold.quantity,
        gross=Decimal(sold.gross),
        tax=Decimal(sold.tax),
        tax_rate=Decimal(sold.tax_rate),
        unit_cost=Decimal(sold.unit_cost),
        is_final_sale=sold.final_sale,
        kit=sold.kit,
        shipped=shipped if sent else 0,
    )


def _a_shipment(
    order: Order, lines: list[OrderLine], shipped_at: datetime, delivered_at: datetime | None, unique: int
) -> Shipment:
    shipment = Shipment.objects.create(
        order=order,
        carrier="Royal Mail",
        tracking_number=f"OUT{unique:08d}",
        status=ShipmentStatus.DELIVERED if delivered_at else ShipmentStatus.SHIPPED,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
    )
    ShipmentLine.objects.bulk_create(
        ShipmentLine(shipment=shipment, order_line=line, quantity=line.shipped) for line in lines if line.shipped
    )
    return shipment


def a_return(
    order: Order,
    *,
    quantity: int = 1,
    reason: str = "changed_mind",
    condition: str = "opened",
    at: datetime = NOON,
    form_token: UUID | None = None,
    note: str = "",
    resolution: str = "refund",
) -> RMA:
    """Ask for `quantity` of the order's first line back; the policy decides as it would for anybody."""
    line = order.lines.order_by("position").first()
    return lifecycle.request(
        order.number,
        [Wanted(line.pk, quantity, reason, condition)],
        resolution=resolution,
        price=price_return,
        form_token=form_token or uuid4(),
        by=order.customer.actor,
        at=at,
        note=note,
    )


def the_line(rma: RMA) -> ReturnLine:
    """The only line of this return."""
    return rma.lines.get()
