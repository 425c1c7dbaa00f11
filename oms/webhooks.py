"""Messages of vendors: verified, stored raw, answered; a job takes them from the table afterwards (p48).

Nothing is done before it is stored and 2xx is said only after the commit. The same message again changes nothing.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse

from oms import outbox
from oms.encryption import Plain
from oms.models import InboundWebhook

logger = logging.getLogger(__name__)

LARGEST = 256 * 1024  # bytes; real messages are a few kilobytes
LONGEST_ID = 60

# (body, headers) → the message; raises one of the given refusals
Verify = Callable[[bytes, Mapping[str, str]], dict[str, Any]]


def answer(
    request: HttpRequest,
    provider: str,
    verify: Verify,
    *,
    refusals: tuple[type[Exception], ...],
    unavailable: tuple[type[Exception], ...] = (),
    kind_key: str,
    at: datetime,
) -> HttpResponse:
    """200 once stored, also when it was stored before; 400 for a bad signature or body, 413 for too much, 503 when
    what proves it cannot be had.

    `kind_key` names the entry of the message that says what it is about. The log gets no word of the body.
    """
    if _announced(request) > LARGEST:
        return HttpResponse(status=413)
    body = request.body
    if len(body) > LARGEST:
        return HttpResponse(status=413)
    try:
        message = verify(body, request.headers)
    except unavailable as problem:
        logger.warning("webhook of %s not verified: %s", provider, problem)
        return HttpResponse(status=503)
    except refusals as refused:
        logger.warning("webhook of %s refused: %s", provider, refused)
        return HttpResponse(status=400)
    external_id, kind = message.get("id"), message.get(kind_key)
    if not _fits(external_id, LONGEST_ID) or not _fits(kind, 60):
        logger.warning("webhook of %s refused: no usable id or kind", provider)
        return HttpResponse(status=400)
    store(provider, external_id, kind, body, at=at)
    return HttpResponse(status=200)


def _announced(request: HttpRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0


def _fits(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest and "\0" not in value


def store(provider: str, external_id: str, kind: str, body: bytes, *, at: datetime) -> bool:
    """Keep a verified message, once. False: it was there already."""
    message = InboundWebhook(provider=provider, external_id=external_id, kind=kind, body=Plain(body), received_at=at)
    said = {"provider": provider, "external_id": external_id, "kind": kind}
    return outbox.record_once(message, "webhook.received", by=provider, at=at, **said) is not None
