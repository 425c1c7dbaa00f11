"""Where each cent of a quote comes from, in sentences: the same for the customer, the desk and accounting.

Paid price and its share of the discounts, tax, the units and who got the cent that does not divide, what went back
before, the condition, shipping, fees.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from oms.models import OrderLine
from oms.money import Money, cumulative, from_minor, round_half_up, to_minor, unit_value
from oms.templatetags.components import money as money_text
from refunds.amounts import Quote, QuotedFee, QuotedLine

MOST_UNITS_NAMED = 6
FEE_NAMES = {
    "restocking": lambda: _("Restocking fee"),
    "return_label": lambda: _("Return label"),
    "promotion": lambda: _("Discount that no longer applies"),
}


def fee_name(code: str) -> str:
    return FEE_NAMES[code]() if code in FEE_NAMES else _("Fee")


def working(
    quote: Quote, *, lines: Mapping[str, OrderLine] | None = None, inputs: Mapping[str, Any] | None = None
) -> list[str]:
    """One sentence per step. `lines` are the order's lines by key, where prices before discounts are known; `inputs`
    what the quote was made from, where the terms of its fees are."""
    terms = list((inputs or {}).get("fees", ()))
    told: list[str] = []
    for line in quote.lines:
        told += _of_line(line, (lines or {}).get(line.key), quote.currency)
    told += [_of_shipping(entry, quote.currency) for entry in quote.shipping]
    for position, fee in enumerate(quote.fees):
        told += _of_fee(fee, terms[position] if position < len(terms) else None, quote)
    return told


def _text(amount: Decimal, currency: str) -> str:
    return money_text(Money(amount, currency))


def _of_line(line: QuotedLine, sold: OrderLine | None, currency: str) -> Iterable[str]:
    yield _paid(line, sold, currency)
    if line.tax_rate and line.line_tax:
        yield _("In it is %(tax)s tax at %(rate)s %%.") % {
            "tax": _text(line.line_tax, currency),
            "rate": f"{line.tax_rate.normalize():f}",
        }
    if line.line_quantity > 1 and line.units:
        yield from _of_units(line, currency)
    if line.deduction:
        yield _("Of %(value)s this condition pays %(percent)s %%: %(pays)s.") % {
            "value": _text(line.value, currency),
            "percent": f"{line.payout_percent.normalize():f}",
            "pays": _text(line.gross, currency),
        }


def _paid(line: QuotedLine, sold: OrderLine | None, currency: str) -> str:
    """The price before discounts where it is known and something was taken off."""
    words = {"title": line.description, "paid": _text(line.line_gross, currency), "count": line.line_quantity}
    if sold is not None and sold.order.prices_include_tax:
        whole = round_half_up(sold.unit_price * sold.quantity, currency)
        if whole > line.line_gross:
            return _("%(title)s: %(whole)s for %(count)s, less %(off)s of discounts, so you paid %(paid)s.") % {
                **words,
                "whole": _text(whole, currency),
                "off": _text(whole - line.line_gross, currency),
            }
    return _("%(title)s: you paid %(paid)s for %(count)s, after discounts and with tax.") % words


def _of_units(line: QuotedLine, currency: str) -> Iterable[str]:
    total, count = to_minor(line.line_gross, currency), line.line_quantity
    low = total // count
    dearer = [at for at in range(count) if unit_value(total, count, at) > low] if count <= 1_000 else []
    if dearer and total % count:
        numbers = ", ".join(str(at + 1) for at in dearer[:MOST_UNITS_NAMED])
        yield ngettext(
            "%(paid)s does not divide by %(count)s: piece %(numbers)s is worth %(high)s, the others %(low)s.",
            "%(paid)s does not divide by %(count)s: pieces %(numbers)s are worth %(high)s, the others %(low)s.",
            len(dearer),
        ) % {
            "paid": _text(line.line_gross, currency),
            "count": count,
            "numbers": numbers + ("…" if len(dearer) > MOST_UNITS_NAMED else ""),
            "high": _text(from_minor(low + 1, currency), currency),
            "low": _text(from_minor(low, currency), currency),
        }
    if line.quantity <= MOST_UNITS_NAMED:
        for unit in line.working(currency):
            yield _("Piece %(number)s of %(count)s is worth %(value)s.") % {
                "number": unit.number + 1,
                "count": count,
                "value": _text(unit.value, currency),
            }
    first = line.units[0][0]
    if first:
        yield ngettext(
            "%(count)s piece before it is worth %(value)s and was returned or is kept apart from this.",
            "The %(count)s pieces before are worth %(value)s and were returned or are kept apart from this.",
            first,
        ) % {"count": first, "value": _text(from_minor(cumulative(total, count, first), currency), currency)}


def _of_shipping(entry: QuotedLine, currency: str) -> str:
    if entry.line_tax:
        return _("For shipping you paid %(paid)s, with %(tax)s tax in it; of it %(gross)s comes back.") % {
            "paid": _text(entry.line_gross, currency),
            "tax": _text(entry.line_tax, currency),
            "gross": _text(entry.gross, currency),
        }
    return _("For shipping you paid %(paid)s; of it %(gross)s comes back.") % {
        "paid": _text(entry.line_gross, currency),
        "gross": _text(entry.gross, currency),
    }


def _of_fee(fee: QuotedFee, terms: Mapping[str, Any] | None, quote: Quote) -> Iterable[str]:
    name, currency = fee_name(fee.code), quote.currency
    if not fee.gross and not fee.waived:
        return
    words: dict[str, Any] = {"name": name, "fee": _text(fee.gross, currency)}
    if terms is not None and terms.get("percent") is not None:
        base = sum((line.gross for line in quote.lines if not terms["lines"] or line.key in terms["lines"]), Decimal(0))
        words |= {"percent": f"{Decimal(terms['percent']).normalize():f}", "base": _text(base, currency)}
        yield _("%(name)s: %(percent)s %% of %(base)s is %(fee)s.") % words
    else:
        yield _("%(name)s: %(fee)s.") % words
    if terms is not None and terms.get("maximum") is not None and fee.gross >= Decimal(terms["maximum"]):
        yield _("It is never more than %(most)s.") % {"most": _text(Decimal(terms["maximum"]), currency)}
    if fee.tax:
        yield _("In this fee is %(tax)s tax at %(rate)s %%.") % {
            "tax": _text(fee.tax, currency),
            "rate": f"{(fee.tax_rate or Decimal(0)).normalize():f}",
        }
    if fee.waived:
        yield _("%(waived)s of it is not charged: a fee never takes more than what comes back.") % {
            "waived": _text(fee.waived, currency)
        }
