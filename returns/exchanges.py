"""What may go out instead of what comes back, and at which price (R85, rule 9).

The page that offers it and `lifecycle.request` ask here, so nothing can be chosen that the verb refuses (p51).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from inventory import reservations
from oms.models import OrderLine, Product
from oms.models.claims import Units
from oms.money import amount_text, round_half_up, units_value
from oms.orders import NewLine
from oms.orders.creation import tax_within
from oms.units import count
from returns.eligibility import OrderFile, Wanted
from returns.models import RMA, ReturnLine
from returns.policy.exchange import EXCHANGE, REPLACEMENT, RESERVED_DAYS, ExchangeTerms, Scope, terms_of
from returns.refusals import NotExchangeable, NothingInstead
from returns.states import ReleaseAt, Resolution

ZERO = Decimal(0)
GOODS = (Resolution.EXCHANGE, Resolution.REPLACEMENT)
_KINDS = {Resolution.EXCHANGE: EXCHANGE, Resolution.REPLACEMENT: REPLACEMENT}


@dataclass(frozen=True, slots=True)
class Instead:
    """For the units of one order line: this product, as many."""

    order_line_id: int
    product_id: int


@dataclass(frozen=True, slots=True)
class NewGoods:
    """One line of what goes out. `gross` is the price of all units, `tax` what of it is tax; 0 for a replacement."""

    instead_of: OrderLine
    product: Product
    quantity: int
    gross: Decimal
    tax: Decimal

    def to_order(self) -> NewLine:
        return NewLine(
            product=self.product,
            quantity=self.quantity,
            unit_price=self.gross / self.quantity,
            gross=self.gross,
            tax=self.tax,
            tax_rate=self.instead_of.tax_rate,
            description=title_of(self.product),
        )


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Everything that goes out because of a return, what it costs, and when it may leave."""

    goods: tuple[NewGoods, ...]
    release_at: ReleaseAt
    held_for: timedelta

    @property
    def gross(self) -> Decimal:
        return sum((one.gross for one in self.goods), ZERO)

    @property
    def tax(self) -> Decimal:
        return sum((one.tax for one in self.goods), ZERO)

    def to_json(self, currency: str) -> dict[str, Any]:
        """As stored in the quote of the return: what the customer agreed to."""
        return {
            "lines": [
                {
                    "sku": one.product.sku,
                    "description": title_of(one.product),
                    "quantity": one.quantity,
                    "gross": amount_text(one.gross, currency),
                    "instead_of": one.instead_of.pk,
                }
                for one in self.goods
            ],
            "gross": amount_text(self.gross, currency),
            "tax": amount_text(self.tax, currency),
            "release_at": self.release_at.value,
        }


def title_of(product: Product) -> str:
    """Its title with its options, unless the title names them."""
    said = all(str(value).casefold() in product.title.casefold() for value in product.options.values())
    return product.title if said else f"{product.title}, {product.option}"


def terms_for(file: OrderFile, line: OrderLine, resolution: str) -> ExchangeTerms | None:
    """What the policy grants for a line, None when it does not; `resolution` is exchange or replacement."""
    kind = _KINDS.get(Resolution(resolution))
    if kind is None or line.product is None:
        return None
    return terms_of(file.policy.rules, kind, line.product.category)


def choices(line: OrderLine, scope: Scope, currency: str) -> "QuerySet[Product]":
    """Products a line may be exchanged for, whether there are any now or not."""
    sold, goods = line.product, Product.objects.filter(is_merchandise=True, currency=currency, price__isnull=False)
    if sold is None:
        return goods.none()
    goods = goods.exclude(pk=sold.pk).order_by("title", "sku")
    if scope == Scope.SAME_PRODUCT:
        return goods.filter(style=sold.style) if sold.style else goods.none()
    if scope == Scope.SAME_PRICE:
        return goods.filter(price=sold.price) if sold.price is not None else goods.none()
    return goods.filter(category=sold.category) if scope == Scope.CATEGORY else goods


def anything_to_choose(line: OrderLine, scope: Scope, currency: str) -> bool:
    """Whether something of it is on the shelves now."""
    if line.product is None or (scope == Scope.SAME_PRODUCT and not line.product.style):
        return False
    return bool(reservations.available(choices(line, scope, currency).order_by()))


