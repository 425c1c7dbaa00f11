"""Which payment gets how much of a refund (R82, R83, rule 8, p43).

Pure: payments are handed in, oldest first. No payment ever receives more than it captured, less what was refunded to
it, less what is on its way. An amount that does not fit is refused, never clipped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from oms.money import allocate, amount_text, check_amount, from_minor, to_minor
from oms.states import TenderRule
from refunds.refusals import MoreThanIsLeft, NotPositive, PaymentsExhausted, TermsUnusable, UnknownReference

OLDEST_FIRST, NEWEST_FIRST = TenderRule.OLDEST_FIRST, TenderRule.NEWEST_FIRST
PROPORTIONAL, STORE_CREDIT_FIRST = TenderRule.PROPORTIONAL, TenderRule.STORE_CREDIT_FIRST
ORDERS = tuple(TenderRule)
"""The orders a shop may choose from; a list of payment keys is the fifth."""

STORE_CREDIT = "store_credit"
METHODS = ("card", "paypal", "manual", STORE_CREDIT, "gift_card")

TenderOrder = str | Sequence[str]


@dataclass(frozen=True, slots=True)
class PaymentTerms:
    """One payment of an order, amounts in the order's currency. `in_flight` is asked for and not yet settled."""

    key: str
    method: str
    captured: Decimal
    refunded: Decimal = Decimal(0)
    in_flight: Decimal = Decimal(0)

    @property
    def left(self) -> Decimal:
        """What may still go back to this payment, never below zero."""
        return max(Decimal(0), self.captured - self.refunded - self.in_flight)


@dataclass(frozen=True, slots=True)
class Tender:
    """So much of the refund goes to that payment."""

    payment: str
    amount: Decimal


def left_on(payments: Iterable[PaymentTerms]) -> Decimal:
    """What may still go back to all `payments` together."""
    return sum((payment.left for payment in payments), Decimal(0))


def share_out(
    amount: Decimal, payments: Sequence[PaymentTerms], currency: str, order: TenderOrder = OLDEST_FIRST
) -> tuple[Tender, ...]:
    """Spread `amount` over `payments` (oldest first) in the given order; payments that get nothing are left out.

    `order` is one of ORDERS or a list of payment keys, which are served first, the others after them oldest first.
    Raises PaymentsExhausted when `amount` is more than is left, NotPositive for a negative amount, UnknownReference
    for a key that is no payment of this order.
    """
    check_amount(amount, currency)
    if amount < 0:
        raise NotPositive(what=f"Refund of {amount}")
    walk = _walk(payments, order)
    left = left_on(payments)
    if amount > left:
        raise PaymentsExhausted(asked=amount_text(amount, currency), left=amount_text(left, currency))
    if not amount:
        return ()
    if order == PROPORTIONAL:
        shares = allocate(to_minor(amount, currency), [to_minor(payment.left, currency) for payment in walk])
        amounts = [from_minor(share, currency) for share in shares]
    else:
        amounts = []
        for payment in walk:
            amounts.append(min(amount, payment.left))
            amount -= amounts[-1]
    return tuple(Tender(payment.key, share) for payment, share in zip(walk, amounts, strict=True) if share)


def share_out_as_told(wanted: Sequence[Tender], payments: Sequence[PaymentTerms], currency: str) -> tuple[Tender, ...]:
    """Check amounts that a person spread by hand: each within what is left on its payment. Refuses, never clips."""
    by_key = {payment.key: payment for payment in payments}
    totals: dict[str, Decimal] = {}
    for tender in wanted:
        check_amount(tender.amount, currency)
        if tender.payment not in by_key:
            raise UnknownReference(what=f"Payment {tender.payment}")
        if tender.amount <= 0:
            raise NotPositive(what=f"Payment {tender.payment}")
        totals[tender.payment] = totals.get(tender.payment, Decimal(0)) + tender.amount
    for key, asked in totals.items():
        if asked > by_key[key].left:
            raise MoreThanIsLeft(
                what=f"Payment {key}",
                asked=amount_text(asked, currency),
                left=amount_text(by_key[key].left, currency),
            )
    return tuple(Tender(key, asked) for key, asked in totals.items())


def share_over(tenders: Sequence[Tender], ways: Sequence[tuple[str, Decimal]]) -> tuple[tuple[str, Tender], ...]:
    """Cut tenders into where their value goes: the first way takes from the first payments what it needs.

    `ways` are (destination, amount) whose amounts come to the same total as the tenders. Gives one part per payment and
    destination, in the order of `tenders`; ways of zero are left out. Raises TermsUnusable when the totals differ.
    """
    if sum((amount for _way, amount in ways), Decimal(0)) != sum((one.amount for one in tenders), Decimal(0)):
        raise TermsUnusable(what="ways", why="they do not come to what is refunded")
    parts: list[tuple[str, Tender]] = []
    owed = [(way, amount) for way, amount in ways if amount]
    for tender in tenders:
        left = tender.amount
        while left:
            way, amount = owed[0]
            part = min(left, amount)
            parts.append((way, Tender(tender.payment, part)))
            left -= part
            owed[0] = (way, amount - part)
            if not owed[0][1]:
                owed.pop(0)
    return tuple(parts)


def check_order(payments: Sequence[PaymentTerms], order: TenderOrder) -> None:
    """Refuse an order of tenders that names an unknown rule, an unknown payment or one payment twice."""
    if isinstance(order, str):
        if order not in ORDERS:
            raise TermsUnusable(what="tender_order", why=f"{order!r} is none of {', '.join(ORDERS)}")
        return
    keys = {payment.key for payment in payments}
    for key in order:
        if key not in keys:
            raise UnknownReference(what=f"Payment {key}")
    if len(set(order)) != len(order):
        raise TermsUnusable(what="tender_order", why="a payment is named twice")


def _walk(payments: Sequence[PaymentTerms], order: TenderOrder) -> list[PaymentTerms]:
    check_order(payments, order)
    if not isinstance(order, str):
        rank = {key: at for at, key in enumerate(order)}
        return sorted(payments, key=lambda payment: rank.get(payment.key, len(rank)))
    if order == NEWEST_FIRST:
        return list(reversed(payments))
    if order == STORE_CREDIT_FIRST:
        return sorted(payments, key=lambda payment: payment.method != STORE_CREDIT)
    return list(payments)
