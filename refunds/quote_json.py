"""The JSON that `manage.py quote_refund` and `manage.py allocate` read and print."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from oms.money import MoneyError, allocate, amount_text, exponent
from oms.strict_json import Malformed, Reader, error, read_json
from refunds.amounts.fees import BASES, PER_RETURN, FeeTerm
from refunds.amounts.order import Case, LineReturn, OrderTerms, PricedLine, PricedShipping, ReturnTerms
from refunds.amounts.quote import QuotedLine
from refunds.amounts.sequence import SettledReturn, Settlement, settle_case
from refunds.refusals import AmountRefused
from refunds.tenders import METHODS, OLDEST_FIRST, PaymentTerms, TenderOrder


def quote_text(text: str) -> dict[str, Any]:
    """The answer to one JSON text: `{"quotes": …, "refundable_left": …}` or `{"error": {"code", "message"}}`.

    Raises Unreadable when it is not JSON.
    """
    return quote_value(read_json(text))


def quote_value(asked: Any) -> dict[str, Any]:
    """The same for JSON that is already read."""
    return _answer(asked, lambda asked: render(settle_case(parse_case(asked)), asked["currency"]))


def allocate_text(text: str) -> dict[str, Any]:
    """The answer to `{"total": 10, "weights": [1, 2]}`: `{"shares": […]}` or an error. Raises Unreadable."""
    return _answer(read_json(text), lambda asked: {"shares": _shares(asked)})


def _answer(asked: Any, make: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
    try:
        return make(asked)
    except (AmountRefused, Malformed) as refusal:
        return error(refusal.code, str(refusal))
    except MoneyError as refusal:
        return error("bad_amount", str(refusal))


def parse_case(asked: Any) -> Case:
    """The order and its returns. Raises Malformed, or MoneyError for an unknown currency."""
    top = Reader(asked, "input", ("currency", "order", "returns", "tender_order"))
    currency = top.text("currency")
    exponent(currency)
    order = Reader(
        top.require("order"),
        "order",
        ("prices_include_tax", "lines", "adjustments", "shipping", "payments"),
        currency,
    )
    included = order.flag("prices_include_tax", False)
    shipping = tuple(_shipping(item, place, currency, included) for item, place in order.items("shipping"))
    terms = OrderTerms(
        lines=tuple(_line(item, place, currency, included) for item, place in order.items("lines", required=True)),
        adjustments=tuple(
            Reader(item, place, ("label", "amount"), currency).amount("amount")
            for item, place in order.items("adjustments")
        ),
        shipping=shipping,
        payments=tuple(_payment(item, place, currency) for item, place in order.items("payments")),
    )
    _refuse_twice("order.lines", (line.key for line in terms.lines))
    _refuse_twice("order.shipping", (entry.key for entry in terms.shipping))
    _refuse_twice("order.payments", (payment.key for payment in terms.payments))
    net_shipping = frozenset(entry.key for entry in shipping if not entry.prices_include_tax)
    returns = tuple(_return(item, place, currency, included, net_shipping) for item, place in top.items("returns"))
    return Case(currency, terms, returns, _tender_order(top))


def _tender_order(top: Reader) -> TenderOrder:
    value = top.members.get("tender_order", OLDEST_FIRST)
    if isinstance(value, str):
        return value
    if not isinstance(value, list) or not all(isinstance(key, str) for key in value):
        raise Malformed("wrong_type", "input.tender_order must be a rule or a list of payment ids.")
    return tuple(value)


def _refuse_twice(place: str, keys: Iterable[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key in seen:
            raise Malformed("duplicate_id", f"{place} has the id {key!r} twice.")
        seen.add(key)


def _line(item: Any, place: str, currency: str, included: bool) -> PricedLine:
    keys = ("id", "quantity", "unit_price", "discount", "tax_rate", "prices_include_tax")
    line = Reader(item, place, keys, currency)
    return _priced(line, line.text("id"), included)


def _new_item(item: Any, place: str, currency: str, included: bool) -> PricedLine:
    keys = ("id", "quantity", "unit_price", "discount", "tax_rate", "prices_include_tax")
    return _priced(Reader(item, place, keys, currency), place, included)


def _priced(line: Reader, key: str, included: bool) -> PricedLine:
    quantity = line.count("quantity")
    if quantity <= 0:
        raise Malformed("not_positive", f"{line.place}.quantity must be more than zero.")
    return PricedLine(
        key=key,
        quantity=quantity,
        unit_price=line.not_negative("unit_price"),
        discount=line.not_negative("discount", Decimal(0)),
        tax_rate=line.rate("tax_rate") or Decimal(0),
        prices_include_tax=line.flag("prices_include_tax", included),
    )


def _shipping(item: Any, place: str, currency: str, included: bool) -> PricedShipping:
    entry = Reader(item, place, ("id", "amount", "tax_rate", "prices_include_tax"), currency)
    return PricedShipping(
        key=entry.text("id"),
        amount=entry.not_negative("amount"),
        tax_rate=entry.rate("tax_rate") or Decimal(0),
        prices_include_tax=entry.flag("prices_include_tax", included),
    )


def _payment(item: Any, place: str, currency: str) -> PaymentTerms:
    payment = Reader(item, place, ("id", "method", "captured", "refunded"), currency)
    captured = payment.not_negative("captured")
    refunded = payment.not_negative("refunded", Decimal(0))
    if refunded > captured:
        raise Malformed("bad_amount", f"{place}.refunded is more than was captured.")
    return PaymentTerms(payment.text("id"), payment.choice("method", METHODS, "card"), captured, refunded)


def _return(item: Any, place: str, currency: str, included: bool, net_shipping: frozenset[str]) -> ReturnTerms:
    returned = Reader(item, place, ("lines", "shipping", "fees", "exchange_for"), currency)
    return ReturnTerms(
        lines=tuple(_returned_line(entry, at, currency) for entry, at in returned.items("lines")),
        shipping=tuple(
            _returned_shipping(entry, at, currency, net_shipping) for entry, at in returned.items("shipping")
        ),
        fees=tuple(_fee(entry, at, currency, included) for entry, at in returned.items("fees")),
        exchange_for=tuple(_new_item(entry, at, currency, included) for entry, at in returned.items("exchange_for")),
    )


def _returned_line(item: Any, place: str, currency: str) -> LineReturn:
    entry = Reader(item, place, ("id", "quantity", "gross", "net"), currency)
    if sum(entry.has(key) for key in ("quantity", "gross", "net")) != 1:
        raise Malformed("missing_key", f"{place} needs exactly one of quantity, gross, net.")
    return LineReturn(
        key=entry.text("id"),
        quantity=entry.count("quantity") if entry.has("quantity") else None,
        gross=entry.amount_or("gross", None),
        net=entry.amount_or("net", None),
    )


def _returned_shipping(item: Any, place: str, currency: str, net_shipping: frozenset[str]) -> LineReturn:
    """`amount` is in the entry's own price basis; without any amount, all that is left."""
    entry = Reader(item, place, ("id", "amount", "gross", "net"), currency)
    if sum(entry.has(key) for key in ("amount", "gross", "net")) > 1:
        raise Malformed("unknown_key", f"{place} has more than one of amount, gross, net.")
    key = entry.text("id")
    amount = entry.amount_or("amount", None)
    if key in net_shipping:
        return LineReturn(key, gross=entry.amount_or("gross", None), net=entry.amount_or("net", amount))
    return LineReturn(key, gross=entry.amount_or("gross", amount), net=entry.amount_or("net", None))


