from collections.abc import Callable
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse

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


def storable_paths(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer 404 to an address with a zero byte: PostgreSQL stores none, so nothing can be there."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404
        return get_response(request)

    return middleware
