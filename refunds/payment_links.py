"""How a customer gets to a payment page, exactly one at a time, and how we hear that it was paid (p50).

1. `lifecycle.open_link` writes the link with its key, and commits.
2. The provider makes the page under that key, outside any transaction.
3. The customer pays there; the webhook, the customer's coming back, or the poll tells us.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from oms.money import to_minor
from refunds import lifecycle
from refunds.gateways.base import GatewayError, PageNews
from refunds.gateways.registry import stripe
from refunds.gateways.stripe_checkout import StripeCheckout
from refunds.models import PaymentLink
from refunds.states import LinkStatus

logger = logging.getLogger(__name__)

ASK_AFTER = timedelta(minutes=2)


def page_for(rma_number: str, what: str, back_url: str, *, by: str, now: Callable[[], datetime]) -> str:
    """The address of the page on which this exchange can be paid now.

    A page that ran out, or asks for another amount than is owed, is closed first: two can never be open. Raises
    NothingToPay, also when it turns out to be paid already, and GatewayError.
    """
    link = lifecycle.open_link(rma_number, by=by, at=now())
    if link.session_id and link.expires_at > now():
        return link.url
    if link.session_id or link.expires_at <= now():
        close(link, now=now)
        link = lifecycle.open_link(rma_number, by=by, at=now())
    news, url = _pages().open(
        str(link.key), to_minor(link.amount, link.currency), link.currency, what, back_url, link.expires_at
    )
    return lifecycle.note_page(link.key, session_id=news.session_id, url=url, by=by, at=now()).url


def close(link: PaymentLink, *, now: Callable[[], datetime]) -> PaymentLink:
    """A page that is not to be paid any more; one that was paid all the same counts. Raises GatewayError."""
    if link.session_id is None:
        news = PageNews(LinkStatus.EXPIRED, "", key=str(link.key))
        return lifecycle.hear_page(news, by="system", at=now())
    news = _pages().retrieve(link.session_id)
    if news.status == LinkStatus.OPEN:
        news = _pages().close(link.session_id)
    return lifecycle.hear_page(news, by="stripe", at=now())


def look_up(link: PaymentLink, *, now: Callable[[], datetime]) -> PaymentLink:
    """Ask where a page stands, on the same path as its webhook. Raises GatewayError."""
    if link.session_id is None:
        return link
    return lifecycle.hear_page(_pages().retrieve(link.session_id), by="stripe", at=now())


def poll(*, now: Callable[[], datetime], limit: int) -> int:
    """Ask about open pages whose webhook may be lost; returns how many answered."""
    waiting = PaymentLink.objects.filter(status=LinkStatus.OPEN, created_at__lt=now() - ASK_AFTER)
    answered = 0
    for link in waiting.exclude(session_id=None).order_by("created_at")[:limit]:
        try:
            look_up(link, now=now)
        except GatewayError as problem:
            logger.warning("payment link %s is still open: %s", link.pk, problem.code)
            break
        answered += 1
    return answered


def _pages() -> StripeCheckout:
    return StripeCheckout(stripe())
