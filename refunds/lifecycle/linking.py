"""A payment page for what an exchange costs more: opened, paid, run out.

Locked like everything of a return: its order first, then the order that goes out.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from oms import orders
from oms.models import Order
from oms.money import part_of, to_minor
from oms.orders import NewPayment, left_to_pay
from oms.states import PaymentMethod
from oms.verbs import verb
from refunds.gateways.base import PageNews
from refunds.lifecycle.exchanging import advance
from refunds.lifecycle.requesting import request_overpaid
from refunds.models import PaymentLink
from refunds.refusals import NothingToPay, NotOurs
from refunds.states import LINK_MACHINE, LinkStatus
from returns.lifecycle.dispatching import active
from returns.lifecycle.locking import lock
from returns.models import RMA, Dispatch
from returns.states import DispatchStatus

OPEN_FOR = timedelta(hours=23)
L = LinkStatus


@verb
def open_link(rma_number: str, *, by: str, at: datetime) -> PaymentLink:
    """The page on which this exchange can be paid: the one that is open, or a new one. Raises NothingToPay.

    The caller then has it made at the provider, under its key.
    """
    rma = lock(rma_number)
    dispatch = active(rma)
    owed = left_to_pay(dispatch.order) if dispatch is not None else Decimal(0)
    if dispatch is None or dispatch.status != DispatchStatus.HELD or not owed:
        raise NothingToPay
    if open_one := PaymentLink.objects.filter(order=dispatch.order, status=L.OPEN).first():
        return open_one
    LINK_MACHINE.check("open", "", L.OPEN)
    return PaymentLink.objects.create(
        order=dispatch.order,
        amount=owed,
        currency=rma.currency,
        status=L.OPEN,
        created_at=at,
        expires_at=at + OPEN_FOR,
    )


@verb
def note_page(key: UUID, *, session_id: str, url: str, by: str, at: datetime) -> PaymentLink:
    """The provider made the page. Made twice under one key, it is the same page."""
    PaymentLink.objects.filter(key=key, session_id=None).update(session_id=session_id, url=url)
    return PaymentLink.objects.get(key=key)


@verb
def hear_page(news: PageNews, *, by: str, at: datetime) -> PaymentLink:
    """Take what the provider says of a page. Paid once is one payment, however often it is said.

    Raises NotOurs for a page we did not ask for, or another amount than we asked for: a person looks.
    """
    link = _lock(news)
    if link.status == L.PAID or news.status == link.status:
        return link
    if news.status == L.EXPIRED:
        LINK_MACHINE.check("expire", link.status, L.EXPIRED)
        return _close(link, L.EXPIRED, at)
    LINK_MACHINE.check("pay", link.status, L.PAID)
    if (news.amount_minor, news.currency) != (to_minor(link.amount, link.currency), link.currency):
        raise NotOurs("other_amount")
    _close(link, L.PAID, at)
    payment = NewPayment(PaymentMethod.CARD, news.payment, link.amount)
    order = link.order
    before = order.total - left_to_pay(order)
    orders.pay(order.number, payment, by=by, at=at)
    rma = link.rma  # type: ignore[attr-defined]
    if Dispatch.objects.filter(order=order, status=DispatchStatus.CANCELED).exists():
        tax = sum((line.tax for line in order.lines.all()), Decimal(0))
        part = part_of(tax, order.total, before, link.amount, order.currency)
        request_overpaid(order.number, link.amount, part, by=by, at=at)
    else:
        advance(rma, by=by, at=at)
    return link


def _close(link: PaymentLink, status: LinkStatus, at: datetime) -> PaymentLink:
    link.status, link.closed_at = status, at
    link.save(update_fields=["status", "closed_at"])
    return link


def _lock(news: PageNews) -> PaymentLink:
    """The return, the order, then the link, read as they are now."""
    known = Q(session_id=news.session_id) if news.session_id else Q(key=news.key)
    found = PaymentLink.objects.filter(known).values_list("pk", "order__dispatch__rma__number").first()
    if found is None and news.session_id and (key := _uuid(news.key)):  # the answer that named the page was lost
        found = PaymentLink.objects.filter(key=key).values_list("pk", "order__dispatch__rma__number").first()
    if found is None:
        raise NotOurs("not_ours")
    rma: RMA = lock(found[1])
    Order.objects.for_update().get(payment_links=found[0])
    link = PaymentLink.objects.select_for_update(no_key=True, of=("self",)).select_related("order").get(pk=found[0])
    link.rma = rma  # type: ignore[attr-defined]
    return link


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
