"""Returns to vendors: gathered, sent, credited."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from oms import outbox
from oms.access import may
from oms.money import Money, amount_text
from oms.refusals import Refused
from oms.roles import allowed
from oms.views.words import Clock
from returns import lifecycle
from returns.forms.goods import CreditForm
from returns.goods_states import VENDOR_RETURN_MACHINE, VENDOR_RETURN_MEANING, VendorReturnStatus
from returns.models import VendorReturn

PER_PAGE = 50
STEPS = {"send": lifecycle.send_to_vendor, "call_off": lifecycle.call_off_vendor_return}


@require_safe
@may("see stock")
def vendor_returns(request: HttpRequest) -> HttpResponse:
    """Every return to a vendor, newest first."""
    found = VendorReturn.objects.annotate(pieces=Count("lines")).order_by("-opened_at", "-pk")
    page = Paginator(found, PER_PAGE).get_page(request.GET.get("page"))
    clock = Clock()
    context = {
        "title": _("Back to vendors"),
        "page": page,
        "rows": [
            {
                "going": one,
                "meaning": VENDOR_RETURN_MEANING[VendorReturnStatus(one.status)],
                "opened": clock.text(one.opened_at),
                "cost": Money(one.cost, one.currency) if one.sent_at else None,
                "credit": Money(one.credit, one.currency) if one.credit is not None else None,
            }
            for one in page
        ],
    }
    return render(request, "returns/goods/vendor_returns.html", context)


@require_safe
@may("see stock")
def vendor_return(request: HttpRequest, number: str) -> HttpResponse:
    """One return to a vendor: its goods, and what is next."""
    return _page(request, get_object_or_404(VendorReturn, number=number))


@require_POST
@may("move stock")
def vendor_step(request: HttpRequest, number: str) -> HttpResponse:
    """It was sent, or is called off. Sent twice, it happens once."""
    going, step = get_object_or_404(VendorReturn, number=number), request.POST.get("step", "")
    if step not in STEPS:
        return _page(request, going, problem=_("Choose what happens. Nothing was changed."), status=422)
    return _attempt(request, going, step, lambda by, at: STEPS[step](number, by=by, at=at))


@require_POST
@may("credit vendor returns")
def vendor_credit(request: HttpRequest, number: str) -> HttpResponse:
    """The vendor credits it: booked once, however often it is sent."""
    going = get_object_or_404(VendorReturn, number=number)
    form = CreditForm(request.POST)
    if not form.is_valid():
        return _page(request, going, form=form, status=422)
    return _attempt(
        request,
        going,
        "credit",
        lambda by, at: lifecycle.credit_vendor_return(number, by=by, at=at, **form.cleaned_data),
        form=form,
    )


def _attempt(
    request: HttpRequest, going: VendorReturn, verb: str, call: Any, *, form: CreditForm | None = None
) -> HttpResponse:
    by, at = request.user.actor, timezone.now()
    try:
        call(by, at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=going.stream, by=by, at=at)
        return _page(request, going, form=form, problem=str(refused), status=409)
    messages.success(request, _("Written down."))
    return redirect(going)


def _page(
    request: HttpRequest, going: VendorReturn, *, form: CreditForm | None = None, problem: str = "", status: int = 200
) -> HttpResponse:
    clock, verbs = Clock(), VENDOR_RETURN_MACHINE.verbs_for(going.status, request.user.role)
    related = (
        "placement__outcome__receipt__line__order_line",
        "placement__outcome__receipt__line__rma",
        "placement__condition",
    )
    moves = allowed(request.user, "move stock")
    credits = "credit" in verbs and allowed(request.user, "credit vendor returns")
    context = {
        "title": _("Back to %(vendor)s") % {"vendor": going.vendor},
        "going": going,
        "meaning": VENDOR_RETURN_MEANING[VendorReturnStatus(going.status)],
        "lines": going.lines.select_related(*related).order_by("pk"),
        "opened": clock.text(going.opened_at),
        "sent": clock.text(going.sent_at),
        "credited": clock.text(going.credited_at),
        "cost": Money(going.cost, going.currency) if going.sent_at else None,
        "credit": Money(going.credit, going.currency) if going.credit is not None else None,
        "can_send": moves and "send" in verbs,
        "form": (
            form
            or CreditForm(initial={"credit": amount_text(going.cost, going.currency)}, use_required_attribute=False)
        )
        if credits
        else None,
        "problem": problem,
    }
    return render(request, "returns/goods/vendor_return.html", context, status=status)
