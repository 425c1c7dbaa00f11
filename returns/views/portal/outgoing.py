"""What its owner does about goods that go out because of a return: pays the rest, or takes money after all."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods, require_POST

from inventory import reservations
from oms import outbox, shops
from oms.money import Money
from oms.orders import left_to_pay
from oms.refusals import Refused
from oms.states import PaymentMethod
from refunds import payment_links
from refunds.gateways.base import GatewayError
from refunds.lifecycle import pay_rest_with_credit, payable_with_credit
from refunds.models import PaymentLink
from refunds.states import LinkStatus
from returns import exchanges, lifecycle
from returns.eligibility import OrderFile, open_file
from returns.exchanges import Instead
from returns.models import RMA, Dispatch, ReturnLine
from returns.states import DispatchStatus, Resolution
from returns.views.portal.exchange import shelf_of
from returns.views.portal.status import rma_page, status_page

MOST_SHOWN = 24
CHECKOUT = "https://checkout.stripe.com"


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def payment(request: HttpRequest, rma: RMA) -> HttpResponse:
    """What the exchange costs more, paid on the provider's own page: no card number is typed here.

    Coming back from there it says whether the money is there; GET changes nothing.
    """
    if request.method == "POST":
        return _to_the_page(request, rma)
    return _page(request, rma)


def _to_the_page(request: HttpRequest, rma: RMA) -> HttpResponse:
    by, now = rma.sender.actor, timezone.now
    back = settings.PUBLIC_URL + reverse("portal:payment", args=[rma.number, rma.signature]) + "?back=1"
    what = _("Exchange %(number)s") % {"number": rma.number}
    try:
        url = payment_links.page_for(rma.number, what, back, by=by, now=now)
    except Refused as refused:
        outbox.record_refusal(refused, verb="open_link", subject=rma.stream, by=by, at=now())
        return _page(request, rma, refusal=str(refused), status=409)
    except GatewayError:
        words = _("The payment page cannot be reached just now. Nothing was paid. Please try again in a minute.")
        return _page(request, rma, refusal=words, status=503)
    return _for_checkout(request, HttpResponse(status=303, headers={"Location": url}))


def _page(request: HttpRequest, rma: RMA, *, refusal: str = "", status: int = 200) -> HttpResponse:
    dispatch = Dispatch.objects.filter(rma=rma, order__kind="exchange").select_related("order").order_by("pk").last()
    if dispatch is None:
        raise Http404
    links = PaymentLink.objects.filter(order=dispatch.order).order_by("-pk")
    owed = left_to_pay(dispatch.order)
    waits = dispatch.status == DispatchStatus.HELD and owed > 0
    paid = (
        links.filter(status=LinkStatus.PAID).exists()
        or dispatch.order.payments.filter(method=PaymentMethod.STORE_CREDIT, carried_from=None).exists()
    )
    context = {
        "rma": rma,
        "shop": shops.current(),
        "owed": Money(owed, rma.currency),
        "price": Money(dispatch.order.total, rma.currency),
        "counted": Money(dispatch.order.total - owed, rma.currency),
        "lines": list(dispatch.order.lines.order_by("position")),
        "waits": waits,
        "is_paid": paid and not waits,
        "is_paid_in_part": paid and waits,
        "by_credit": Money(payable_with_credit(rma, dispatch, at=timezone.now()), rma.currency),
        "back": waits and "back" in request.GET and links.filter(status=LinkStatus.OPEN).exists(),
        "refusal": refusal,
    }
    return _for_checkout(request, render(request, "portal/payment.html", context, status=status))


def _for_checkout(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """This page alone may send its form on to the provider's: the policy of every other page forbids it."""
    allowed = settings.STRIPE_API_BASE or CHECKOUT
    policy = settings.SECURE_CSP | {"form-action": [*settings.SECURE_CSP["form-action"], allowed]}
    return csp_override(policy)(lambda _request: response)(request)


@require_POST
@rma_page
def credit(request: HttpRequest, rma: RMA) -> HttpResponse:
    """The rest is paid with store credit, as far as that goes. Sent twice, it is paid once."""
    by, now = rma.sender.actor, timezone.now()
    try:
        pay_rest_with_credit(rma.number, by=by, at=now)
    except Refused as refused:
        outbox.record_refusal(refused, verb="pay_rest_with_credit", subject=rma.stream, by=by, at=now)
        return _page(request, rma, refusal=str(refused), status=409)
    return redirect("portal:payment", rma.number, rma.signature)


@require_POST
@rma_page
def money_instead(request: HttpRequest, rma: RMA) -> HttpResponse:
    """The customer takes money after all. Sent twice, nothing changes."""
    by, now = rma.sender.actor, timezone.now()
    try:
        lifecycle.prefer_money(rma.number, reason="customer", by=by, at=now)
    except Refused as refused:
        outbox.record_refusal(refused, verb="prefer_money", subject=rma.stream, by=by, at=now)
        return status_page(request, rma, refusal=str(refused), status=409)
    return redirect(rma.get_portal_path())


@require_http_methods(["GET", "HEAD", "POST"])
@rma_page
def something_else(request: HttpRequest, rma: RMA) -> HttpResponse:
    """What was chosen is sold out: something else may go out instead. What is chosen here is all that goes out."""
    dispatch = Dispatch.objects.filter(rma=rma, status=DispatchStatus.SHORT).first()
    if dispatch is None:
        return redirect(rma.get_portal_path())
    file = open_file(rma.order, at=timezone.now())
    rows = [row for line in rma.lines.select_related("claim").order_by("pk") if (row := _row(file, line))]
    if request.method != "POST":
        return _choose(request, rma, rows)
    chosen = [
        Instead(row["line"].order_line_id, int(picked))
        for row in rows
        if (picked := request.POST.get(row["name"], "")) in {str(one.product.pk) for one in row["shelves"] if one.left}
    ]
    by, now = rma.sender.actor, timezone.now()
    try:
        lifecycle.replan(rma.number, exchanges.for_return(rma, chosen), reason="customer", by=by, at=now)
    except Refused as refused:
        outbox.record_refusal(refused, verb="replan", subject=rma.stream, by=by, at=now)
        return _choose(request, rma, rows, refusal=str(refused), status=409)
    return redirect(rma.get_portal_path())


def _row(file: OrderFile, line: ReturnLine) -> dict[str, Any] | None:
    """One item that came back and what there is instead of it; None where nothing is."""
    sold = file.lines[line.order_line_id]
    terms = exchanges.terms_for(file, sold, Resolution.EXCHANGE)
    if terms is None or line.claim is None:
        return None
    offered = list(exchanges.choices(sold, terms.scope, file.order.currency)[:MOST_SHOWN])
    free = reservations.available([one.pk for one in offered])
    shelves = [shelf_of(file, sold, one, line.claim.units, free.get(one.pk, 0), line.quantity) for one in offered]
    return {"line": line, "sold": sold, "name": f"p{sold.pk}", "shelves": shelves} if shelves else None


def _choose(
    request: HttpRequest, rma: RMA, rows: list[dict[str, Any]], *, refusal: str = "", status: int = 200
) -> HttpResponse:
    context = {"rma": rma, "shop": shops.current(), "rows": rows, "refusal": refusal}
    return render(request, "portal/something_else.html", context, status=status)
