"""Jobs that were given up, and the button that runs them again (R41)."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from oms import jobs
from oms.access import may
from oms.models import Delivery
from oms.views.words import Clock

PER_PAGE = 50


@require_safe
@may("change settings")
def job_list(request: HttpRequest) -> HttpResponse:
    clock = Clock()
    dead = Delivery.objects.exclude(dead_at=None).select_related("event").order_by("-dead_at", "-id")
    page = Paginator(dead, PER_PAGE).get_page(request.GET.get("page"))
    late = Delivery.objects.filter(done_at=None, dead_at=None, attempts__gt=0)
    context = {
        "title": _("Jobs given up"),
        "shop": clock.shop,
        "page": page,
        "rows": [
            {"job": job, "died": clock.text(job.dead_at), "event_at": clock.text(job.event.occurred_at)} for job in page
        ],
        "retried": late.count(),
    }
    return render(request, "settings/jobs.html", context)


@require_POST
@may("change settings")
def attempts(request: HttpRequest, pk: int) -> HttpResponse:
    get_object_or_404(Delivery, pk=pk)
    jobs.run_again(pk, by=request.user.actor, at=timezone.now())
    messages.success(request, _("It runs again within seconds."))
    return redirect("settings:jobs")
