"""The customer's photos beside the dock's, and the file made of them for a dispute."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from oms.access import may
from oms.views.words import Clock, actor_names
from returns import evidence
from returns.models import RMA, EvidencePack, ReturnPhoto


@require_http_methods(["GET", "HEAD", "POST"])
@may("use evidence")
@never_cache
def evidence_of(request: HttpRequest, number: str) -> HttpResponse:
    """Photos side by side, each hashed, timed and attributed; a POST has the file built, once however often asked."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user).select_related("order"), number=number)
    if request.method == "POST":
        evidence.ask(number, by=request.user.actor, at=timezone.now())
        messages.success(request, _("It is being put together. This page shows it when it is ready."))
        return redirect("returns:evidence", number)
    clock = Clock()
    pictures = list(ReturnPhoto.objects.filter(rma=rma).select_related("line__order_line").defer("content"))
    pictures.sort(key=lambda one: (one.taken_at, one.pk))
    packs = list(EvidencePack.objects.filter(rma=rma).defer("content").order_by("-pk"))
    names = actor_names([*(one.taken_by for one in pictures), *(one.asked_by for one in packs)])
    told = [
        {
            "photo": one,
            "at": clock.text(one.taken_at),
            "by": names.get(one.taken_by, one.taken_by),
            "of": one.line.order_line.description if one.line else "",
            "is_customers": evidence.is_customers(one),
        }
        for one in pictures
    ]
    context = {
        "title": _("Evidence"),
        "rma": rma,
        "sides": [
            (_("From the customer"), [one for one in told if one["is_customers"]]),
            (_("From the dock"), [one for one in told if not one["is_customers"]]),
        ],
        "packs": [
            {
                "pack": one,
                "asked": clock.text(one.asked_at),
                "by": names.get(one.asked_by, one.asked_by),
                "built": clock.text(one.built_at),
            }
            for one in packs
        ],
        "under_way": any(one.built_at is None for one in packs),
    }
    return render(request, "returns/desk/evidence.html", context)


@require_POST
@may("use evidence")
@never_cache
def evidence_file(request: HttpRequest, number: str, ref: UUID) -> HttpResponse:
    """The file itself; who had it, and when, stays in the story of the return."""
    get_object_or_404(EvidencePack.objects.exclude(built_at=None), ref=ref, rma__number=number)
    pack = evidence.fetch(ref, by=request.user.actor, at=timezone.now())
    content = bytes(pack.content or b"")
    if not content:  # the customer's data were erased since
        raise Http404
    response = HttpResponse(content, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="evidence-{number}.pdf"'
    return response
