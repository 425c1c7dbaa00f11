"""EasyPost's messages: this view stores them, `returns.tasks.read_carrier_webhook` takes them from the table (p48)."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from oms import webhooks
from oms.access import public
from returns.carriers import easypost as carrier
from returns.carriers.base import SignatureRefused

EASYPOST = "easypost"


@csrf_exempt
@require_POST
@public
def easypost(request: HttpRequest) -> HttpResponse:
    def verify(body: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
        return carrier.from_settings().verify_webhook(body, headers, settings.EASYPOST_WEBHOOK_SECRET)

    return webhooks.answer(
        request, EASYPOST, verify, refusals=(SignatureRefused,), kind_key="description", at=timezone.now()
    )
