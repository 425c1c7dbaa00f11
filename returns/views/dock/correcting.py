"""After the minute a count is corrected by somebody whose role says so, with a reason that stays."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from returns import lifecycle
from returns.forms.found import CorrectionForm
from returns.models import RMA, Receipt
from returns.views.dock import answers


@require_http_methods(["GET", "HEAD", "POST"])
@may("correct counts")
def corrections(request: HttpRequest, number: str) -> HttpResponse:
    """What was counted of a return, each count with a way to take it back. Sent twice, it is corrected once."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    if request.method != "POST":
        return _page(request, rma)
    form = CorrectionForm(request.POST)
    if not form.is_valid():
        return _page(request, rma, problem=str(next(iter(form.errors.values()))[0]), status=422)
    data, by, now = form.cleaned_data, request.user.actor, timezone.now()
    try:
        lifecycle.take_back(
            number, data["receipt"], form_token=data["form_token"], reason=data["reason"], by=by, at=now
        )
    except Refused as why:
        outbox.record_refusal(why, verb="take_back", subject=rma.stream, by=by, at=now)
        return _page(request, rma, problem=str(why), status=409)
    return redirect("admin:dock_corrections", number)


def _page(request: HttpRequest, rma: RMA, *, problem: str = "", status: int = 200) -> HttpResponse:
    counted = Receipt.objects.filter(line__rma=rma).select_related("line__order_line", "reversal")
    rows = [
        {
            "receipt": one,
            "title": answers.title_of(one.line),
            "reversal": one.reversal if one.is_reversed else None,
            "form": None if one.is_reversed or one.inspected else CorrectionForm(auto_id=f"id_{one.pk}_%s"),
        }
        for one in counted.order_by("-received_at", "-pk")
    ]
    context = {
        "title": _("Correct the count of %(rma)s") % {"rma": rma.number},
        "rma": rma,
        "rows": rows,
        "problem": problem,
    }
    return render(request, "returns/dock/corrections.html", context, status=status)
