"""Filters of the stock pages: words in the address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from inventory.states import BinKind


class StockFilters(forms.Form):
    q = forms.CharField(label=_("Product"), max_length=80, required=False)
    warehouse = forms.ChoiceField(label=_("Warehouse"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        codes = Warehouse.objects.order_by("code").values_list("code", "name")
        self.fields["warehouse"].choices = [("", _("all")), *codes]


class BinFilters(StockFilters):
    kind = forms.ChoiceField(label=_("Kind of bin"), choices=[("", _("all")), *BinKind.choices], required=False)
