"""Whether money is conserved: one number that must read zero, and behind it everything that drifts."""

from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from oms import outbox
from oms.access import may
from oms.models import Order
from oms.roles import allowed
from oms.views.words import Clock, actor_names
from refunds.conservation.watching import TOTALS
from refunds.models import ConservationFinding, ConservationRun
from refunds.states import Reading

SHOWN = 100
NAMES = {
    "captured": gettext_lazy("Captured, by the payments"),
    "captured_in_journal": gettext_lazy("Captured, by the journal"),
    "refunded": gettext_lazy("Refunded, by the payments"),
    "refunded_in_journal": gettext_lazy("Refunded, by the journal"),
    "refunds_settled": gettext_lazy("Refunded, by settled refunds"),
    "credited": gettext_lazy("Credited, by settled refunds"),
    "credited_in_journal": gettext_lazy("Credited, by the journal"),
    "charged_back": gettext_lazy("Lost, by the disputes"),
    "charged_back_in_journal": gettext_lazy("Lost, by the journal"),
    "gross": gettext_lazy("Sold for"),
    "tax": gettext_lazy("Tax in it"),
    "credited_tax": gettext_lazy("Tax given back"),
    "on_memos": gettext_lazy("On credit memos"),
    "in_events": gettext_lazy("In the chain of events"),
}
# The same names mean something else on a line and on a tax.
OF_UNIT = {"credited": gettext_lazy("Given back")}
OF_TAX = {
    "captured": gettext_lazy("Taken in, by the order"),
    "refunded": gettext_lazy("Given back, by credit memos"),
    "captured_in_journal": gettext_lazy("Taken in, by the account"),
    "refunded_in_journal": gettext_lazy("Given back, by the account"),
}
ALSO = {Reading.ORDER: {}, Reading.UNIT: OF_UNIT, Reading.TAX: OF_TAX}


@may("see books")
def conservation(request: HttpRequest) -> HttpResponse:
    clock = Clock()
    runs = list(ConservationRun.objects.order_by("-ran_at", "-id")[:10])
    wanted = request.GET.get("run", "")
    run = runs[0] if runs else None
    if wanted.isdecimal() and len(wanted) < 19:
        run = get_object_or_404(ConservationRun, pk=int(wanted))
    names = actor_names(one.asked_by for one in runs)
    found = list(run.findings.order_by("pk")[: SHOWN + 1]) if run else []
    numbers = set(Order.objects.filter(number__in={one.order_number for one in found}).values_list("number", flat=True))
    context = {
        "shop": clock.shop,
        "title": _("Conservation"),
        "run": run,
        "ran_at": clock.text(run.ran_at) if run else "",
        "totals": [{**one, **_amounts(one)} for one in run.totals] if run else [],
        "findings": [_finding(one, numbers) for one in found[:SHOWN]],
        "more": run.drifting - SHOWN if run and run.drifting > SHOWN else 0,
        "runs": [
            {"run": one, "at": clock.text(one.ran_at), "by": names.get(one.asked_by, one.asked_by)} for one in runs
        ],
        "may_check": allowed(request.user, "reconcile"),
    }
    return render(request, "books/conservation.html", context)


@require_POST
@may("reconcile")
def conservation_check(request: HttpRequest) -> HttpResponse:
    """Ask for a look now; a worker takes it."""
    with transaction.atomic():
        outbox.record_on("conservation", "conservation.asked", by=request.user.actor, at=timezone.now())
    messages.success(request, _("A worker looks now. Open this page again in a moment."))
    return redirect("books:conservation")


def _amounts(total: dict[str, Any]) -> dict[str, Decimal]:
    """What a total says; earlier looks knew of no disputes."""
    return {name: Decimal(total.get(name, 0)) for name in TOTALS}


def _finding(one: ConservationFinding, known: set[str]) -> dict[str, Any]:
    words = NAMES | ALSO[Reading(one.reading)]
    return {
        "finding": one,
        "is_known": one.order_number in known,
        "amounts": [(label, one.amounts[name], one.currency) for name, label in words.items() if name in one.amounts],
    }
