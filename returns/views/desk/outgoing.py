"""What goes out for a return, as the desk sees it, and goods instead of money on the customer's behalf (R110)."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from inventory import reservations
from oms import outbox
from oms.access import may
from oms.models import Product
from oms.money import Money
from oms.orders import left_to_pay
from oms.refusals import Refused
from oms.roles import allowed
from returns import exchanges, lifecycle
from returns.exchanges import Instead
from returns.models import RMA, Dispatch
from returns.policy.exchange import Scope
from returns.states import DISPATCH_MEANING, DispatchStatus

MOST_SHOWN = 12


def told(rma: RMA, user: Any) -> list[dict[str, Any]]:
    """Everything that goes or was to go out for this return, newest first."""
    found = Dispatch.objects.filter(rma=rma).select_related("order").defer("label").order_by("-pk")
    return [
        {
            "dispatch": one,
            "meaning": DISPATCH_MEANING[DispatchStatus(one.status)],
            "lines": list(one.order.lines.order_by("position")),
            "owed": Money(left_to_pay(one.order), rma.currency) if one.status == DispatchStatus.HELD else None,
            "total": Money(one.order.total, rma.currency),
            "can_stop": not one.sends_back
            and one.status in DispatchStatus.before_packing()
            and allowed(user, "decide returns"),
            "can_pack": one.status in DispatchStatus.at_packing() and allowed(user, "pack goods"),
        }
        for one in found
    ]


@require_POST
@may("decide returns")
def money_instead(request: HttpRequest, number: str) -> HttpResponse:
    """The customer gets money after all. Sent twice, nothing changes."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user), number=number)
    by, at = request.user.actor, timezone.now()
    try:
        lifecycle.prefer_money(number, reason="desk", by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="prefer_money", subject=rma.stream, by=by, at=at)
        messages.error(request, str(refused))
        return redirect(rma)
    messages.success(request, _("The goods are free again, and the return is paid in money."))
    return redirect(rma)


class GoodsForm(forms.Form):
    """For each item that comes back, the SKU of what goes out instead; left empty, that item is paid back."""

    reason = forms.CharField(
        label=gettext_lazy("Why"), max_length=120, error_messages={"required": gettext_lazy("Say why, in a few words.")}
    )

    def __init__(self, *args: Any, rma: RMA, **options: Any) -> None:
        super().__init__(*args, **options)
        self.rows = []
        for line in rma.lines.select_related("order_line__product").order_by("pk"):
            name = f"sku{line.order_line_id}"
            self.fields[name] = forms.CharField(
                label=_("Instead of %(quantity)s × %(title)s")
                % {"quantity": line.quantity, "title": line.order_line.description},
                max_length=40,
                required=False,
                help_text=_similar(line.order_line, rma.currency),
            )
            self.rows.append((line, name))
        self.order_fields([*(name for _line, name in self.rows), "reason"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self.instead = []
        for line, name in self.rows:
            sku = (cleaned.get(name) or "").strip()
            product = Product.objects.filter(sku__iexact=sku).first() if sku else None
            if sku and product is None:
                self.add_error(name, _("We sell nothing under this number."))
            elif product is not None:
                self.instead.append(Instead(line.order_line_id, product.pk))
        if not self.instead and not self.errors:
            raise forms.ValidationError(_("Name at least one product."), code="nothing")
        return cleaned


def _similar(sold: Any, currency: str) -> str:
    """Other options of the same thing that are there."""
    found = list(exchanges.choices(sold, Scope.SAME_PRODUCT, currency)[:MOST_SHOWN])
    free = reservations.available([one.pk for one in found])
    shown = [f"{one.sku} ({one.option or one.title}, {free[one.pk]})" for one in found if one.pk in free]
    return _("In stock: %(products)s.") % {"products": ", ".join(shown)} if shown else ""


@require_http_methods(["GET", "HEAD", "POST"])
@may("decide returns")
def goods(request: HttpRequest, number: str) -> HttpResponse:
    """Exchange on the customer's behalf: choose, see the one net amount, agree."""
    rma = get_object_or_404(RMA.objects.visible_to(request.user).select_related("order__customer"), number=number)
    if request.method != "POST":
        return _page(request, rma, GoodsForm(rma=rma))
    form = GoodsForm(request.POST, rma=rma)
    if not form.is_valid():
        return _page(request, rma, form, status=422)
    by, at = request.user.actor, timezone.now()
    try:
        outgoing = exchanges.for_return(rma, form.instead)
        if request.POST.get("step") != "agree":
            return _page(request, rma, form, outgoing=outgoing)
        lifecycle.replan(number, outgoing, reason=form.cleaned_data["reason"], by=by, at=at)
    except Refused as refused:
        outbox.record_refusal(refused, verb="replan", subject=rma.stream, by=by, at=at)
        form.add_error(None, str(refused))
        return _page(request, rma, form, status=409)
    messages.success(request, _("The goods are set aside. They leave as soon as the return allows."))
    return redirect(rma)


def _page(request: HttpRequest, rma: RMA, form: GoodsForm, *, outgoing: Any = None, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {"title": _("Exchange for return %(number)s") % {"number": rma.number}, "rma": rma}
    context |= {"form": form, "outgoing": None}
    if outgoing is not None:
        worth = Money.parse(rma.quote["total"], rma.currency)
        cost = Money(outgoing.gross, rma.currency)
        context["outgoing"] = {
            "lines": [
                {
                    "label": f"{one.quantity} × {exchanges.title_of(one.product)}",
                    "money": Money(one.gross, rma.currency),
                }
                for one in outgoing.goods
            ],
            "worth": worth,
            "balance": Money(abs(worth.amount - cost.amount), rma.currency),
            "customer_pays": worth.amount < cost.amount,
        }
    return render(request, "returns/desk/goods.html", context, status=status)
