"""What staff do with store credit: give it, correct it, pay an order with it. Above a limit a second person agrees.

What one person gives one customer within a day counts together, so that parts do not slip under the limit.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Sum
from django.db.models.functions import Abs

from oms import orders, outbox
from oms.identifiers import new_number
from oms.models import Customer, Order, Payment
from oms.money import amount_text, check_amount
from oms.orders import NewPayment, left_to_pay
from oms.remembered import forget
from oms.states import PaymentMethod
from oms.verbs import verb
from refunds.lifecycle.credit_entries import open_account, positive, terms
from refunds.lifecycle.credit_spending import spend
from refunds.lifecycle.crediting import adjust_credit, grant_credit
from refunds.lifecycle.exchanging import advance
from refunds.models import StoreCredit, StoreCreditEntry, StoreCreditGrant, StoreCreditRequest, StoreCreditTerms
from refunds.refusals import NotPositive, ReasonMissing
from refunds.states import CREDIT_REQUEST_MACHINE, CreditRequestStatus
from refunds.store_credit import Category, EntryKind
from refunds.store_credit.refusals import MoreThanUnpaid, NobodysCredit, NotGivenByHand, OwnCreditRequest
from returns.lifecycle.locking import lock
from returns.models import Dispatch

BY_HAND = (Category.GOODWILL, Category.GIFT)
A_DAY = timedelta(days=1)


@verb
def offer_credit(
    customer: Customer | None,
    amount: Decimal,
    currency: str,
    *,
    category: Category,
    reason: str,
    form_token: UUID,
    by: str,
    at: datetime,
    order: Order | None = None,
) -> StoreCreditEntry | StoreCreditRequest:
    """Give goodwill or a gift; above what one person may give alone, ask for a second one. One form gives once.

    Raises ReasonMissing, NotGivenByHand, NobodysCredit, NotPositive, MoneyError. `reason` is a few words without
    personal data.
    """
    if not reason.strip():
        raise ReasonMissing
    if category not in BY_HAND:
        raise NotGivenByHand
    if customer is None:
        raise NobodysCredit
    account = open_account(customer, currency, at=at)
    amount = positive(amount, currency, account.number)
    if earlier := _asked_before(form_token):
        return earlier
    if _alone(account, category, amount, by=by, at=at):
        return grant_credit(
            customer,
            amount,
            currency,
            category=category,
            cause=f"form/{form_token}",
            reason=reason.strip(),
            order=order,
            by=by,
            at=at,
        )
    return _ask(account, category, amount, reason, form_token, by=by, at=at)


@verb
def correct_credit(
    grant_id: int, change: Decimal, *, reason: str, form_token: UUID, by: str, at: datetime
) -> StoreCreditEntry | StoreCreditRequest:
    """Correct a grant up or down; above what one person may give alone, ask for a second one.

    Raises what `adjust_credit` raises, and StoreCreditGrant.DoesNotExist.
    """
    if not reason.strip():
        raise ReasonMissing
    grant = StoreCreditGrant.objects.select_related("account__customer").get(pk=grant_id)
    account = open_account(grant.account.customer, grant.account.currency, at=at)
    change = check_amount(change, account.currency)
    if not change:
        raise NotPositive(what=account.number)
    if earlier := _asked_before(form_token):
        return earlier
    category = Category(grant.category)
    if _alone(account, category, change, by=by, at=at):
        return adjust_credit(grant_id, change, reason=reason, cause=f"form/{form_token}", by=by, at=at)
    return _ask(account, category, change, reason, form_token, grant=grant, by=by, at=at)


@verb
def agree_to_credit(number: str, *, by: str, at: datetime) -> StoreCreditRequest:
    """A second person agrees: now it is given. Agreed to already, nothing changes.

    Raises OwnCreditRequest, what the giving raises, and StoreCreditRequest.DoesNotExist.
    """
    asked = StoreCreditRequest.objects.select_for_update(no_key=True, of=("self",)).get(number=number)
    if asked.status == CreditRequestStatus.GIVEN:
        return asked
    CREDIT_REQUEST_MACHINE.check("agree", asked.status, CreditRequestStatus.GIVEN)
    if by == asked.asked_by:
        raise OwnCreditRequest
    cause = f"credit-request/{asked.number}"
    if asked.grant_id is None:
        entry = grant_credit(
            asked.customer,
            asked.amount,
            asked.currency,
            category=Category(asked.category),
            cause=cause,
            reason=asked.reason,
            by=by,
            at=at,
        )
    else:
        entry = adjust_credit(asked.grant_id, asked.amount, reason=asked.reason, cause=cause, by=by, at=at)
    asked.status, asked.decided_by, asked.decided_at = CreditRequestStatus.GIVEN, by, at
    outbox.record(
        asked,
        "store_credit.agreed",
        by=by,
        at=at,
        changed=("status", "decided_by", "decided_at"),
        entry=entry.reference,
    )
    return asked


@verb
def decline_credit(number: str, *, by: str, at: datetime) -> StoreCreditRequest:
    """A second person says no, or sees that it was a mistake. Raises OwnCreditRequest."""
    asked = StoreCreditRequest.objects.select_for_update(no_key=True).get(number=number)
    if asked.status == CreditRequestStatus.REFUSED:
        return asked
    CREDIT_REQUEST_MACHINE.check("decline", asked.status, CreditRequestStatus.REFUSED)
    if by == asked.asked_by:
        raise OwnCreditRequest
    asked.status, asked.decided_by, asked.decided_at = CreditRequestStatus.REFUSED, by, at
    outbox.record(asked, "store_credit.declined", by=by, at=at, changed=("status", "decided_by", "decided_at"))
    return asked


@verb
def pay_order_with_credit(
    number: str, order_number: str, amount: Decimal, *, form_token: UUID, by: str, at: datetime
) -> Payment:
    """Spend credit on what of the customer's order is not paid yet, and keep the payment. One form pays once.

    Goods of an exchange that waited for just this leave.
    Raises MoreThanUnpaid, what `spend` raises, and Order.DoesNotExist.
    """
    goes_out_for = Dispatch.objects.filter(order__number=order_number).values_list("rma__number", flat=True).first()
    rma = lock(goes_out_for) if goes_out_for else None  # its order is locked before the one that goes out
    order = Order.objects.for_update().select_related("customer").get(number=order_number)
    cause = f"form/{form_token}"
    spent = StoreCreditEntry.objects.filter(kind=EntryKind.CAPTURE, cause=cause).first()
    if spent is not None:
        return order.payments.get(method=PaymentMethod.STORE_CREDIT, provider_id=spent.reference)
    amount = positive(amount, order.currency, number)
    entry = spend(order.customer, amount, order.currency, number=number, cause=cause, order=order, by=by, at=at)
    if amount > (left := left_to_pay(order)):
        asked = amount_text(amount, order.currency)
        raise MoreThanUnpaid(number=order_number, asked=asked, left=amount_text(left, order.currency))
    payment = orders.pay(order.number, NewPayment(PaymentMethod.STORE_CREDIT, entry.reference, amount), by=by, at=at)
    if rma is not None:
        advance(rma, by=by, at=at)
    return payment


@verb
def change_terms(category: str, values: dict[str, object], *, by: str, at: datetime) -> None:
    """Save what the shop says about a category; the event names the changed fields. What was given keeps its expiry."""
    row = StoreCreditTerms.objects.select_for_update().get(category=category)
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    if changed:
        row.save(update_fields=changed)
        transaction.on_commit(forget)
        outbox.record_on(
            "store-credit-terms", "store_credit.terms_changed", by=by, at=at, category=category, fields=sorted(changed)
        )


def _asked_before(form_token: UUID) -> StoreCreditEntry | StoreCreditRequest | None:
    given = StoreCreditEntry.objects.filter(cause=f"form/{form_token}").first()
    return given or StoreCreditRequest.objects.filter(form_token=form_token).first()


def _alone(account: StoreCredit, category: Category, change: Decimal, *, by: str, at: datetime) -> bool:
    """Whether this person may, with what they gave or corrected for this customer within a day."""
    earlier = StoreCreditEntry.objects.filter(
        account__customer=account.customer_id,
        account__currency=account.currency,
        actor=by,
        kind__in=(EntryKind.GRANT, EntryKind.ADJUST),
        cause__startswith="form/",
        happened_at__gt=at - A_DAY,
    )
    given = earlier.aggregate(sum=Sum(Abs("amount")))["sum"] or Decimal(0)
    return given + abs(change) <= terms()[category].alone_up_to


def _ask(
    account: StoreCredit,
    category: Category,
    amount: Decimal,
    reason: str,
    form_token: UUID,
    *,
    by: str,
    at: datetime,
    grant: StoreCreditGrant | None = None,
) -> StoreCreditRequest:
    CREDIT_REQUEST_MACHINE.check("ask", "", CreditRequestStatus.WAITING)
    asked = StoreCreditRequest(
        number=new_number("K"),
        customer_id=account.customer_id,
        currency=account.currency,
        grant=grant,
        category=category,
        amount=amount,
        reason=reason.strip()[:120],
        status=CreditRequestStatus.WAITING,
        form_token=form_token,
        asked_by=by,
        asked_at=at,
        correlation=outbox.correlation.get() or uuid4(),
    )
    outbox.record(
        asked,
        "store_credit.asked",
        by=by,
        at=at,
        category=str(category),
        amount=amount_text(amount, account.currency),
        currency=account.currency,
        grant=grant.pk if grant else None,
    )
    return asked
