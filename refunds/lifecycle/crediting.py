"""Store credit is given, corrected, expires and is taken back (R83, rule 13).

A repeat with the same cause changes nothing and returns what the first one wrote.
"""

from datetime import datetime
from decimal import Decimal

from django.db.models import F, Sum

from oms import outbox
from oms.journal import Account
from oms.models import Customer, Order
from oms.money import amount_text, check_amount
from oms.states import PaymentMethod
from oms.verbs import verb
from refunds.lifecycle.credit_entries import (
    BORNE_BY,
    done_before,
    end_of_day,
    lock_account,
    move,
    open_account,
    positive,
    terms,
)
from refunds.lifecycle.credit_spending import release
from refunds.models import Refund, StoreCredit, StoreCreditEntry, StoreCreditGrant
from refunds.pricing import bonus_on
from refunds.refusals import NotPositive, ReasonMissing
from refunds.states import RefundDestination, RefundStatus
from refunds.store_credit import Category, EntryKind, Part
from refunds.store_credit.refusals import MoreThanLeft, NobodysCredit, NoSuchCredit, NothingLeftOfIt, StillSetAside
from returns.states import Resolution


@verb
def grant_credit(
    customer: Customer | None,
    amount: Decimal,
    currency: str,
    *,
    category: Category,
    cause: str,
    by: str,
    at: datetime,
    document: str = "",
    order: Order | None = None,
    reason: str = "",
    is_booked: bool = False,
) -> StoreCreditEntry:
    """Give credit; it expires as the shop's terms of its category say.

    `document` is what it settles, such as a refund's number. `is_booked`: the caller books the movement itself, in the
    same transaction, against the account of store credit. Raises NobodysCredit, NotPositive, CauseTaken, and MoneyError
    for more decimals than the currency has.
    """
    if customer is None:
        raise NobodysCredit
    amount = positive(amount, currency, document or str(category.label))
    account = open_account(customer, currency, at=at)
    if earlier := done_before(EntryKind.GRANT, cause, account=account, amount=amount):
        return earlier
    days = terms()[category].valid_days
    grant = StoreCreditGrant.objects.create(
        account=account,
        category=category,
        order=order,
        document=document,
        reason=reason[:120],
        granted_at=at,
        expires_at=None if days is None else end_of_day(at, days),
    )
    books = () if is_booked else ((BORNE_BY[category], amount), (Account.STORE_CREDIT, -amount))
    return move(
        account,
        EntryKind.GRANT,
        [Part(grant.pk, amount)],
        cause=cause,
        by=by,
        at=at,
        reason=reason[:120],
        books=books,
        category=str(category),
        document=document,
    )


@verb
def adjust_credit(
    grant_id: int, change: Decimal, *, reason: str, cause: str, by: str, at: datetime
) -> StoreCreditEntry:
    """Correct what was given by `change`, up or down; never below what is spent or set aside.

    Raises ReasonMissing, NotPositive (nothing to change), MoreThanLeft, NoSuchCredit, CauseTaken, MoneyError.
    """
    if not reason.strip():
        raise ReasonMissing
    account, grant = _locked_grant(grant_id)
    change = check_amount(change, account.currency)
    if not change:
        raise NotPositive(what=account.number)
    if earlier := done_before(EntryKind.ADJUST, cause, account=account, amount=change):
        return earlier
    if -change > grant.remaining:
        raise MoreThanLeft(
            left=amount_text(grant.remaining, account.currency), asked=amount_text(-change, account.currency)
        )
    return move(
        account,
        EntryKind.ADJUST,
        [Part(grant.pk, change)],
        cause=cause,
        by=by,
        at=at,
        reason=reason.strip()[:120],
        books=((BORNE_BY[Category(grant.category)], change), (Account.STORE_CREDIT, -change)),
        category=grant.category,
    )


@verb
def invalidate_credit(grant_id: int, *, reason: str, by: str, at: datetime) -> StoreCreditEntry:
    """Take back what is left of a grant. What an order holds is not touched, so it must be settled first.

    Raises ReasonMissing, StillSetAside, NothingLeftOfIt, NoSuchCredit.
    """
    if not reason.strip():
        raise ReasonMissing
    account, grant = _locked_grant(grant_id)
    if grant.authorized:
        raise StillSetAside(amount=amount_text(grant.authorized, account.currency))
    if not grant.remaining:
        raise NothingLeftOfIt
    # A refund's credit is the customer's own money: taken back, it is no less of an expense but income of ours.
    category = Category(grant.category)
    borne_by = Account.EXPIRED_CREDIT if category is Category.REFUND else BORNE_BY[category]
    return move(
        account,
        EntryKind.INVALIDATE,
        [Part(grant.pk, grant.remaining)],
        cause=f"grant/{grant.pk}/{account.event_sequence + 1}",
        by=by,
        at=at,
        reason=reason.strip()[:120],
        books=((Account.STORE_CREDIT, grant.remaining), (borne_by, -grant.remaining)),
        category=grant.category,
    )


