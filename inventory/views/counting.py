"""Cycle counts: start one, enter what was found, and decide about differences."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from inventory import lifecycle
from inventory.forms import CountForm, NewCountForm
from inventory.models import StockCount
from inventory.states import COUNT_MACHINE, COUNT_MEANING, CountStatus
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock, actor_names

PER_PAGE = 50
# What a decision calls, who may, and what its button says.
DECISIONS = {
    "approve": (lifecycle.approve_count, "approve counts", gettext_lazy("Book the differences")),
    "recount": (lifecycle.recount, "approve counts", gettext_lazy("Have it counted again")),
    "discard": (lifecycle.discard_count, "move stock", gettext_lazy("Drop this count")),
}


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def counts(request: HttpRequest) -> HttpResponse:
    """Every count, newest first; a bin is chosen to start another."""
    may_count = allowed(request.user, "move stock")
    if request.method == "POST" and not may_count:
        return render(request, "403.html", status=403)
    form = NewCountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            count = lifecycle.start_count(form.cleaned_data["bin"], by=request.user.actor, at=timezone.now())
        except Refused as refused:
            form.add_error("bin", str(refused))
        else:
            return redirect(count)
    clock = Clock()
    page = Paginator(StockCount.objects.select_related("bin__warehouse").order_by("-started_at", "-id"), PER_PAGE)
    listed = page.get_page(request.GET.get("page"))
    people = actor_names(one.started_by for one in listed)
    context = {
        "title": _("Stock counts"),
        "form": form if may_count else None,
        "page": listed,
        "rows": [
            {
                "count": one,
                "meaning": COUNT_MEANING[CountStatus(one.status)],
                "started": clock.text(one.started_at),
                "by": people.get(one.started_by, one.started_by),
            }
            for one in listed
        ],
    }
    return render(request, "inventory/counts.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may("see stock")
def count(request: HttpRequest, number: str) -> HttpResponse:
    """One count: what to count, or what was found and what differs."""
    found = _count(number)
    if request.method != "POST":
        return _render(request, found)
    if not allowed(request.user, "move stock"):
        return render(request, "403.html", status=403)
    form = CountForm(request.POST, products=lifecycle.to_count(found))
    if not form.is_valid():
        return _render(request, found, form=form)
    try:
        counted = lifecycle.submit_count(number, form.found, by=request.user.actor, at=timezone.now())
    except Refused as refused:
        return _render(request, found, form=form, refused=refused)
    if counted.status == CountStatus.BOOKED:
        messages.success(request, _("Everything is where it should be."))
    else:
        messages.success(request, _("Something differs: somebody else decides about it."))
    return redirect(counted)


@require_POST
@may("see stock")
def count_decision(request: HttpRequest, number: str) -> HttpResponse:
    """Approve the differences, have it counted again, or drop the count."""
    found, decision = _count(number), request.POST.get("decision", "")
    if decision not in DECISIONS:
        return _render(request, found, status=400)
    verb, phrase, _label = DECISIONS[decision]
    if not allowed(request.user, phrase):
        return render(request, "403.html", status=403)
    try:
        decided = verb(number, by=request.user.actor, at=timezone.now())
    except Refused as refused:
        return _render(request, found, refused=refused, status=409)
    return redirect(decided)


def _count(number: str) -> StockCount:
    if "\0" in number:
        raise Http404
    return get_object_or_404(StockCount.objects.select_related("bin__warehouse"), number=number)


def _render(
    request: HttpRequest,
    found: StockCount,
    *,
    form: CountForm | None = None,
    refused: Refused | None = None,
    status: int = 422,
) -> HttpResponse:
    clock = Clock()
    is_counting = found.status == CountStatus.COUNTING and allowed(request.user, "move stock")
    is_own = request.user.actor == found.counted_by
    names = actor_names(one for one in (found.started_by, found.counted_by, found.decided_by) if one)
    lines = list(found.lines.select_related("product").order_by("product__sku"))
    if found.status == CountStatus.COUNTING:
        lines = []
    context: dict[str, Any] = {
        "title": _("Count of %(bin)s") % {"bin": found.bin.code},
        "count": found,
        "meaning": COUNT_MEANING[CountStatus(found.status)],
        "form": (form or CountForm(products=lifecycle.to_count(found))) if is_counting else None,
        "refused": refused,
        "lines": lines,
        "differing": sum(1 for line in lines if line.variance),
        "buttons": [
            {"decision": verb, "label": DECISIONS[verb][2]}
            for verb in COUNT_MACHINE.verbs_for(found.status, request.user.role)
            if verb in DECISIONS and not (verb == "approve" and is_own)
        ],
        "waits_for_another": is_own and found.status == CountStatus.AWAITING_APPROVAL,
        "started": clock.text(found.started_at),
        "counted": clock.text(found.counted_at),
        "decided": clock.text(found.decided_at),
        "started_by": names.get(found.started_by, found.started_by),
        "counted_by": names.get(found.counted_by, found.counted_by),
        "decided_by": names.get(found.decided_by, found.decided_by),
    }
    wrong = refused is not None or (form is not None and bool(form.errors)) or status == 400
    return render(request, "inventory/count.html", context, status=status if wrong else 200)
