"""How a return is divided among parcels, for the customer's page and the desk's."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from returns.models import ReturnLine
from returns.parcels import MOST

COUNT_WRONG = gettext_lazy("Enter how many parcels, from 1 to %(limit_value)s.")


class CountForm(forms.Form):
    """In how many parcels it goes: as many as there are pieces, and no more than we make labels for."""

    count = forms.IntegerField(
        label=gettext_lazy("How many parcels?"),
        min_value=1,
        widget=forms.NumberInput(attrs={"inputmode": "numeric", "size": 3}),
    )

    def __init__(self, *args: Any, lines: Sequence[ReturnLine], **options: Any) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        most = min(MOST, sum(line.quantity for line in lines))
        field = forms.IntegerField(
            label=self.fields["count"].label,
            min_value=1,
            max_value=most,
            widget=self.fields["count"].widget,
            error_messages=dict.fromkeys(
                ("required", "invalid", "min_value", "max_value"), str(COUNT_WRONG) % {"limit_value": most}
            ),
        )
        field.widget.attrs |= {"min": 1, "max": most}
        self.fields["count"] = field


class PiecesField(forms.IntegerField):
    """How many; nothing typed is none."""

    def clean(self, value: Any) -> Any:
        return super().clean(value if value not in (None, "") else 0)


class BoxesForm(forms.Form):
    """Of each line how many pieces go into which parcel; empty means none."""

    def __init__(
        self,
        *args: Any,
        lines: Sequence[ReturnLine],
        count: int,
        plan: Sequence[Mapping[int, int]] = (),
        **options: Any,
    ) -> None:
        super().__init__(*args, use_required_attribute=False, **options)
        self.lines, self.count = lines, count
        boxes = plan if len(plan) == count else suggested(lines, count)
        for line in lines:
            for place in range(count):
                self.fields[self.name(line, place)] = PiecesField(
                    label=_("Parcel %(number)s") % {"number": place + 1},
                    min_value=0,
                    max_value=line.quantity,
                    initial=boxes[place].get(line.pk, 0),
                    widget=forms.NumberInput(attrs={"inputmode": "numeric", "min": 0, "max": line.quantity}),
                    error_messages={
                        "invalid": _("Enter a whole number."),
                        "min_value": _("Enter 0 or more."),
                        "max_value": _("There are only %(limit_value)s of it."),
                    },
                )

    @staticmethod
    def name(line: ReturnLine, place: int) -> str:
        return f"l{line.pk}p{place}"

    def rows(self) -> list[dict[str, Any]]:
        """Each line with its fields, parcel by parcel."""
        return [
            {"line": line, "fields": [self[self.name(line, place)] for place in range(self.count)]}
            for line in self.lines
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        for line in self.lines:
            packed = sum(data[self.name(line, place)] or 0 for place in range(self.count))
            if packed != line.quantity:
                words = _("%(title)s: %(packed)s of %(all)s are in a parcel. Each piece goes into exactly one.")
                facts = {"title": line.order_line.description, "packed": packed, "all": line.quantity}
                self.add_error(self.name(line, 0), words % facts)
        for place, box in enumerate(self.boxes(data)):
            if not box and not self.errors:
                words = _("Parcel %(number)s is empty. Put something into it, or take fewer parcels.")
                self.add_error(self.name(self.lines[0], place), words % {"number": place + 1})
        return data

    def boxes(self, data: Mapping[str, Any] | None = None) -> list[dict[int, int]]:
        """Parcel by parcel {return line: units}."""
        given = self.cleaned_data if data is None else data
        return [
            {line.pk: given[self.name(line, place)] for line in self.lines if given.get(self.name(line, place))}
            for place in range(self.count)
        ]


def suggested(lines: Sequence[ReturnLine], count: int) -> list[dict[int, int]]:
    """A start nobody has to think about: lines side by side, and where there are fewer, their pieces in turn."""
    boxes: list[dict[int, int]] = [{} for _place in range(count)]
    if len(lines) >= count:
        for number, line in enumerate(lines):
            boxes[number * count // len(lines)][line.pk] = line.quantity
        return boxes
    pieces = [line.pk for line in lines for _piece in range(line.quantity)]
    for number, line_id in enumerate(pieces):
        box = boxes[number * count // len(pieces)]
        box[line_id] = box.get(line_id, 0) + 1
    return boxes


class PickupForm(forms.Form):
    """When the goods are collected from the customer, and by whom."""

    pickup_on = forms.DateField(
        label=gettext_lazy("Day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d"],
        error_messages={"required": gettext_lazy("Choose a day."), "invalid": gettext_lazy("Enter a day that exists.")},
    )
    carrier = forms.CharField(
        label=gettext_lazy("Who collects it"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": gettext_lazy("Enter who collects it.")},
    )
    note = forms.CharField(
        label=gettext_lazy("A note to the customer"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
