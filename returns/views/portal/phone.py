"""The phone beside a station: no log-in, no names, only adding photos to the piece at hand (R74)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms.access import public
from oms.refusals import Refused
from returns import phones, photos
from returns.models import ReturnPhoto


@require_http_methods(["GET", "HEAD", "POST"])
@public
@never_cache
def phone(request: HttpRequest, token: str) -> HttpResponse:
    """Show what is being photographed, and take photos of it. A token that ended answers the same as no token."""
    now = timezone.now()
    try:
        paired = phones.paired(token, at=now)
    except Refused as why:
        return _page(request, problem=str(why), status=404)
    problem = ""
    if request.method == "POST":
        uploads = request.FILES.getlist("photos")
        if not uploads:
            problem = _("Choose or take a photo first.")
        try:
            for picture in photos.clean_all(uploads):
                phones.add(token, picture, at=now)
        except Refused as why:
            problem = str(why)
        if not problem:
            return redirect("portal:phone", token)
    return _page(request, paired=paired, problem=problem, status=422 if problem else 200)


def _page(
    request: HttpRequest, *, paired: phones.PairedPhone | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "paired": paired,
        "problem": problem,
        "count": ReturnPhoto.objects.filter(phone=paired).count() if paired else 0,
        "minutes": max(1, round((paired.expires_at - timezone.now()).total_seconds() / 60)) if paired else 0,
        "title": paired.receipt.line.order_line.description if paired else "",
    }
    return render(request, "portal/phone.html", context, status=status)
