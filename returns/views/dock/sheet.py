"""The printed sheet: what the scan field understands besides parcels and goods, and every bin."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from inventory.models import Bin, Warehouse
from oms.access import may
from returns.action_codes import Action, action_code, bin_code


@require_safe
@may("receive parcels")
def actions(request: HttpRequest) -> HttpResponse:
    """Barcodes of the actions and of all bins, as Code 128, for A4 paper."""
    places: dict[int, list[Bin]] = {}
    for place in Bin.objects.select_related("warehouse").order_by("code"):
        places.setdefault(place.warehouse_id, []).append(place)
    context = {
        "title": _("Action codes"),
        "actions": [{"label": action.label, "code": action_code(action)} for action in Action.on_paper()],
        "houses": [
            {
                "code": house.code,
                "name": house.name,
                "bins": [
                    {"label": place.code, "kind": place.get_kind_display(), "code": bin_code(place)}
                    for place in places.get(house.pk, ())
                ],
            }
            for house in Warehouse.objects.order_by("-is_default", "code")
        ],
    }
    return render(request, "returns/dock/actions.html", context)
