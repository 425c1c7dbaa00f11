"""Refunds that somebody made in a provider's dashboard: a person says what they were for."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from refunds import lifecycle
from refunds.forms import AttachForm
from refunds.models import ExternalRefund
from refunds.states import ExternalStatus
from refunds.views.words import Clock

PER_PAGE = 50
MEANING = {ExternalStatus.WAITING: "waiting", ExternalStatus.ATTACHED: "good", ExternalStatus.UNDONE: ""}


@require_safe
@may("see refunds")
def externals(request: HttpRequest) -> HttpResponse:
    """What is to be attached first, then the rest, newest first."""
    listed = ExternalRefund.objects.select_related("payment__order", "refund").order_by("-status", "-found_at", "-pk")
    page = Paginator(listed, PER_PAGE).get_page(request.GET.get("page"))
    clock = Clock()
    rows = [(one, MEANING[ExternalStatus(one.status)], clock.text(one.found_at)) for one in page]
    return render(
        request, "refunds/externals.html", {"title": _("Refunds made at the provider"), "rows": rows, "page": page}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@may("approve refunds")
def external(request: HttpRequest, number: str) -> HttpResponse:
    """Attach one to lines of its order."""
    found = get_object_or_404(ExternalRefund.objects.select_related("payment__order", "refund"), number=number)
    if found.refund is not None:
        return redirect(found.refund)
    order = found.payment.order
    lines = order.lines.order_by("position")
    form = AttachForm(request.POST if request.method == "POST" else None, external=found, lines=lines)
    if request.method == "POST" and form.is_valid():
        by, at = request.user.actor, timezone.now()
        try:
            with transaction.atomic():
                refund = lifecycle.attach_external(number, form.parts, by=by, at=at)
        except Refused as refused:
            outbox.record_refusal(refused, verb="attach_external", subject=found.stream, by=by, at=at)
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Attached. The books know what it was for."))
            return redirect(refund)
    waits = found.status == ExternalStatus.WAITING
    context = {"title": number, "external": found, "order": order, "form": form, "waits": waits}
    context |= {"found_at": Clock().text(found.found_at), "meaning": MEANING[ExternalStatus(found.status)]}
    return render(request, "refunds/external.html", context, status=422 if form.is_bound else 200)
