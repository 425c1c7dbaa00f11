"""Stripe's messages: the view stores them, a job takes them from the table afterwards (p48).

They come more than once and in any order. What fits no refund of ours stays in the table, unprocessed, with its reason.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oms import webhooks
from oms.access import public
from oms.models import InboundWebhook
from refunds import protocol
from refunds.gateways.base import RefundAnswer, SignatureRefused
from refunds.gateways.registry import stripe as stripe_gateway
from refunds.gateways.stripe import read_refund
from refunds.models import Refund
from refunds.refusals import NotOurs
from refunds.states import RefundStatus

logger = logging.getLogger(__name__)

STRIPE = "stripe"
REFUND_KINDS = ("refund.created", "refund.updated", "refund.failed", "charge.refund.updated")
CHARGE_KINDS = ("charge.refunded",)


@csrf_exempt
@require_POST
@public
def stripe(request: HttpRequest) -> HttpResponse:
    now = timezone.now()

    def verify(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        return stripe_gateway().verify(body, headers.get("Stripe-Signature"), settings.STRIPE_WEBHOOK_SECRET, now)

    return webhooks.answer(request, STRIPE, verify, refusals=(SignatureRefused,), kind_key="type", at=now)


def process(external_id: str) -> None:
    """Take a stored message of Stripe. Processed before, nothing happens."""
    with transaction.atomic(savepoint=False):
        _process(InboundWebhook.objects.select_for_update(no_key=True).get(provider=STRIPE, external_id=external_id))


def _process(message: InboundWebhook) -> None:
    if message.processed_at is not None:
        return
    answers = list(_answers(message.kind, json.loads(message.body)))
    try:
        with transaction.atomic(savepoint=len(answers) > 1):
            for answer in answers:
                protocol.hear_webhook(answer, by=STRIPE, at=timezone.now())
    except NotOurs as problem:
        if len(answers) == 1:
            transaction.set_rollback(False)  # it was said before anything was changed
        message.trouble = problem.code
        message.save(update_fields=["trouble"])
        logger.warning("webhook %s needs a person: %s", message.number, problem.code)
        return
    message.processed_at, message.trouble = timezone.now(), ""
    message.save(update_fields=["processed_at", "trouble"])


def _answers(kind: str, event: dict[str, Any]) -> Iterator[RefundAnswer]:
    """The refunds a message speaks of. Other kinds speak of none."""
    about = event.get("data", {}).get("object", {})
    if kind in REFUND_KINDS and about.get("object") == "refund":
        yield read_refund(about)
    elif kind in CHARGE_KINDS:
        listed = (about.get("refunds") or {}).get("data") or ()
        yield from (read_refund(refund) for refund in listed)
        if not listed:
            _ask_soon(about)


def _ask_soon(charge: dict[str, Any]) -> None:
    """The message names the charge alone: the next poll asks about its refunds (p9)."""
    names = [charge.get("id"), charge.get("payment_intent")]
    Refund.objects.filter(payment__provider_id__in=[name for name in names if name]).filter(
        status__in=RefundStatus.unanswered()
    ).update(looked_up_at=None)
