"""What is typed about goods that nobody announced. Every refusal is a sentence at its field; nothing is stored here."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from inventory.models import Bin
from oms.models import Product
from returns.forms.dock import LARGEST_COUNT, LONGEST_NOTE, PageTokenField
from returns.forms.portal import PhotosField
from returns.lifecycle import Piece
from returns.lifecycle.finding import WAITS_IN

ROWS = 5


class BinField(forms.ModelChoiceField):
    def label_from_instance(self, place: Bin) -> str:
        return f"{place.warehouse.code} · {place.code} ({place.get_kind_display()})"


class FoundForm(forms.Form):
    """A parcel without a return: what is in it, where it is put, and what is known of its sender."""

    form_token = PageTokenField()
    tracking_number = forms.CharField(label=gettext_lazy("Tracking number"), max_length=60, required=False)
    hints = forms.CharField(
        label=gettext_lazy("What is known of the sender"),
        help_text=gettext_lazy("Name, postcode, a note in the parcel. Kept encrypted."),
        max_length=LONGEST_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    bin = BinField(
        label=gettext_lazy("Put into"),
        queryset=Bin.objects.none(),
        empty_label=None,
        error_messages={
            "required": gettext_lazy("Choose the bin."),
            "invalid_choice": gettext_lazy("Choose one of the bins."),
        },
    )
    photos = PhotosField(label=gettext_lazy("Photos"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        bins = Bin.objects.filter(kind__in=WAITS_IN).select_related("warehouse")
        self.fields["bin"].queryset = bins.order_by("-warehouse__is_default", "-kind", "code")
        for row in range(1, ROWS + 1):
            self.fields[f"item_{row}"] = forms.CharField(
                label=_("Product or code on it, %(row)s") % {"row": row},
                max_length=60,
                required=False,
                widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
            )
            self.fields[f"quantity_{row}"] = forms.IntegerField(
                label=_("Pieces"),
                min_value=1,
                max_value=LARGEST_COUNT,
                required=False,
                error_messages={
                    "invalid": _("Enter a whole number."),
                    "min_value": _("Enter at least 1."),
                    "max_value": _("There are not that many."),
                },
                widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
            )

    @property
    def rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"item_{row}"], self[f"quantity_{row}"]) for row in range(1, ROWS + 1)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        named = [row for row in range(1, ROWS + 1) if data.get(f"item_{row}") or data.get(f"quantity_{row}")]
        if not named and not self.errors:
            self.add_error("item_1", _("Enter at least one thing: its product, or the code on it."))
        for row in named:
            if not data.get(f"item_{row}") and f"item_{row}" not in self.errors:
                self.add_error(f"item_{row}", _("Enter what it is: its product, or the code on it."))
        return data

    def pieces(self) -> list[Piece]:
        """What lies in the parcel, products by SKU or barcode where one is known."""
        data = self.cleaned_data
        named = [row for row in range(1, ROWS + 1) if data.get(f"item_{row}")]
        codes = [data[f"item_{row}"] for row in named]
        readings = [reading for code in codes for reading in (code, code.upper())]
        known: dict[str, Product] = {}
        for product in Product.objects.filter(Q(sku__in=readings) | Q(barcode__in=readings)):
            known |= {product.sku.upper(): product, product.barcode.upper(): product}
        return [
            Piece(data.get(f"quantity_{row}") or 1, known.get(data[f"item_{row}"].upper()), data[f"item_{row}"])
            for row in named
        ]


class CorrectionForm(forms.Form):
    """Why a count of more than a minute ago was wrong."""

    form_token = PageTokenField()
    receipt = forms.IntegerField(min_value=1, max_value=2**62)
    reason = forms.CharField(
        label=gettext_lazy("Why was the count wrong?"),
        max_length=200,
        error_messages={"required": gettext_lazy("Say why the count is corrected.")},
    )
