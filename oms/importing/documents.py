"""What a layout makes of rows: sales and credit notes, checked and in UTC."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from oms.states import OrderSource, PaymentMethod

ZERO = Decimal(0)


class SaleLine(NamedTuple):
    """`gross`: what was paid for all units, tax and discounts included, in the currency's decimals."""

    sku: str
    description: str
    quantity: int
    unit_price: Decimal
    gross: Decimal
    tax: Decimal = ZERO
    tax_rate: Decimal = ZERO
    is_final_sale: bool = False
    category: str = ""
    style: str = ""
    options: tuple[tuple[str, str], ...] = ()  # (("Color", "red"), ("Size", "M"))
    kit: str = ""  # name of the kit it is a part of
    serials: tuple[str, ...] = ()  # of pieces that went out; at most one each
    lot: str = ""  # all pieces are of it
    is_hazardous: bool = False
    weight_grams: int = 0  # of one as packed; 0: not told, as below
    longest_cm: int = 0


class SoldPieces(NamedTuple):
    """Which pieces went out with an order line: their serials, or the lot all of them are of."""

    order_line: int
    product: int
    quantity: int
    serials: tuple[str, ...]
    lot: str
    sold_at: datetime


@dataclass(slots=True)
class Buyer:
    """Who bought, as far as the file says. Nothing is invented."""

    external_id: str
    country: str
    region: str = ""
    name: str = ""
    email: str = ""
    phone: str = ""
    street: str = ""
    city: str = ""
    postcode: str = ""


@dataclass
class Sale:
    """One order. `line` is where it starts in the file."""

    line: int
    number: str
    placed_at: datetime
    buyer: Buyer | None
    country: str
    currency: str
    lines: list[SaleLine]
    region: str = ""
    source: OrderSource = OrderSource.IMPORTED
    shipping: Decimal = ZERO
    shipping_tax: Decimal = ZERO
    discount: Decimal = ZERO  # off the whole order; its shares are in the lines already
    discount_minimum: Decimal = ZERO  # of goods before it; 0: the discount asked for none
    discount_label: str = ""
    promotions: str = ""  # as JSON, "" without: see Order.promotions
    prices_include_tax: bool = True
    payment_method: PaymentMethod | None = PaymentMethod.IMPORTED  # None: nothing captured yet
    payment_id: str = ""
    credit: str = ""  # store credit that pays `credit_amount` of it, the method the rest
    credit_amount: Decimal = ZERO
    is_shipped: bool = True
    shipped_at: datetime | None = None  # known: a shipment is kept
    delivered_at: datetime | None = None
    carrier: str = ""
    tracking: str = ""

    @cached_property
    def total(self) -> Decimal:
        """What it costs, shipping included. For when its lines are whole."""
        return sum((line.gross for line in self.lines), self.shipping + ZERO)


class CreditLine(NamedTuple):
    """`quantity` is positive; `amount` is what the note gave for all units."""

    sku: str
    description: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    is_goods: bool


@dataclass(slots=True)
class CreditNote:
    line: int
    document: str
    credited_at: datetime
    customer: str  # the external number, "" when unknown
    country: str
    currency: str
    lines: list[CreditLine] = field(default_factory=list)
