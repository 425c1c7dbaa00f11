"""Returns of one order in a row: each line remembers what already went back (rules 3, 8, 9, 10, p29, p30)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from oms.money import cumulative, from_minor, round_ratio, to_minor
from refunds.amounts.fees import FeeBase, charge
from refunds.amounts.order import (
    Case,
    FrozenTotal,
    LineReturn,
    ReturnTerms,
    exchange_gross,
    freeze_lines,
    freeze_shipping,
)
from refunds.amounts.quote import Quote, QuotedLine
from refunds.refusals import (
    FeesExceedReturn,
    MoreThanIsLeft,
    NothingLeft,
    NothingReturned,
    NotPositive,
    UnknownReference,
)
from refunds.tenders import PaymentTerms, Tender, check_order, left_on, share_out

# The whole order paid at once: what an order without payments stands for.
ONE_PAYMENT = "p1"


@dataclass(frozen=True, slots=True)
class SettledReturn:
    """One quote of the sequence and what becomes of it: money per payment, or what the customer owes."""

    quote: Quote
    exchange: Decimal
    tenders: tuple[Tender, ...]

    @property
    def customer_pays(self) -> Decimal:
        """What the new items cost beyond the return."""
        return max(Decimal(0), self.exchange - self.quote.total)


@dataclass(frozen=True, slots=True)
class Settlement:
    """All returns of a case in order, and the gross that has not come back yet, at most what the payments hold."""

    returns: tuple[SettledReturn, ...]
    refundable_left: Decimal


@dataclass(slots=True)
class _Ledger:
    """What already went back of one line, in minor units."""

    total: FrozenTotal
    units: int = 0
    gross: int = 0
    tax: int = 0

    def take_units(self, count: int) -> tuple[int, int]:
        """Gross and tax of `count` further units: due to date less what is refunded, never below zero."""
        self.units += count
        due = cumulative(self.total.gross, self.total.quantity, self.units)
        due_tax = cumulative(self.total.tax, self.total.quantity, self.units)
        return self._book(max(0, due - self.gross), max(0, due_tax - self.tax))

    def take_gross(self, gross: int) -> tuple[int, int]:
        """Money without goods, tax inside: its tax is the line's tax in the fraction refunded to date."""
        to_date = round_ratio(self.total.tax * (self.gross + gross), self.total.gross)
        return self._book(gross, max(0, to_date - self.tax))

    def take_net(self, net: int) -> tuple[int, int]:
        """Money without goods, tax on top (W26)."""
        to_date = round_ratio(self.total.tax * (self.net + net), self.total.gross - self.total.tax)
        tax = max(0, to_date - self.tax)
        return self._book(net + tax, tax)

    def _book(self, gross: int, tax: int) -> tuple[int, int]:
        self.gross += gross
        self.tax += tax
        return gross, tax

    @property
    def net(self) -> int:
        return self.gross - self.tax

    @property
    def left(self) -> int:
        return self.total.gross - self.gross

    @property
    def net_left(self) -> int:
        return self.total.gross - self.total.tax - self.net


def settle_case(case: Case) -> Settlement:
    """Every return of `case` in order. Raises the first refusal: one refused return refuses the whole answer."""
    currency = case.currency
    lines = {total.key: _Ledger(total) for total in freeze_lines(case.order.lines, case.order.adjustments, currency)}
    shipping = {total.key: _Ledger(total) for total in freeze_shipping(case.order.shipping, currency)}
    ledgers = [*lines.values(), *shipping.values()]
    whole = from_minor(sum(ledger.total.gross for ledger in ledgers), currency)
    payments = case.order.payments or (PaymentTerms(ONE_PAYMENT, "card", captured=whole),)
    check_order(payments, case.tender_order)
    settled = []
    for returned in case.returns:
        quote, exchange = _quote(returned, lines, shipping, currency)
        tenders = share_out(max(Decimal(0), quote.total - exchange), payments, currency, case.tender_order)
        payments = _paid_out(payments, tenders)
        settled.append(SettledReturn(quote, exchange, tenders))
    not_back = from_minor(sum(ledger.left for ledger in ledgers), currency)
    return Settlement(tuple(settled), min(not_back, left_on(payments)))


def _quote(
    returned: ReturnTerms, lines: dict[str, _Ledger], shipping: dict[str, _Ledger], currency: str
) -> tuple[Quote, Decimal]:
    if not returned.lines and not returned.shipping:
        raise NothingReturned()
    goods = tuple(_take(entry, lines, "Line", currency) for entry in returned.lines)
    freight = tuple(_take(entry, shipping, "Shipping", currency) for entry in returned.shipping)
    base = [FeeBase(line.key, line.net, line.gross, line.quantity) for line in goods]
    fees = tuple(charge(term, base, currency) for term in returned.fees)
    quote = Quote(currency, goods, freight, fees)
    if quote.total < 0 and not returned.exchange_for:
        raise FeesExceedReturn(fees=quote.fees_total, returned=quote.returned)
    return quote, exchange_gross(returned.exchange_for, currency)


def _take(entry: LineReturn, ledgers: dict[str, _Ledger], kind: str, currency: str) -> QuotedLine:
    what = f"{kind} {entry.key}"
    if entry.key not in ledgers:
        raise UnknownReference(what=what)
    ledger = ledgers[entry.key]
    first = ledger.units
    if entry.quantity is not None:
        _refuse(what, entry.quantity, ledger.total.quantity - ledger.units)
        gross, tax = ledger.take_units(entry.quantity)
    elif entry.net is not None:
        net = to_minor(entry.net, currency)
        _refuse(what, net, ledger.net_left, currency)
        gross, tax = ledger.take_net(net)
    else:
        if entry.gross is None and not ledger.left:
            raise NothingLeft(what=what)
        wanted = ledger.left if entry.gross is None else to_minor(entry.gross, currency)
        _refuse(what, wanted, ledger.left, currency)
        gross, tax = ledger.take_gross(wanted)
    return _quoted(ledger.total, entry.quantity or 0, first, gross, tax, currency)


def _refuse(what: str, asked: int, left: int, currency: str | None = None) -> None:
    """Refuse zero, negative and more than is left; amounts are in minor units of `currency`, else counts."""
    if asked <= 0:
        raise NotPositive(what=what)
    if asked > left:
        shown = [str(number) if currency is None else f"{from_minor(number, currency):f}" for number in (asked, left)]
        raise MoreThanIsLeft(what=what, asked=shown[0], left=shown[1])


def _quoted(total: FrozenTotal, quantity: int, first: int, gross: int, tax: int, currency: str) -> QuotedLine:
    return QuotedLine(
        key=total.key,
        description="",
        quantity=quantity,
        value=from_minor(gross, currency),
        value_tax=from_minor(tax, currency),
        gross=from_minor(gross, currency),
        tax=from_minor(tax, currency),
        line_quantity=total.quantity,
        line_gross=from_minor(total.gross, currency),
        line_tax=from_minor(total.tax, currency),
        units=((first, first + quantity),) if quantity else (),
        tax_rate=total.tax_rate,
    )


def _paid_out(payments: Iterable[PaymentTerms], tenders: Sequence[Tender]) -> tuple[PaymentTerms, ...]:
    given = {tender.payment: tender.amount for tender in tenders}
    return tuple(
        replace(payment, refunded=payment.refunded + given.get(payment.key, Decimal(0))) for payment in payments
    )
