"""The JSON that `manage.py value_stock` reads and prints."""

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from inventory.valuation import Method, Op, StockEvent, Valuation, ValuationRefused, value_events
from oms.money import MoneyError, parse_number
from oms.strict_json import LARGEST_COUNT, Malformed, Reader, error, read_json

_KEYS = {
    Op.RECEIVE: ("op", "qty", "unit_cost"),
    Op.ISSUE: ("op", "qty", "lot"),
    Op.RETURN: ("op", "qty", "of"),
    Op.VENDOR_RETURN: ("op", "qty", "of"),
}
# Amounts that have no end are shown with so many decimals; all others exactly, with two at least.
_DECIMALS = Decimal("1e-12")
_WIDE = Context(prec=80, rounding=ROUND_HALF_UP)


def value_text(text: str, method: str | None = None) -> dict[str, Any]:
    """The valuation of one JSON text, or `{"error": {"code", "message"}}`; `method` beats the one in the text.

    Raises Unreadable when it is not JSON.
    """
    asked = read_json(text)
    try:
        return _render(_value(asked, method))
    except (ValuationRefused, Malformed) as refusal:
        return error(refusal.code, str(refusal))


def _value(asked: Any, method: str | None) -> Valuation:
    top = Reader(asked, "input", ("method", "events"))
    named = top.choice("method", tuple(Method)) if method is None or top.has("method") else method
    events = [_event(item, place, at) for at, (item, place) in enumerate(top.items("events", required=True))]
    return value_events(events, Method(method or named))


def _event(item: Any, place: str, at: int) -> StockEvent:
    named = Reader(item, place, ("op", "qty", "unit_cost", "of", "lot")).choice("op", tuple(Op))
    op = Op(named)
    event = Reader(item, place, _KEYS[op])
    return StockEvent(
        op,
        _quantity(event),
        _number(event, "unit_cost") if op is Op.RECEIVE else Decimal(0),
        event.count("of") if "of" in _KEYS[op] else None,
        event.count("lot") if event.has("lot") else None,
    )


def _quantity(event: Reader) -> Decimal:
    """A whole number or a decimal text."""
    value = event.require("qty")
    if isinstance(value, str):
        return _number(event, "qty")
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed("wrong_type", f"{event.place}.qty must be a whole number or a decimal text.")
    if abs(value) > LARGEST_COUNT:
        raise Malformed("bad_amount", f"{event.place}.qty is more than {LARGEST_COUNT}.")
    return Decimal(value)


def _number(event: Reader, key: str) -> Decimal:
    try:
        return parse_number(event.require(key))
    except MoneyError as problem:
        raise Malformed("bad_amount", f"{event.place}.{key}: {problem}") from None


def _render(valuation: Valuation) -> dict[str, Any]:
    return {
        "events": [
            {
                "cost": _amount(row.cost),
                "unit_cost": _amount(row.unit_cost),
                "average": None if row.average is None else _amount(row.average),
            }
            for row in valuation.events
        ],
        "qty": _shown_quantity(valuation.quantity),
        "value": _amount(valuation.value),
        "cogs": _amount(valuation.cogs),
    }


def _amount(amount: Decimal) -> str:
    """600.00, 0.125, 8.333333333333."""
    shown = f"{amount.quantize(_DECIMALS, context=_WIDE):f}"
    whole, _point, decimals = shown.partition(".")
    return f"{whole}.{decimals.rstrip('0').ljust(2, '0')}"


def _shown_quantity(quantity: Decimal) -> int | str:
    return int(quantity) if quantity == quantity.to_integral_value() else f"{quantity.normalize():f}"
