"""What finance clicks: each view fetches what the person may see, calls one verb, and shows what it says."""

from collections.abc import Callable
from decimal import Decimal

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from oms import outbox
from oms.access import may
from oms.models import Order
from oms.refusals import Refused
from refunds import lifecycle
from refunds.forms import ConfirmationForm, GoodwillForm, RefusalForm
from refunds.lifecycle.reasons import goodwill_of
from refunds.models import Refund
from refunds.states import GoodwillReason
from refunds.views.looking import render_detail


@require_POST
@may("approve refunds")
def approval(request: HttpRequest, number: str) -> HttpResponse:
    refund = _visible(request, number)
    seen = (request.POST.get("amount", ""), request.POST.get("destination", ""))
    return _decide(
        request, refund, "approve", lambda by, at: lifecycle.approve(number, by=by, at=at, seen=seen), _("Approved.")
    )


@require_POST
@may("approve refunds")
def refusal(request: HttpRequest, number: str) -> HttpResponse:
    refund = _visible(request, number)
    form = RefusalForm(request.POST)
    if not form.is_valid():
        return render_detail(request, number, form=form, status=422)
    reason = form.cleaned_data["reason"]
    return _decide(
        request, refund, "refuse", lambda by, at: lifecycle.refuse(number, reason=reason, by=by, at=at), _("Refused.")
    )


@require_POST
@may("retry refunds")
def attempts(request: HttpRequest, number: str) -> HttpResponse:
    refund = _visible(request, number)
    seen = request.POST.get("after", "")
    after = int(seen) if seen.isdecimal() and len(seen) < 6 else 0
    return _decide(
        request,
        refund,
        "retry",
        lambda by, at: lifecycle.retry(number, after=after, by=by, at=at),
        _("It will be sent again."),
    )


@require_POST
@may("approve refunds")
def cancellation(request: HttpRequest, number: str) -> HttpResponse:
    refund = _visible(request, number)
    return _decide(request, refund, "cancel", lambda by, at: lifecycle.cancel(number, by=by, at=at), _("Called off."))


@require_POST
@may("approve refunds")
def confirmation(request: HttpRequest, number: str) -> HttpResponse:
    refund = _visible(request, number)
    if request.POST.get("paid") == "yes":
        form = ConfirmationForm(request.POST, request.FILES)
        if refund.is_by_hand and not form.is_valid():
            return render_detail(request, number, confirmation_form=form, status=422)
        proof = form.to_evidence() if refund.is_by_hand else None
        return _decide(
            request,
            refund,
            "confirm_paid",
            lambda by, at: lifecycle.confirm_paid(number, by=by, at=at, proof=proof),
            _("Settled."),
        )
    if request.POST.get("paid") == "no":
        return _decide(
            request,
            refund,
            "confirm_unpaid",
            lambda by, at: lifecycle.confirm_unpaid(number, by=by, at=at),
            _("Noted as not paid."),
        )
    return render_detail(request, number, problem=_("Say whether it was paid."), status=422)


@require_http_methods(["GET", "POST"])
@may("open returns")
def goodwill(request: HttpRequest, order_number: str) -> HttpResponse:
    """Ask for an amount without goods; another person approves it."""
    order = get_object_or_404(Order, number=order_number)
    payments = list(order.payments.all())
    form = GoodwillForm(request.POST or None, currency=order.currency, payments=payments)
    if request.method == "POST" and form.is_valid():
        by, at = request.user.actor, timezone.now()
        try:
            refunds = lifecycle.request_goodwill(
                order_number,
                form.cleaned_data["amount"],
                form_token=form.cleaned_data["form_token"],
                reason=GoodwillReason(form.cleaned_data["reason"]),
                by=by,
                at=at,
            )
        except Refused as refused:
            outbox.record_refusal(refused, verb="request_goodwill", subject=order.stream, by=by, at=at)
            form.add_error("amount", str(refused))
        else:
            messages.success(request, _("Asked for. Another person approves it."))
            return redirect("refunds:detail", refunds[0].number)
    given, most = goodwill_of(order)
    return render(
        request,
        "refunds/goodwill.html",
        {
            "title": _("Goodwill for order %(number)s") % {"number": order.number},
            "order": order,
            "form": form,
            "payments": payments if len(payments) > 1 else [],
            "paid": sum((payment.captured for payment in payments), Decimal(0)),
            "given": given,
            "most": most,
            "left": sum((payment.refundable for payment in payments), Decimal(0)),
        },
        status=422 if form.is_bound else 200,
    )


def _visible(request: HttpRequest, number: str) -> Refund:
    return get_object_or_404(Refund.objects.visible_to(request.user).select_related("payment"), number=number)


def _decide(request: HttpRequest, refund: Refund, verb: str, call: Callable[..., Refund], done: str) -> HttpResponse:
    by, at = request.user.actor, timezone.now()
    try:
        with transaction.atomic():
            call(by, at)
    except Refused as refused:
        outbox.record_refusal(refused, verb=verb, subject=refund.stream, by=by, at=at)
        return render_detail(request, refund.number, problem=str(refused), status=409)
    messages.success(request, done)
    return redirect(refund)
