"""Taking a stored message: what it tells is heard, or it stays with what is wrong about it."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from oms.models import InboundWebhook
from oms.prepared import prepared
from refunds import lifecycle, protocol
from refunds.gateways import paypal_messages, stripe_messages
from refunds.gateways.base import AskAgain, DisputeNews, GatewayError, News, PageNews, RefundAnswer
from refunds.models import Refund
from refunds.refusals import NotOurs
from refunds.states import RefundStatus

logger = logging.getLogger(__name__)

Read = Callable[[str, Mapping[str, Any]], Iterator[News]]
READERS: dict[str, Read] = {"stripe": stripe_messages.read, "paypal": paypal_messages.read}
PROVIDERS = tuple(READERS)


def process(external_id: str, *, provider: str = "stripe") -> None:
    """Take a stored message. Processed before, nothing happens."""
    with transaction.atomic(savepoint=False):
        _process(_stored.one(provider, external_id))


@prepared
def _stored(provider: str, external_id: str) -> QuerySet[InboundWebhook]:
    found = InboundWebhook.objects.filter(provider=provider, external_id=external_id)
    return found.select_for_update(no_key=True)


def unattached() -> QuerySet[InboundWebhook]:
    """Messages nobody could place."""
    return InboundWebhook.objects.filter(provider__in=PROVIDERS, processed_at=None).exclude(trouble="")


def _process(message: InboundWebhook) -> None:
    if message.processed_at is not None:
        return
    try:
        news = list(READERS[message.provider](message.kind, json.loads(message.body)))
    except GatewayError as problem:
        _leave(message, problem.code)
        return
    try:
        with transaction.atomic(savepoint=len(news) > 1):
            for one in news:
                _hear(one, by=message.provider)
    except NotOurs as problem:
        if len(news) == 1:
            transaction.set_rollback(False)  # it was said before anything was changed
        _leave(message, problem.code)
        return
    message.processed_at, message.trouble = timezone.now(), ""
    message.save(update_fields=["processed_at", "trouble"])


def _leave(message: InboundWebhook, code: str) -> None:
    message.trouble = code
    message.save(update_fields=["trouble"])
    logger.warning("webhook %s needs a person: %s", message.number, code)


def _hear(news: News, *, by: str) -> None:
    if isinstance(news, RefundAnswer):
        protocol.hear_webhook(news, by=by, at=timezone.now())
    elif isinstance(news, PageNews):
        lifecycle.hear_page(news, by=by, at=timezone.now())
    elif isinstance(news, DisputeNews):
        lifecycle.hear_dispute(news, by=by, at=timezone.now())
    elif isinstance(news, AskAgain):
        _ask_soon(news)


def _ask_soon(news: AskAgain) -> None:
    """The next poll asks about the refunds of these payments (p9)."""
    Refund.objects.filter(payment__provider_id__in=news.payments).filter(status__in=RefundStatus.unanswered()).update(
        looked_up_at=None
    )
