"""What every page of a return being put together begins with: whose draft it is, and whether it still is one."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from oms.access import public
from returns import drafts
from returns.lookups import DRAFT_LIFE
from returns.models import ReturnDraft
from returns.refusals import GiftLinkEnded


def draft_file(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the draft of the address, also after it has become a return."""

    @wraps(view)
    def found(request: HttpRequest, draft: UUID, **kwargs: Any) -> HttpResponse:
        one = drafts.find(draft, at=timezone.now())
        if one is None:  # too old, or never there: nobody learns which
            return render(request, "portal/draft_gone.html", {"days": DRAFT_LIFE.days}, status=404)
        return view(request, one, **kwargs)

    return public(never_cache(found))


def draft_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Find the draft of the address; once it has become a return, every address of it leads there (p2, U19). Of a gift
    whose link was withdrawn, it says so."""

    @wraps(view)
    def open_one(request: HttpRequest, draft: ReturnDraft, **kwargs: Any) -> HttpResponse:
        rma = drafts.confirmed(draft)
        if rma is not None:
            return redirect(rma.get_portal_path())
        if draft.gift_link is not None and draft.gift_link.ended_at is not None:
            return render(request, "portal/gift.html", {"problem": str(GiftLinkEnded())}, status=404)
        return view(request, draft, **kwargs)

    return draft_file(open_one)


def buyers_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of the buyer's own draft: whoever was given the goods gets store credit, and neither chooses other goods
    nor gives the gift on."""

    @wraps(view)
    def own(request: HttpRequest, draft: ReturnDraft, **kwargs: Any) -> HttpResponse:
        if draft.recipient_id is not None:
            raise Http404
        return view(request, draft, **kwargs)

    return draft_page(own)
