"""What a request is promised: its units in the words prices are asked in, and the inputs frozen with the quote.

The refund after inspection is the same function on the same inputs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from oms.models import Order, OrderLine
from oms.models.claims import Units
from oms.money import amount_text
from oms.orders.creation import tax_within
from oms.units import without
from returns import policy, promotions, taken
from returns.eligibility.file import FULL, ZERO, OrderFile, Wanted, declared, pays
from returns.pricing import SHIPPING, UnitsToPrice


def to_price(file: OrderFile, one: Wanted, units: Units) -> UnitsToPrice:
    line, condition = file.lines[one.order_line_id], declared(file, one)
    gross, tax = _paid(file, line)
    percent = pays(file, file.reasons[one.reason])[condition.code] if condition else FULL
    return UnitsToPrice(
        key=str(line.pk),
        description=line.description,
        line_gross=gross,
        line_tax=tax,
        line_quantity=line.quantity,
        units=units,
        payout_percent=percent,
        tax_rate=line.tax_rate,
    )


def _paid(file: OrderFile, line: OrderLine) -> tuple[Decimal, Decimal]:
    """What a line was paid and the tax in it; with discounts that were taken back from it, without them."""
    gross, tax = line.gross, line.tax
    for one in _promotions(file) if file.lost else ():
        if one.label in file.lost:
            gross, tax = gross + one.shares[str(line.pk)].gross, tax + one.shares[str(line.pk)].tax
    return gross, tax


def shipping_to_price(order: Order, lines: Iterable[OrderLine]) -> UnitsToPrice:
    """What was paid for sending, as one unit with a tax of its own; its rate is that of the goods it fits."""
    gross, tax = order.shipping_total, order.shipping_tax
    rates = [line.tax_rate for line in lines if tax_within(gross, line.tax_rate, order.currency) == tax]
    return UnitsToPrice(SHIPPING, "", gross, tax, 1, ((0, 1),), FULL, rates[0] if rates else ZERO)


def lost_with(file: OrderFile, units: Mapping[int, Units]) -> list[promotions.Lost]:
    """Discounts that what stays after this return no longer reaches, and no earlier return took back."""
    refused: dict[int, Units] = {}
    for of_return in taken.not_taken(file.order).values() if file.order.promotions else ():
        for pk, part in of_return.items():
            refused[pk] = (*refused.get(pk, ()), *part)
    staying = [
        promotions.Staying(
            key=str(pk),
            gross=line.gross,
            tax_rate=line.tax_rate,
            quantity=line.quantity,
            units=without(file.free[pk], units.get(pk, ())),
            refused=refused.get(pk, ()),
        )
        for pk, line in file.lines.items()
    ]
    standing_ones = [one for one in _promotions(file) if one.label not in file.lost]
    return promotions.lost_by(standing_ones, staying, file.order.currency)


def charged(lost: Iterable[promotions.Lost]) -> Iterator[policy.Fee]:
    for one in lost:
        for rate, amount in one.charged.items():
            yield policy.Fee(promotions.CODE, amount=amount, tax_rate=rate or None)


def told(lost: promotions.Lost, currency: str) -> dict[str, str]:
    minimum, stays = lost.promotion.minimum, lost.stays
    return {
        "label": lost.promotion.label,
        "minimum": amount_text(minimum, currency),
        "stays": amount_text(stays, currency),
        "fees": str(len(lost.charged)),
    }


def _promotions(file: OrderFile) -> list[promotions.Promotion]:
    return promotions.promotions_of(file.order.promotions, [str(pk) for pk in file.lines])


def inputs_of(
    file: OrderFile, wanted: Sequence[Wanted], units: Mapping[int, Units], fees: Sequence[policy.Fee]
) -> dict[str, Any]:
    """What the quote was made from, frozen with it: the refund after inspection is the same function on these."""
    return {
        "lines": {
            str(one.order_line_id): {
                "units": [list(part) for part in units.get(one.order_line_id, ())],
                "reason": one.reason,
                "declared": getattr(declared(file, one), "code", ""),
                **_basis(file, file.lines[one.order_line_id]),
                "pays": {code: f"{percent:f}" for code, percent in pays(file, file.reasons[one.reason]).items()},
            }
            for one in wanted
        },
        "fees": [
            {
                "code": fee.code,
                "amount": None if fee.amount is None else f"{fee.amount:f}",
                "percent": None if fee.percent is None else f"{fee.percent:f}",
                "per": fee.per,
                "maximum": None if fee.maximum is None else f"{fee.maximum:f}",
                "tax_rate": None if fee.tax_rate is None else f"{fee.tax_rate:f}",
                "lines": list(fee.lines),
            }
            for fee in fees
        ],
    }


def _basis(file: OrderFile, line: OrderLine) -> dict[str, str]:
    """What the units are parts of, where it is not what the line was paid."""
    if not file.lost:
        return {}
    gross, tax = _paid(file, line)
    return {"gross": amount_text(gross, file.order.currency), "tax": amount_text(tax, file.order.currency)}
