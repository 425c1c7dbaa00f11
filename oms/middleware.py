from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest, HttpResponse

from oms import outbox


def correlation(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request an id that its events, tasks and vendor calls carry (K15)."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = outbox.correlation.set(uuid4())
        try:
            return get_response(request)
        finally:
            outbox.correlation.reset(token)

    return middleware