def price(line: OrderLine, product: Product, units: Units, currency: str) -> tuple[Decimal, Decimal]:
    """Gross and tax of so many units of `product` instead of `units` of a line.

    What is sold at the same price costs what was paid, so that a discount of then is no debt of now; all else costs its
    price. Both legs are taxed at the rate of the line.
    """
    sold = line.product
    if sold is not None and sold.price is not None and product.price == sold.price:
        gross, tax = (_value(total, line.quantity, units, currency) for total in (line.gross, line.tax))
        return gross, tax
    gross = round_half_up((product.price or ZERO) * count(units), currency)
    return gross, tax_within(gross, line.tax_rate, currency)


def _value(total: Decimal, quantity: int, units: Units, currency: str) -> Decimal:
    return sum((units_value(total, quantity, first, last, currency) for first, last in units), ZERO)


def outgoing(
    file: OrderFile,
    wanted: Sequence[Wanted],
    units: Mapping[int, Units],
    instead: Sequence[Instead],
    resolution: str,
) -> Outgoing | None:
    """What goes out for this request; None when nothing does. Availability is asked when it is set aside.

    A line without a choice is paid back. Raises NothingInstead, NotExchangeable.
    """
    if resolution not in GOODS:
        return None
    if resolution == Resolution.REPLACEMENT:
        return _again(file, wanted, units)
    chosen = {one.order_line_id: one.product_id for one in instead}
    if not chosen:
        raise NothingInstead
    if not set(chosen) <= set(units):
        raise NotExchangeable(sku="", wanted="")
    goods, terms = [], []
    for line_id, product_id in sorted(chosen.items()):
        line = file.lines[line_id]
        granted = terms_for(file, line, resolution)
        product = None
        if granted is not None:
            product = choices(line, granted.scope, file.order.currency).filter(pk=product_id).first()
        if granted is None or product is None:
            named = Product.objects.filter(pk=product_id).first()
            raise NotExchangeable(sku=line.sku, wanted=named.sku if named else product_id)
        gross, tax = price(line, product, units[line_id], file.order.currency)
        goods.append(NewGoods(line, product, count(units[line_id]), gross, tax))
        terms.append(granted)
    return Outgoing(tuple(goods), ReleaseAt.MONEY, _longest(terms))


def _again(file: OrderFile, wanted: Sequence[Wanted], units: Mapping[int, Units]) -> Outgoing:
    """The same things once more, at no charge (R110)."""
    goods, terms = [], []
    for one in wanted:
        line = file.lines[one.order_line_id]
        granted = terms_for(file, line, Resolution.REPLACEMENT)
        if granted is None or one.order_line_id not in units:
            raise NotExchangeable(sku=line.sku, wanted=line.sku)
        goods.append(NewGoods(line, line.product, one.quantity, ZERO, ZERO))
        terms.append(granted)
    latest = max((one.release_at for one in terms), key=tuple(ReleaseAt).index)
    return Outgoing(tuple(goods), latest, _longest(terms))


def for_return(rma: RMA, instead: Sequence[Instead], scope: Scope | None = None) -> Outgoing:
    """What goes out for a return that is under way. `scope` None: a person decides, so anything we sell may be taken.

    Raises NothingInstead, NotExchangeable.
    """
    lines = {one.order_line_id: one for one in rma.lines.select_related("order_line__product", "claim")}
    if not instead:
        raise NothingInstead
    goods = []
    for one in instead:
        line = lines.get(one.order_line_id)
        sold = line.order_line if line is not None and line.claim is not None else None
        offered = choices(sold, scope or Scope.ANY, rma.currency) if sold else Product.objects.none()
        product = offered.filter(pk=one.product_id).first()
        if line is None or sold is None or product is None:
            named = Product.objects.filter(pk=one.product_id).first()
            raise NotExchangeable(sku=sold.sku if sold else "?", wanted=named.sku if named else one.product_id)
        gross, tax = price(sold, product, line.claim.units, rma.currency)
        goods.append(NewGoods(sold, product, line.quantity, gross, tax))
    return Outgoing(tuple(goods), ReleaseAt.MONEY, timedelta(days=RESERVED_DAYS))


def once_more(lines: Sequence[ReturnLine]) -> Outgoing:
    """The same things again because a person says so, when the first ones were seen. Raises NotExchangeable."""
    for line in lines:
        if line.order_line.product is None:
            raise NotExchangeable(sku=line.order_line.sku, wanted=line.order_line.sku)
    goods = (NewGoods(one.order_line, one.order_line.product, one.quantity, ZERO, ZERO) for one in lines)
    return Outgoing(tuple(goods), ReleaseAt.INSPECTION, timedelta(days=RESERVED_DAYS))


def _longest(terms: Sequence[ExchangeTerms]) -> timedelta:
    return timedelta(days=max(one.days for one in terms))
