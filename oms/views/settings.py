"""Who we are, how we look and are reached, where returns go: one page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from inventory import warehouses
from inventory.models import Warehouse
from oms import shops
from oms.access import may, public
from oms.forms import ShopForm, WarehouseForm
from oms.models import Delivery

FOR_EVER = "public, max-age=31536000, immutable"


@require_http_methods(["GET", "HEAD", "POST"])
@may("change settings")
def shop(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _render(request)
    form = ShopForm(request.POST, request.FILES, instance=shops.afresh())
    if not form.is_valid():
        return _render(request, shop_form=form)
    given = dict(form.cleaned_data)
    logo, without = given.pop("logo", None), given.pop("without_logo", False)
    if logo is None and without:
        logo = b""
    shops.change(given, logo=logo, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Saved. Customers see it from now on."))
    return redirect("settings:shop")


@require_http_methods(["GET", "HEAD", "POST"])
@may("change settings")
def warehouse(request: HttpRequest, code: str) -> HttpResponse:
    house = get_object_or_404(Warehouse, code=code)
    if request.method != "POST":  # the address of a refused form, loaded again
        return redirect("settings:shop")
    form = WarehouseForm(request.POST, instance=house, prefix=code)
    if not form.is_valid():
        return _render(request, house_form=form)
    warehouses.change(code, form.cleaned_data, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Saved. Labels and promised days follow from now on."))
    return redirect("settings:shop")


def _render(
    request: HttpRequest, *, shop_form: ShopForm | None = None, house_form: WarehouseForm | None = None
) -> HttpResponse:
    bound = [form for form in (shop_form, house_form) if form is not None]
    current = shops.afresh()
    context: dict[str, Any] = {
        "title": _("Settings"),
        "shop": current,
        "form": shop_form or ShopForm(instance=current),
        "houses": [
            house_form
            if house_form is not None and house_form.instance.pk == house.pk
            else WarehouseForm(instance=house, prefix=house.code)
            for house in Warehouse.objects.order_by("-is_default", "code")
        ],
        "refused_forms": bound,
        "dead_jobs": Delivery.objects.exclude(dead_at=None).count(),
    }
    return render(request, "settings/shop.html", context, status=422 if bound else 200)


@public
@require_safe
def logo(request: HttpRequest, ref: UUID) -> HttpResponse:
    """The shop's logo. An address of an earlier one is not there any more."""
    current = shops.afresh()
    if current.logo_ref != ref or not current.logo_type:
        raise Http404
    response = HttpResponse(bytes(current.logo), content_type=current.logo_type)
    response["Cache-Control"] = FOR_EVER
    return response
