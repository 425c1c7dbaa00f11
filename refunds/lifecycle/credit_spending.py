"""Store credit pays (R84): set aside, spent, freed, given back.

`spend` is what a caller with an order in hand uses; whoever spends keeps the order's payment in the same transaction,
of method *store credit*, with the returned entry's `reference` as its provider's number: that books it, and is how a
later refund of that payment finds the grants again.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from oms.models import Customer, Order
from oms.money import amount_text
from oms.verbs import verb
from refunds.lifecycle.credit_entries import (
    done_before,
    end_of_day,
    entry_named,
    holdings_of,
    lock_account,
    move,
    parts_about,
    parts_of,
    positive,
    terms,
)
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditGrant
from refunds.store_credit import EntryKind, Part, give_back, take
from refunds.store_credit.refusals import (
    CreditExpired,
    ForeignCredit,
    MoreThanWasTaken,
    NoSuchCredit,
    NotEnoughCredit,
    OtherCurrency,
)

# Credit that comes back may be spent for so long at least, whenever its grant was to expire.
SPENDABLE_AGAIN = timedelta(days=30)


def credit_of(customer: Customer | None, currency: str) -> StoreCredit | None:
    """The customer's account in this currency, if there is one."""
    return StoreCredit.objects.filter(customer=customer, currency=currency).first() if customer else None


@verb
def authorize(
    number: str,
    amount: Decimal,
    currency: str,
    *,
    customer: Customer | None,
    cause: str,
    by: str,
    at: datetime,
    order: Order | None = None,
) -> StoreCreditEntry:
    """Set credit aside for `customer`: what expires soonest first. The number alone opens nothing.

    Raises NoSuchCredit, ForeignCredit, OtherCurrency, NotPositive, NotEnoughCredit, CreditExpired, CauseTaken and
    MoneyError; then nothing is set aside, not even in part.
    """
    account = lock_account(number)
    if customer is None or account.customer_id != customer.pk:
        raise ForeignCredit(number=number)
    if account.currency != currency:
        raise OtherCurrency(number=number, currency=account.currency, asked=currency)
    amount = positive(amount, currency, number)
    if earlier := done_before(EntryKind.AUTHORIZE, cause, account=account, amount=amount):
        return earlier
    grants = holdings_of(account)
    parts = take(amount, [grant.holding for grant in grants], list(terms()), at)
    _refuse_less(account, amount, parts, grants)
    return move(account, EntryKind.AUTHORIZE, parts, cause=cause, order=order, by=by, at=at)


@verb
def capture(
    reference: str, *, cause: str, by: str, at: datetime, amount: Decimal | None = None, order: Order | None = None
) -> StoreCreditEntry:
    """Spend what is set aside, or `amount` of it; the rest stays set aside.

    Raises NoSuchEntry, NotPositive, MoreThanWasTaken, CauseTaken, MoneyError.
    """
    held = entry_named(reference, EntryKind.AUTHORIZE)
    if earlier := done_before(EntryKind.CAPTURE, cause, account=held.account, amount=amount):
        return earlier
    left = _left_of(held)
    parts = (
        left if amount is None else _first(positive(amount, held.account.currency, reference), left, reference, held)
    )
    if not parts:
        nothing = amount_text(Decimal(0), held.account.currency)
        raise MoreThanWasTaken(reference=reference, asked=amount_text(held.amount, held.account.currency), left=nothing)
    return move(
        held.account,
        EntryKind.CAPTURE,
        parts,
        cause=cause,
        about=held,
        order=order or held.order,
        by=by,
        at=at,
    )


@verb
def void(reference: str, *, cause: str, by: str, at: datetime) -> StoreCreditEntry | None:
    """Free what is still set aside; None when nothing is. Raises NoSuchEntry, CauseTaken."""
    held = entry_named(reference, EntryKind.AUTHORIZE)
    if earlier := done_before(EntryKind.VOID, cause, account=held.account):
        return earlier
    left = _left_of(held)
    if not left:
        return None
    return move(held.account, EntryKind.VOID, left, cause=cause, about=held, order=held.order, by=by, at=at)


