"""The list of orders, one order with its whole story, and canceling what was not shipped."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from oms import outbox
from oms.access import may
from oms.models import Order
from oms.orders import GoesOutForReturn, cancel_lines, with_status
from oms.orders.status import MEANINGS
from oms.refusals import Refused
from oms.roles import allowed
from oms.states import OrderStatus
from oms.views.orders.finding import BoundedPaginator, filtered
from oms.views.orders.forms import CancellationForm, OrderFilters
from oms.views.orders.story import goes_out_for, page_of
from oms.views.words import Clock

PER_PAGE = 50


@may("see orders")
def order_list(request: HttpRequest) -> HttpResponse:
    form, clock = OrderFilters(request.GET), Clock()
    sees_people = allowed(request.user, "see personal data")
    orders = Order.objects.none()
    if form.is_valid():
        orders = filtered(form.cleaned_data, clock, sees_people=sees_people)
    listed = with_status(orders.select_related("customer")).order_by("-placed_at", "-id")
    page = BoundedPaginator(listed, PER_PAGE, counted=orders).get_page(request.GET.get("page"))
    rows = [
        {
            "order": order,
            "status": OrderStatus(order.status).label,
            "meaning": MEANINGS[OrderStatus(order.status)],
            "placed": clock.text(order.placed_at),
            "customer": order.customer.name if sees_people and order.customer else "",
        }
        for order in page
    ]
    context = {
        "shop": clock.shop,  # the base template would read it once more
        "title": _("Orders"),
        "form": form,
        "page": page,
        "rows": rows,
        "noun": _("and more orders") if page.paginator.is_cut else _("orders"),
    }
    return render(request, "orders/list.html", context, status=200 if form.is_valid() else 400)


@may("see orders")
def detail(request: HttpRequest, number: str) -> HttpResponse:
    return _render(request, _order(number))


@may("cancel order lines")
@require_POST
def cancellations(request: HttpRequest, number: str) -> HttpResponse:
    """Cancel units that were not shipped; the money follows by itself."""
    order = _order(number)
    form = CancellationForm(request.POST, lines=list(order.lines.order_by("position")))
    if not form.is_valid():
        return _render(request, order, form=form)
    now = timezone.now()
    try:
        if rma := goes_out_for(order):
            raise GoesOutForReturn(**{"return": rma.number})
        reason, seen = form.cleaned_data["reason"], form.seen()
        cancel_lines(order.number, form.quantities(), reason, by=request.user.actor, at=now, seen=seen)
    except Refused as refused:
        outbox.record_refusal(
            refused, verb="cancel_lines", subject=f"order/{order.number}", by=request.user.actor, at=now
        )
        form.add_error(None, str(refused))
        return _render(request, order, form=form)
    return redirect("orders:detail", number=order.number)


def _order(number: str) -> Order:
    if "\0" in number:
        raise Http404
    return get_object_or_404(with_status(Order.objects.select_related("customer")), number=number)


def _render(request: HttpRequest, order: Order, form: CancellationForm | None = None) -> HttpResponse:
    context: dict[str, Any] = page_of(order, request.user, form)
    return render(request, "orders/detail.html", context, status=400 if form is not None else 200)
