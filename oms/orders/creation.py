"""Placing an order: its lines with their terms frozen, its payments booked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum

from oms import journal, outbox
from oms.models import Customer, Order, OrderLine, Payment, Product
from oms.money import allocate, from_minor, part_of, round_half_up, to_minor
from oms.orders.refusals import NoLines, OrderNumberTaken
from oms.states import OrderKind, OrderSource, PaymentMethod


@dataclass(frozen=True)
class NewLine:
    """One product of a new order. `gross` is what the customer pays for all units, tax and discounts included.

    Left out, `gross` is quantity × unit_price, `tax` the part of it that `tax_rate` (percent) makes.
    """

    product: Product
    quantity: int
    unit_price: Decimal
    gross: Decimal | None = None
    tax: Decimal | None = None
    tax_rate: Decimal = Decimal(0)
    is_final_sale: bool = False
    unit_cost: Decimal | None = None
    description: str = ""


@dataclass(frozen=True)
class NewPayment:
    """Money captured. `captured` left out is the whole order. `carried_from`: value of that payment, not new money."""

    method: PaymentMethod
    provider_id: str = ""
    captured: Decimal | None = None
    carried_from: Payment | None = None


def create(
    *,
    number: str,
    customer: Customer | None,
    lines: Sequence[NewLine],
    payments: Sequence[NewPayment],
    currency: str,
    by: str,
    at: datetime,
    placed_at: datetime | None = None,
    shipping: Decimal = Decimal(0),
    shipping_tax: Decimal = Decimal(0),
    discount: Decimal = Decimal(0),
    kind: OrderKind = OrderKind.SALE,
    market: str = "default",
    country: str = "",
    region: str = "",
) -> Order:
    """Place an order in `currency` and book what was captured for it.

    `discount` is an amount off the whole order: it is allocated over the lines by their gross and frozen there. Amounts
    carry the currency's decimals. Raises NoLines, OrderNumberTaken and MoneyError.
    """
    if not lines:
        raise NoLines
    terms = _discounted([_priced(line, currency) for line in lines], discount, currency)
    with transaction.atomic():
        if Order.objects.filter(number=number).exists():
            raise OrderNumberTaken(number=number)
        items = sum((line.gross for line in terms), Decimal(0))
        order = Order(
            number=number,
            kind=kind,
            source=OrderSource.NATIVE,
            customer=customer,
            placed_at=placed_at or at,
            market=market,
            country=country or (customer.country if customer else ""),
            region=region or (customer.region if customer else ""),
            currency=currency,
            items_total=items,
            shipping_total=shipping,
            shipping_tax=shipping_tax,
            total=items + shipping,
        )
        # The event first: it inserts the order, which the lines refer to; all is of one transaction.
        outbox.record(
            order, "order.placed", by=by, at=at,
            lines=len(terms), total=str(order.total), currency=currency, source=order.source,
        )  # fmt: skip
        OrderLine.objects.bulk_create(_line(order, position, line) for position, line in enumerate(terms, 1))
        taxes, before = _taxes(terms, shipping_tax), Decimal(0)
        for payment in payments:
            before += _capture(order, payment, taxes, before, at=order.placed_at).captured
        return order


def capture(order: Order, new: NewPayment, *, at: datetime) -> Payment:
    """Keep a payment captured for an order that stands already, and book it. Call it under the order's lock."""
    before = order.payments.aggregate(sum=Sum("captured"))["sum"] or Decimal(0)
    return _capture(order, new, _taxes(order.lines.all(), order.shipping_tax), before, at=at)


def _taxes(lines: Iterable[NewLine | OrderLine], shipping_tax: Decimal) -> dict[Decimal | None, Decimal]:
    """The tax of an order by rate in percent; under None that of its shipping, which has no rate of its own."""
    taxes: dict[Decimal | None, Decimal] = {None: shipping_tax}
    for line in lines:
        rate = line.tax_rate or None
        taxes[rate] = taxes.get(rate, Decimal(0)) + (line.tax or Decimal(0))
    return taxes


def _capture(
    order: Order, new: NewPayment, taxes: Mapping[Decimal | None, Decimal], before: Decimal, *, at: datetime
) -> Payment:
    """Book what came in against sales and the tax owed on its share of the order.

    Payments share the taxes cumulatively, each after what came `before` it, so that together they owe exactly these.
    """
    captured = order.total if new.captured is None else new.captured
    payment = Payment.objects.create(
        order=order,
        method=new.method,
        provider_id=new.provider_id,
        currency=order.currency,
        captured=captured,
        captured_at=at,
        carried_from=new.carried_from,
    )
    owed = {
        rate: part_of(tax, order.total, before, captured, order.currency) if order.total else Decimal(0)
        for rate, tax in taxes.items()
    }
    into = journal.Account.EXCHANGES if new.carried_from else journal.paid_into(new.method)
    if captured:
        journal.post(
            f"capture/{order.number}/{payment.pk}",
            [
                (into, captured),
                (journal.Account.SALES, sum(owed.values(), Decimal(0)) - captured),
                *((journal.Account.SALES_TAX, -tax, rate) for rate, tax in owed.items()),
            ],
            currency=order.currency,
            at=at,
            order=order,
        )
    return payment


def tax_within(gross: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return the part of a tax-inclusive amount that is tax at `rate` percent."""
    return round_half_up(gross * rate / (100 + rate), currency)


def _priced(line: NewLine, currency: str) -> NewLine:
    gross = round_half_up(line.unit_price * line.quantity, currency) if line.gross is None else line.gross
    return replace(line, gross=gross)


def _discounted(lines: list[NewLine], discount: Decimal, currency: str) -> list[NewLine]:
    if discount:
        weights = [to_minor(line.gross, currency) for line in lines]
        shares = allocate(to_minor(discount, currency), weights)
        lines = [
            replace(line, gross=line.gross - from_minor(share, currency), tax=None)
            for line, share in zip(lines, shares, strict=True)
        ]
    return [
        replace(line, tax=tax_within(line.gross, line.tax_rate, currency) if line.tax is None else line.tax)
        for line in lines
    ]


def _line(order: Order, position: int, line: NewLine) -> OrderLine:
    return OrderLine(
        order=order,
        position=position,
        product=line.product,
        sku=line.product.sku,
        description=line.description or line.product.title,
        quantity=line.quantity,
        unit_price=line.unit_price,
        gross=line.gross,
        tax=line.tax,
        tax_rate=line.tax_rate,
        unit_cost=line.product.standard_cost if line.unit_cost is None else line.unit_cost,
        is_final_sale=line.is_final_sale or line.product.is_final_sale,
    )
