"""What waits for inspection, and where a code that is scanned there leads."""

from collections import Counter
from typing import Any

from django.core.paginator import Paginator
from django.db.models import F, Min, Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from inventory.models import Bin
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from returns import action_codes, codes, verdicts
from returns.action_codes import Action
from returns.models import RMA, Hold, Receipt, Verdict
from returns.refusals import NothingToTakeBack
from returns.states import HoldStatus, ReceiptResult, RMAStatus
from returns.views.dock.on_tray import Tray

PAGE_SIZE = 50


class NothingToInspect(Refused):
    code = "nothing_to_inspect"
    sentence = gettext_lazy("Nothing of this waits for inspection.")


class OpenOneFirst(Refused):
    code = "open_one_first"
    sentence = gettext_lazy("Scan a piece or a return first: this code says what to do with it.")


def waiting() -> Any:
    """Receipts of which something is still to be looked at."""
    arrived = Receipt.objects.filter(
        result__in=ReceiptResult.arrived(),
        inspected__lt=F("quantity"),
        is_reversed=False,
        line__rma__status__in=RMAStatus.at_dock(),
    )
    return verdicts.with_decided(arrived).filter(quantity__gt=F("inspected") + F("decided"))


@require_safe
@may("inspect goods")
def inspection_queue(request: HttpRequest) -> HttpResponse:
    """Returns with goods to look at, the longest waiting first. A scanned code leads to its return."""
    problem = ""
    if code := request.GET.get("code", ""):
        try:
            return lead(request, code)
        except Refused as why:
            problem = str(why)
    queue = (
        RMA.objects.visible_to(request.user)
        .filter(pk__in=waiting().values("line__rma"))
        .annotate(since=Min("lines__receipts__received_at"))
        .order_by("since", "pk")
    )
    page = Paginator(queue, PAGE_SIZE).get_page(request.GET.get("page"))
    counts: Counter[int] = Counter()
    for receipt in waiting().filter(line__rma__in=[rma.pk for rma in page]).select_related("line"):
        counts[receipt.line.rma_id] += receipt.undecided
    context = {
        "title": _("Inspection"),
        "page": page,
        "rows": [{"rma": rma, "since": rma.since, "left": counts[rma.pk]} for rma in page],
        "open_holds": Hold.objects.filter(status__in=(HoldStatus.WAITING, HoldStatus.DISPUTED)).count(),
        "code": code[:40],
        "asks": allowed(request.user, "change settings"),
        "problem": problem,
    }
    return render(request, "returns/dock/queue.html", context, status=422 if problem else 200)


def lead(request: HttpRequest, code: str) -> HttpResponseRedirect:
    """To the return a code names, the only one that holds it, or where an action code or a bin goes. Raises Refused."""
    code = codes.plain(code)
    action = action_codes.read_action(code)
    if action is Action.NEXT:
        return following()
    if action is Action.UNDO:
        last = verdicts.last_of(request.user.actor)
        if last is None:
            raise NothingToTakeBack
        return redirect(address_of(last))
    if action is not None:
        raise OpenOneFirst
    if place := action_codes.read_bin(code, Bin.objects.select_related("warehouse")):
        return redirect(Tray(into=place).address())
    found = codes.find(code)
    if found.rma is not None:
        return redirect("admin:dock_inspection_of", found.rma.number)
    receipts = waiting().filter(line__order_line__product__in=found.products)
    if found.unit is not None:
        receipts = receipts.filter(Q(unit=found.unit) | Q(unit=None))
    return _to(receipts)


def following() -> HttpResponseRedirect:
    """The return that waits longest. Raises NothingToInspect."""
    return _to(waiting())


def _to(receipts: Any) -> HttpResponseRedirect:
    first = receipts.select_related("line__rma").order_by("received_at", "pk").first()
    if first is None:
        raise NothingToInspect
    return redirect("admin:dock_inspection_of", first.line.rma.number)


def address_of(verdict: Verdict) -> str:
    """The page that says what follows from a verdict, and takes it back."""
    return f"{reverse('admin:dock_inspection_of', args=[verdict.receipt.line.rma.number])}?verdict={verdict.pk}"
