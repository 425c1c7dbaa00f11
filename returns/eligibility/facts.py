"""The facts of an order's file, as the policy is asked with them."""

from decimal import Decimal
from typing import Any

from oms.models import OrderLine
from oms.models.claims import Units
from oms.money import units_value
from oms.units import count, lowest
from returns import policy
from returns.eligibility.file import OrderFile, Wanted, declared, is_goods, left


def order_facts(file: OrderFile) -> policy.OrderFacts:
    order = file.order
    shipped = [shipped_at for shipped_at, _delivered in file.travels.values()]
    delivered = [delivered_at for _shipped, delivered_at in file.travels.values()]
    return policy.OrderFacts(
        number=order.number,
        placed_at=order.placed_at,
        market=order.market,
        value=order.total,
        currency=order.currency,
        shipped_at=max(shipped, default=None),
        delivered_at=max((at for at in delivered if at), default=None),
        methods=file.methods,
        shipping=file.shipping,
        has_promotions=bool(order.promotions),
        units_left=sum(count(units) for pk, units in file.free.items() if is_goods(file.lines[pk])),
    )


def line_facts(file: OrderFile, line: OrderLine, one: Wanted | None = None) -> policy.LineFacts:
    free = file.free[line.pk]
    shipped_at, delivered_at = file.travels.get(line.pk, (None, None))
    facts: dict[str, Any] = {}
    if one is not None:
        reason, condition = file.reasons[one.reason], declared(file, one)
        facts = {
            "requested": one.quantity,
            "reason": reason.code,
            "our_fault": reason.is_our_fault,
            "condition": condition.code if condition else "",
            "asks_condition": reason.asks_condition,
            "value": _value(line, lowest(free, min(one.quantity, count(free))), file.order.currency),
            "photos": one.photos,
        }
    return policy.LineFacts(
        key=str(line.pk),
        sku=line.sku,
        quantity=line.quantity,
        returnable=left(file, line),
        category=line.product.category if line.product else "",
        hazardous=line.product is not None and line.product.is_hazardous,
        grams=line.product.weight_grams if line.product else 0,
        longest_cm=line.product.longest_cm if line.product else 0,
        final_sale=line.is_final_sale,
        unshipped=line.quantity - line.shipped - line.canceled,
        canceled=line.canceled,
        shipped_at=shipped_at,
        delivered_at=delivered_at,
        **facts,
    )


def _value(line: OrderLine, units: Units, currency: str) -> Decimal:
    parts = (units_value(line.gross, line.quantity, first, last, currency) for first, last in units)
    return sum(parts, Decimal(0))