@verb
def release(reference: str, amount: Decimal, *, cause: str, by: str, at: datetime) -> StoreCreditEntry:
    """Give spent credit back to the grants it came from, those first that last longest.

    A grant keeps its expiry, but what came back may be spent for 30 days at least. Raises NoSuchEntry, NotPositive,
    MoreThanWasTaken, CauseTaken, MoneyError.
    """
    spent = entry_named(reference, EntryKind.CAPTURE)
    amount = positive(amount, spent.account.currency, reference)
    if earlier := done_before(EntryKind.RELEASE, cause, account=spent.account, amount=amount):
        return earlier
    parts = give_back(amount, parts_of(spent), parts_about(spent))
    _refuse_more(reference, spent.account, amount, sum((part.amount for part in parts), Decimal(0)))
    at_least = end_of_day(at, SPENDABLE_AGAIN.days)
    StoreCreditGrant.objects.filter(pk__in=[part.key for part in parts], expires_at__lt=at_least).update(
        expires_at=at_least
    )
    return move(spent.account, EntryKind.RELEASE, parts, cause=cause, about=spent, order=spent.order, by=by, at=at)


@verb
def spend(
    customer: Customer | None,
    amount: Decimal,
    currency: str,
    *,
    cause: str,
    by: str,
    at: datetime,
    number: str = "",
    order: Order | None = None,
) -> StoreCreditEntry:
    """Set aside and spend at once, from the customer's account in this currency or from the one named.

    The same cause spends once. Returns the entry of the spending; the caller keeps the order's payment with its
    reference. Raises what `authorize` raises.
    """
    if not number:
        mine = credit_of(customer, currency)
        if mine is None:
            raise NoSuchCredit(number=currency)
        number = mine.number
    held = authorize(number, amount, currency, customer=customer, cause=cause, order=order, by=by, at=at)
    return capture(held.reference, amount=amount, cause=cause, order=order, by=by, at=at)


# ── What is left ──────────────────────────────────────────────────────────────────────────────────────────────────


def _left_of(held: StoreCreditEntry) -> list[Part]:
    """What of an authorization was neither spent nor freed, in the order it is spent."""
    gone: dict[int, Decimal] = {}
    for part in parts_about(held):
        gone[part.key] = gone.get(part.key, Decimal(0)) + part.amount
    left = [Part(part.key, part.amount - gone.get(part.key, Decimal(0))) for part in parts_of(held)]
    return [part for part in left if part.amount]


def _first(amount: Decimal, left: list[Part], reference: str, held: StoreCreditEntry) -> list[Part]:
    _refuse_more(reference, held.account, amount, sum((part.amount for part in left), Decimal(0)))
    parts = []
    for part in left:
        share = min(amount, part.amount)
        amount -= share
        if share:
            parts.append(Part(part.key, share))
    return parts


def _refuse_more(reference: str, account: StoreCredit, asked: Decimal, left: Decimal) -> None:
    if left < asked:
        raise MoreThanWasTaken(
            reference=reference,
            asked=amount_text(asked, account.currency),
            left=amount_text(left, account.currency),
        )


def _refuse_less(account: StoreCredit, asked: Decimal, parts: tuple[Part, ...], grants: list[StoreCreditGrant]) -> None:
    left = sum((part.amount for part in parts), Decimal(0))
    if left == asked:
        return
    expired = sum((grant.remaining for grant in grants), Decimal(0)) - left if left < asked else Decimal(0)
    words = {
        "number": account.number,
        "asked": amount_text(asked, account.currency),
        "left": amount_text(left, account.currency),
    }
    if expired > 0:
        raise CreditExpired(expired=amount_text(expired, account.currency), **words)
    raise NotEnoughCredit(**words)
