"""What staff type on the pages of orders."""

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from oms.models import OrderLine
from oms.orders.shipping import unshipped
from oms.states import OrderStatus

EARLIEST, LATEST = date(1970, 1, 1), date(2100, 12, 31)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )


class OrderFilters(forms.Form):
    """The filters of the list: words in the address."""

    q = forms.CharField(label=_("Order, person or parcel"), max_length=200, required=False)
    status = forms.ChoiceField(label=_("Status"), choices=[("", _("any")), *OrderStatus.choices], required=False)
    country = forms.CharField(label=_("Country"), max_length=60, required=False)
    since = _day(_("From"))
    until = _day(_("To"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return cleaned


class CancellationForm(forms.Form):
    """How many of each line not yet shipped are canceled, and why."""

    reason = forms.CharField(label=_("Why"), max_length=200)

    def __init__(self, *args: Any, lines: list[OrderLine], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lines = [line for line in lines if unshipped(line) > 0]
        for line in self.lines:
            self.fields[f"line_{line.pk}"] = forms.IntegerField(
                label=_("%(what)s, %(left)s not shipped")
                % {"what": line.description or line.sku, "left": unshipped(line)},
                min_value=0,
                max_value=unshipped(line),
                required=False,
                initial=0,
            )
        self.order_fields([*(f"line_{line.pk}" for line in self.lines), "reason"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not self.quantities():
            raise forms.ValidationError(_("Say how many of at least one line."))
        return cleaned

    @property
    def left(self) -> int:
        """How many units of the order can be canceled: what the page shows when somebody decides."""
        return sum(map(unshipped, self.lines))

    def seen(self) -> int | None:
        """What `left` was on the page this comes from; None when it does not say."""
        said = self.data.get("seen", "")
        return int(said) if said.isascii() and said.isdecimal() and len(said) < 10 else None

    def quantities(self) -> dict[int, int]:
        """Return order line id → units, only what is more than zero."""
        wanted = {line.pk: self.cleaned_data.get(f"line_{line.pk}") or 0 for line in self.lines}
        return {pk: quantity for pk, quantity in wanted.items() if quantity}
