"""Sending back what one was given: who has the link says who they are, and goes the way of every return (p15)."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from oms.access import public
from oms.refusals import Refused
from returns import gifts
from returns.forms.gifts import RecipientForm


@require_http_methods(["GET", "HEAD", "POST"])
@public
@never_cache
def gift(request: HttpRequest, ref: UUID, signature: str) -> HttpResponse:
    """What can come back, without prices, and who sends it. Opening the page records nothing; a link that ended answers
    the same as none."""
    now = timezone.now()
    try:
        link = gifts.find(ref, signature, at=now)
        form = RecipientForm(request.POST if request.method == "POST" else None, use_required_attribute=False)
        if request.method == "POST" and form.is_valid():
            return redirect("portal:items", gifts.begin(link, gifts.Recipient(**form.cleaned_data), at=now).ref)
    except Refused as refused:
        return render(request, "portal/gift.html", {"problem": str(refused)}, status=404)
    context = {"form": form, "link": link, "possible": gifts.possible(link, at=now)}
    return render(request, "portal/gift.html", context, status=422 if request.method == "POST" else 200)