def _fee(item: Any, place: str, currency: str, included: bool) -> FeeTerm:
    keys = ("code", "amount", "percent", "per", "max", "tax_rate", "prices_include_tax")
    fee = Reader(item, place, keys, currency)
    if fee.has("amount") == fee.has("percent"):
        raise Malformed("missing_key", f"{place} needs either amount or percent.")
    return FeeTerm(
        code=fee.text("code"),
        amount=fee.not_negative("amount") if fee.has("amount") else None,
        percent=fee.rate("percent"),
        per=fee.choice("per", BASES, PER_RETURN),
        maximum=fee.not_negative("max") if fee.has("max") else None,
        tax_rate=fee.rate("tax_rate"),
        prices_include_tax=fee.flag("prices_include_tax", included),
    )


def _shares(asked: Any) -> list[int]:
    top = Reader(asked, "input", ("total", "weights"))
    total = top.require("total")
    weights = [weight for weight, _place in top.items("weights", required=True)]
    for number in (total, *weights):
        if isinstance(number, bool) or not isinstance(number, int):
            raise Malformed("wrong_type", f"{number!r} is not a whole number of minor units.")
    return allocate(total, weights)


# ── Writing ───────────────────────────────────────────────────────────────────────────────────────────────────────


def render(settlement: Settlement, currency: str) -> dict[str, Any]:
    """The quotes as printed: amounts as text in the currency's decimals."""
    return {
        "quotes": [_render_return(settled, currency) for settled in settlement.returns],
        "refundable_left": amount_text(settlement.refundable_left, currency),
    }


def _render_return(settled: SettledReturn, currency: str) -> dict[str, Any]:
    def money(amount: Decimal) -> str:
        return amount_text(amount, currency)

    def entry(line: QuotedLine) -> dict[str, Any]:
        return {"net": money(line.net), "tax": money(line.tax), "gross": money(line.gross)}

    quote = settled.quote
    return {
        "lines": [{"id": line.key, "quantity": line.quantity, **entry(line)} for line in quote.lines],
        "shipping": [{"id": line.key, **entry(line)} for line in quote.shipping],
        "fees": [
            {"code": fee.code, "net": money(fee.net), "tax": money(fee.tax), "gross": money(fee.gross)}
            for fee in quote.fees
        ],
        "exchange": {"gross": money(settled.exchange)},
        "net": money(quote.net),
        "tax": money(quote.tax),
        "total": money(quote.total),
        "tax_by_rate": {rate: money(tax) for rate, tax in quote.tax_by_rate.items()},
        "tenders": [{"payment": tender.payment, "amount": money(tender.amount)} for tender in settled.tenders],
        "customer_pays": money(settled.customer_pays),
    }
