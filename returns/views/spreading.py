"""Dividing a return among parcels: what the customer's page and the desk's page share."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from oms import outbox
from oms.refusals import Refused
from returns import lifecycle, parcels
from returns.forms.parcels import BoxesForm, CountForm
from returns.models import RMA, ReturnLine
from returns.views.portal import boxes


def page(
    request: HttpRequest,
    rma: RMA,
    lines: Sequence[ReturnLine],
    *,
    template: str,
    back: str,
    by: str,
    refused: Callable[[Refused], HttpResponse],
) -> HttpResponse:
    """One page in two steps, which needs no script: `?count=` parcels are shown to be filled, a POST fills them."""
    kept = boxes.parcels_of(rma)
    held = parcels.plans(rma)
    plan = [held.get(one.pk, {line.pk: line.quantity for line in lines}) for one in kept]
    counting = CountForm(
        request.GET if "count" in request.GET else None, lines=lines, initial={"count": len(plan) or 1}
    )
    context: dict[str, Any] = {"rma": rma, "lines": lines, "counting": counting, "back": back}
    context |= {"title": _("What goes into which parcel"), "problems": [counting]}
    if request.method == "POST":
        counting = context["counting"] = CountForm(request.POST, lines=lines)
        context["problems"] = [counting]
        if not counting.is_valid():
            return render(request, template, context, status=422)
        form = BoxesForm(request.POST, lines=lines, count=counting.cleaned_data["count"])
        if not form.is_valid():
            return render(request, template, context | {"form": form, "problems": [form]}, status=422)
        now = timezone.now()
        try:
            lifecycle.spread(rma.number, form.boxes(), by=by, at=now)
        except Refused as why:
            outbox.record_refusal(why, verb="spread", subject=rma.stream, by=by, at=now)
            return refused(why)
        return redirect(back)
    if counting.is_bound and not counting.is_valid():
        return render(request, template, context, status=422)
    count = counting.cleaned_data["count"] if counting.is_bound else len(plan)
    if count > 1 or counting.is_bound:
        context["form"] = BoxesForm(lines=lines, count=count, plan=plan)
    return render(request, template, context)
