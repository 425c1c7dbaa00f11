"""Filters of the stock pages: words in the address."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Warehouse
from inventory.states import BinKind, CostingMethod, IssueOrder
from oms.models import Product

MOST_LABELS = 1_000


class StockFilters(forms.Form):
    q = forms.CharField(label=_("Product"), max_length=80, required=False)
    warehouse = forms.ChoiceField(label=_("Warehouse"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        codes = Warehouse.objects.order_by("code").values_list("code", "name")
        self.fields["warehouse"].choices = [("", _("all")), *codes]


class BinFilters(StockFilters):
    kind = forms.ChoiceField(label=_("Kind of bin"), choices=[("", _("all")), *BinKind.choices], required=False)


class UnitFilters(forms.Form):
    q = forms.CharField(label=_("Number, serial or SKU"), max_length=80, required=False)
    here = forms.ChoiceField(
        label=_("Shown"), required=False, choices=[("", _("all")), ("yes", _("still here")), ("no", _("left"))]
    )


class TermsForm(forms.Form):
    """How one category is costed and issued; the empty category is every other one."""

    category = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)
    costing = forms.ChoiceField(label=_("Costing method"), choices=CostingMethod.choices)
    issue_order = forms.ChoiceField(label=_("Issue order"), choices=IssueOrder.choices)
    labels_each_up_to = forms.IntegerField(
        label=_("A label each, up to"),
        min_value=0,
        max_value=MOST_LABELS,
        required=False,
        error_messages={
            "invalid": _("Enter a whole number."),
            "min_value": _("Enter 0 or more."),
            "max_value": _("Nobody sticks on more than %(limit_value)s labels."),
        },
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )

    def clean_category(self) -> str:
        category: str = self.cleaned_data["category"]
        if category and not Product.objects.filter(category=category).exists():
            raise forms.ValidationError(_("No product is in this category."))
        return category


MOST_COUNTED = 1_000_000


class LimitForm(forms.Form):
    """From how few and how many pieces to warn, of a product or of a category; 0 and nothing is no limit."""

    category = forms.ChoiceField(label=_("Category"), required=False)
    sku = forms.CharField(label=_("or one product’s SKU"), max_length=40, required=False)
    low = forms.IntegerField(label=_("Warn below"), min_value=0, max_value=MOST_COUNTED)
    high = forms.IntegerField(label=_("Warn above"), min_value=1, max_value=MOST_COUNTED, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = Product.objects.exclude(category="").values_list("category", flat=True).order_by("category").distinct()
        self.fields["category"].choices = [("", _("every other product")), *((name, name) for name in known)]

    def clean_sku(self) -> Product | None:
        code = self.cleaned_data["sku"].strip()
        if not code:
            return None
        product = Product.objects.filter(sku=code).first()
        if product is None:
            raise forms.ValidationError(_("We do not know this code."))
        return product

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("sku") and given.get("category"):
            self.add_error("sku", _("Name a category or one product, not both."))
        if given.get("high") is not None and given.get("low") is not None and given["high"] <= given["low"]:
            self.add_error("high", _("This must be more than the number to warn below."))
        given["product"] = given.pop("sku", None)
        return given


class BinChoice(forms.ModelChoiceField):
    def label_from_instance(self, place: Bin) -> str:
        return f"{place.warehouse.code} · {place.code}"


class NewCountForm(forms.Form):
    bin = BinChoice(
        label=_("Bin"),
        queryset=Bin.objects.filter(kind__in=BinKind.on_hand())
        .select_related("warehouse")
        .order_by("warehouse", "code"),
        empty_label=_("choose one"),
        error_messages={"required": _("Choose the bin that is counted.")},
    )


class CountForm(forms.Form):
    """A number for each product that should be there, and one more product that should not."""

    extra_sku = forms.CharField(label=_("SKU or barcode of something else you found"), max_length=40, required=False)
    extra_quantity = forms.IntegerField(label=_("How many of it"), min_value=1, max_value=MOST_COUNTED, required=False)

    def __init__(self, *args: Any, products: Sequence[Product], **options: Any) -> None:
        super().__init__(*args, **options)
        self.products = products
        for product in products:
            self.fields[f"p{product.pk}"] = forms.IntegerField(
                label=product.title,
                help_text=product.sku,
                min_value=0,
                max_value=MOST_COUNTED,
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                error_messages={"required": _("Enter what you found, 0 where nothing is left.")},
            )
        self.order_fields([f"p{product.pk}" for product in products])

    def clean_extra_sku(self) -> Product | None:
        code = self.cleaned_data["extra_sku"].strip()
        if not code:
            return None
        product = Product.objects.filter(Q(sku=code) | Q(barcode=code)).order_by("pk").first()
        if product is None:
            raise forms.ValidationError(_("We do not know this code."))
        if any(known.pk == product.pk for known in self.products):
            raise forms.ValidationError(_("This product is on the list above."))
        return product

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if bool(given.get("extra_sku")) != bool(given.get("extra_quantity")) and not self.errors:
            missing = "extra_quantity" if given.get("extra_sku") else "extra_sku"
            self.add_error(missing, _("Enter both: which product, and how many."))
        return given

    @property
    def found(self) -> dict[int, int]:
        """Counted units by product id."""
        counted = {product.pk: self.cleaned_data[f"p{product.pk}"] for product in self.products}
        extra = self.cleaned_data.get("extra_sku")
        return counted | ({extra.pk: self.cleaned_data["extra_quantity"]} if extra else {})
