"""Papers customers open by a link that cannot be guessed."""

import hmac

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from oms.access import public
from refunds.models import CreditMemo
from refunds.views.paper import NEEDS, memo_response


@public
@never_cache
@require_GET
def memo(request: HttpRequest, number: str, signature: str) -> HttpResponse:
    """The customer's credit memo. A wrong signature and a number that is not there are the same 404 (S3)."""
    found = CreditMemo.objects.select_related(*NEEDS).filter(number=number.replace("\0", "")).first()
    expected = (found or CreditMemo()).signature
    if not hmac.compare_digest(expected.encode(), signature.encode()) or found is None or not found.document:
        raise Http404
    return memo_response(found)
