"""The buyer gives whoever they bought it for a link, and takes it back (p15)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from oms import shops
from returns import gifts
from returns.models import GiftLink, ReturnDraft
from returns.views.giving import Giving
from returns.views.portal.draft_pages import buyers_page


@require_http_methods(["GET", "HEAD", "POST"])
@buyers_page
def giving(request: HttpRequest, draft: ReturnDraft) -> HttpResponse:
    """Choose what was the gift, and see the links there are. The same choice again is the same link."""
    if not shops.current().buyers_make_gift_links:
        raise Http404
    page = Giving(request, draft.order, by=draft.sender.actor)
    if page.make() is not None:
        return redirect("portal:giving", draft.ref)
    return render(request, "portal/giving.html", page.context() | {"draft": draft}, status=page.status)


@require_POST
@buyers_page
def withdrawal(request: HttpRequest, draft: ReturnDraft, link: int) -> HttpResponse:
    """Whoever has the link can use it no more; also where the shop makes no more of them meanwhile."""
    try:
        gifts.withdraw_link(draft.order.number, link, by=draft.sender.actor, at=timezone.now())
    except GiftLink.DoesNotExist:
        raise Http404 from None
    return redirect("portal:items" if not shops.current().buyers_make_gift_links else "portal:giving", draft.ref)