@verb
def remind_of_credit(number: str, *, by: str, at: datetime) -> list[StoreCreditGrant]:
    """The customer is told what can soon be spent no more, and until when; of each grant once. Raises NoSuchCredit."""
    account = lock_account(number)
    ending = list(account.grants.ending_soon(at).order_by("expires_at", "pk"))
    if not ending:
        return []
    account.grants.filter(pk__in=[grant.pk for grant in ending]).update(reminded_at=at)
    left: dict[datetime, Decimal] = {}
    for grant in ending:
        assert grant.expires_at is not None
        left[grant.expires_at] = left.get(grant.expires_at, Decimal(0)) + grant.remaining
    outbox.record(
        account,
        "store_credit.ending",
        by=by,
        at=at,
        grants=[grant.pk for grant in ending],
        ends=[{"at": end.isoformat(), "amount": amount_text(sum, account.currency)} for end, sum in left.items()],
        currency=account.currency,
    )
    return ending


@verb
def expire_credit(number: str, *, by: str, at: datetime) -> StoreCreditEntry | None:
    """What has expired by `at` and is not set aside is income of ours. None when nothing has. Raises NoSuchCredit."""
    account = lock_account(number)
    overdue = account.grants.filter(expires_at__lte=at, amount__gt=F("used") + F("authorized")).order_by("pk")
    parts = [Part(grant.pk, grant.remaining) for grant in overdue]
    if not parts:
        return None
    total = sum((part.amount for part in parts), Decimal(0))
    return move(
        account,
        EntryKind.EXPIRE,
        parts,
        cause=f"expiry/{account.number}/{account.event_sequence + 1}",
        by=by,
        at=at,
        books=((Account.STORE_CREDIT, total), (Account.EXPIRED_CREDIT, -total)),
    )


def _locked_grant(grant_id: int) -> tuple[StoreCredit, StoreCreditGrant]:
    number = StoreCreditGrant.objects.filter(pk=grant_id).values_list("account__number", flat=True).first()
    if number is None:
        raise NoSuchCredit(number=grant_id)
    account = lock_account(number)
    return account, StoreCreditGrant.objects.get(pk=grant_id)


# ── A refund that is paid as store credit ─────────────────────────────────────────────────────────────────────────


def credit_refund(refund: Refund, *, by: str, at: datetime) -> StoreCreditEntry:
    """Give a refund as store credit, in the caller's transaction; the caller settles and books it.

    What was spent from store credit goes back to the grants it came from. A gift becomes credit of who sent it back,
    however it was paid. What the customer chose to take as credit becomes a grant of their own, with the bonus that
    was promised on top of it.
    """
    recipient = refund.rma.recipient if refund.rma is not None else None
    if refund.payment.method in PaymentMethod.store_credit() and recipient is None:
        spent = StoreCreditEntry.objects.filter(reference=refund.payment.provider_id, kind=EntryKind.CAPTURE)
        if spent.exists():
            return release(refund.payment.provider_id, refund.amount, cause=f"refund/{refund.number}", by=by, at=at)
    entry = grant_credit(
        recipient or refund.order.customer,
        refund.amount,
        refund.currency,
        category=Category.REFUND,
        cause=f"refund/{refund.number}",
        document=refund.number,
        order=refund.order,
        is_booked=True,
        by=by,
        at=at,
    )
    _grant_bonus(refund, by=by, at=at)
    return entry


def _grant_bonus(refund: Refund, *, by: str, at: datetime) -> None:
    """The promised percent of everything credited so far less what was given before: parts add up to the whole.

    Credit that stands in for money which cannot reach its card any more earns none.
    """
    chosen_so = refund.rma is not None and refund.rma.resolution == Resolution.STORE_CREDIT
    promised = refund.rma.quote.get("bonus") if chosen_so else None
    if not promised or refund.destination != RefundDestination.STORE_CREDIT:
        return
    chosen = Refund.objects.filter(rma=refund.rma, destination=RefundDestination.STORE_CREDIT)
    before = chosen.filter(status=RefundStatus.SETTLED).exclude(pk=refund.pk)
    credited = before.aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    given = StoreCreditGrant.objects.filter(
        category=Category.BONUS, document__in=chosen.values("number"), parts__entry__kind=EntryKind.GRANT
    ).aggregate(sum=Sum("parts__amount"))["sum"] or Decimal(0)
    bonus = bonus_on(credited + refund.amount, Decimal(promised["percent"]), refund.currency) - given
    if bonus > 0:
        grant_credit(
            refund.rma.sender,
            bonus,
            refund.currency,
            category=Category.BONUS,
            cause=f"refund/{refund.number}/bonus",
            document=refund.number,
            order=refund.order,
            by=by,
            at=at,
        )
