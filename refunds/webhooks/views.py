"""Where providers send their messages: verified, stored, answered. Nothing else happens here."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oms import webhooks
from oms.access import public
from refunds.gateways import registry
from refunds.gateways.base import GatewayError, SignatureRefused

STRIPE, PAYPAL = "stripe", "paypal"


@csrf_exempt
@require_POST
@public
def stripe(request: HttpRequest) -> HttpResponse:
    now = timezone.now()

    def verify(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        signature = headers.get("Stripe-Signature")
        return registry.stripe().verify(body, signature, settings.STRIPE_WEBHOOK_SECRET, now)

    return webhooks.answer(request, STRIPE, verify, refusals=(SignatureRefused,), kind_key="type", at=now)


@csrf_exempt
@require_POST
@public
def paypal(request: HttpRequest) -> HttpResponse:
    """503 when the certificate cannot be had just now: PayPal tries again."""
    now = timezone.now()

    def verify(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        return registry.paypal().verify_message(body, headers, settings.PAYPAL_WEBHOOK_ID, now)

    return webhooks.answer(
        request,
        PAYPAL,
        verify,
        refusals=(SignatureRefused,),
        unavailable=(GatewayError,),
        kind_key="event_type",
        at=now,
    )
