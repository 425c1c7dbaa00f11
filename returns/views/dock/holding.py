"""Goods refused at inspection: what waits for whom, and the decision when a customer disputes."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Case, IntegerField, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.refusals import Refused
from oms.roles import allowed
from returns import lifecycle
from returns.lifecycle.holds import DECISIONS
from returns.models import Hold, ReturnPhoto
from returns.states import HOLD_MACHINE, HoldStatus

PAGE_SIZE = 50
MEANING = {HoldStatus.DISPUTED: "careful", HoldStatus.WAITING: "waiting", HoldStatus.UPHELD: "bad"}
WORDS = {
    "overturn": _("Take it back and pay"),
    "uphold": _("Keep the refusal"),
    "send_back": _("Send it back to the customer"),
}
SAID = {
    "overturn": _("Decided for the customer. It is paid as declared, and the goods leave the hold bin."),
    "uphold": _("The refusal stands. The goods can be sent back to the customer."),
    "send_back": _("The goods go out again to the customer."),
}


@require_safe
@may("see returns")
def holds(request: HttpRequest) -> HttpResponse:
    """Goods in hold bins: disputed ones first, then by the day the customer has to answer."""
    return _page(request)


@require_POST
@may("decide returns")
def hold_decision(request: HttpRequest, hold: int) -> HttpResponse:
    """Decide a dispute, or send goods out again. Sent twice, it is decided once."""
    found = get_object_or_404(Hold.objects.select_related("outcome__receipt__line__rma"), pk=hold)
    decision = request.POST.get("decision", "")
    if decision not in WORDS:
        return _page(request, problem=_("Choose what to decide. Nothing was changed."), status=422)
    if found.status == DECISIONS[decision]:
        return redirect("admin:dock_holds")
    by, now = request.user.actor, timezone.now()
    try:
        lifecycle.decide_hold(hold, decision=decision, by=by, at=now)
    except Refused as why:
        outbox.record_refusal(why, verb="decide_hold", subject=found.outcome.receipt.line.rma.stream, by=by, at=now)
        return _page(request, problem=str(why), status=409)
    messages.success(request, SAID[decision])
    return redirect("admin:dock_holds")


def _page(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    open_ones = (
        Hold.objects.filter(status__in=(HoldStatus.WAITING, HoldStatus.DISPUTED, HoldStatus.UPHELD))
        .select_related("outcome__receipt__line__order_line", "outcome__receipt__line__rma", "outcome__condition")
        .select_related("outcome__receipt__line__rma__order__customer")
        .annotate(
            turn=Case(When(status=HoldStatus.DISPUTED, then=Value(0)), default=Value(1), output_field=IntegerField())
        )
        .order_by("turn", "respond_by", "pk")
    )
    page = Paginator(open_ones, PAGE_SIZE).get_page(request.GET.get("page"))
    photos: dict[int, list[ReturnPhoto]] = {}
    outcomes = [hold.outcome_id for hold in page]
    for picture in ReturnPhoto.objects.filter(outcome__in=outcomes).defer("content").order_by("pk"):
        photos.setdefault(picture.outcome_id, []).append(picture)
    decides = allowed(request.user, "decide returns")
    reads = allowed(request.user, "see personal data")
    rows = [
        {
            "hold": hold,
            "outcome": hold.outcome,
            "line": hold.outcome.receipt.line,
            "rma": hold.outcome.receipt.line.rma,
            "meaning": MEANING[HoldStatus(hold.status)],
            "photos": photos.get(hold.outcome_id, []),
            "answer": hold.answer if reads else "",
            "decisions": [
                {"value": verb, "label": WORDS[verb]}
                for verb in HOLD_MACHINE.verbs_for(hold.status, request.user.role)
                if verb in WORDS
            ]
            if decides
            else [],
        }
        for hold in page
    ]
    context = {"title": _("Refused goods"), "page": page, "rows": rows, "problem": problem, "now": timezone.now()}
    return render(request, "returns/dock/holds.html", context, status=status)
