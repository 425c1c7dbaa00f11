"""The postings of a refund: made when it settles, mirrored when it fails after all.

What a refund takes back is debited: the returned sale (or the sale that never left, or goodwill) and its tax. Fees kept
are credited, and the account that the value leaves by, which its way decides:

    ORIGINAL      where the payment was paid in: Stripe's money, PayPal's money, the bank
    STORE_CREDIT  store credit owed
    EXCHANGE      exchanges under way; the payment of the new order debits it when it is captured
    MANUAL        bank and cash

What is no refund books itself with `journal.post`: a bonus on store credit (BONUS against STORE_CREDIT), credit that
expired (STORE_CREDIT against EXPIRED_CREDIT), goodwill given as credit (GOODWILL against STORE_CREDIT).
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import Sum

from oms import journal
from oms.journal import Account
from oms.models import JournalEntry
from oms.money import part_of
from refunds.models import Refund
from refunds.states import RefundDestination, RefundSource

# What a refund takes back: the sale of goods that returned, a sale that never left, or our good name.
TAKEN_FROM = {RefundSource.CANCELLATION: Account.SALES, RefundSource.GOODWILL: Account.GOODWILL}
LEAVES_BY = {
    RefundDestination.STORE_CREDIT: Account.STORE_CREDIT,
    RefundDestination.EXCHANGE: Account.EXCHANGES,
    RefundDestination.MANUAL: Account.BANK,
}


def book_settled(refund: Refund, *, at: datetime) -> JournalEntry:
    """Debit what was taken back and its tax, credit the fees kept and the provider."""
    cause = f"refund/{refund.number}/settled/{refund.attempts.count()}"
    return journal.post(cause, _postings(refund), currency=refund.currency, at=at, order=refund.order)


def book_failed(refund: Refund, *, at: datetime) -> JournalEntry:
    """The same postings the other way round: the money is ours again, and owed again (p8)."""
    count = refund.attempts.count()
    entry = JournalEntry.objects.get(cause=f"refund/{refund.number}/settled/{count}")
    return journal.post(
        f"refund/{refund.number}/failed/{count}",
        [(Account(one.account), -one.amount, one.tax_rate) for one in entry.postings.order_by("pk")],
        currency=refund.currency,
        at=at,
        order=refund.order,
    )


def leaves_by(refund: Refund) -> Account:
    """The account this refund's value leaves by: where its payment was paid in, unless it goes another way."""
    return LEAVES_BY.get(refund.way) or journal.paid_into(refund.payment.method)


def _postings(refund: Refund) -> list[journal.Booking]:
    """This refund's part of its memo. Parts of several refunds are cut cumulatively, so they add up to the cent."""
    memo, currency = refund.memo, refund.currency
    before = Decimal(0)
    if refund.amount != memo.total:
        before = memo.refunds.standing().filter(pk__lt=refund.pk).aggregate(sum=Sum("amount"))["sum"] or before

    def part(whole: Decimal) -> Decimal:
        return part_of(whole, memo.total, before, refund.amount, currency)

    kept = part(sum((Decimal(fee["net"]) for fee in memo.quote.get("fees", ())), Decimal(0)))
    taxes: list[journal.Booking] = [(Account.SALES_TAX, part(tax), rate) for rate, tax in memo.taxes().items()]
    tax = sum((booking[1] for booking in taxes), Decimal(0))
    return [
        (TAKEN_FROM.get(RefundSource(refund.source), Account.RETURNS), refund.amount + kept - tax),
        *taxes,
        (Account.FEES, -kept),
        (leaves_by(refund), -refund.amount),
    ]
