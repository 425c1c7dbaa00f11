"""Filters of the stock pages: words in the address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from inventory.models import Warehouse
from inventory.states import BinKind, CostingMethod, IssueOrder
from oms.models import Product


class StockFilters(forms.Form):
    q = forms.CharField(label=_("Product"), max_length=80, required=False)
    warehouse = forms.ChoiceField(label=_("Warehouse"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        codes = Warehouse.objects.order_by("code").values_list("code", "name")
        self.fields["warehouse"].choices = [("", _("all")), *codes]


class BinFilters(StockFilters):
    kind = forms.ChoiceField(label=_("Kind of bin"), choices=[("", _("all")), *BinKind.choices], required=False)


class TermsForm(forms.Form):
    """How one category is costed and issued; the empty category is every other one."""

    category = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    costing = forms.ChoiceField(label=_("Costing method"), choices=CostingMethod.choices)
    issue_order = forms.ChoiceField(label=_("Issue order"), choices=IssueOrder.choices)

    def clean_category(self) -> str:
        category: str = self.cleaned_data["category"]
        if category and not Product.objects.filter(category=category).exists():
            raise forms.ValidationError(_("No product is in this category."))
        return category
