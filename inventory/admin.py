"""Stock in the admin: places and conditions a manager may set; levels and movements are for reading."""

from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from inventory.models import Bin, Condition, LotMovement, Reservation, StockLevel, StockMovement, Unit, Warehouse
from inventory.states import BinKind
from oms import outbox
from oms.admin_base import RoleAdmin, SettingsAdmin


class DaysField(forms.CharField):
    """Dates, one in each line; the cleaned value is a sorted list of dates, each once."""

    widget = forms.Textarea(attrs={"rows": 6, "class": "vLargeTextField"})

    def to_python(self, value: Any) -> list[date]:
        if isinstance(value, list):
            return value
        try:
            return sorted({date.fromisoformat(line.strip()) for line in str(value or "").split()})
        except ValueError:
            raise forms.ValidationError(_("Write each date as 2026-12-25, one in each line."), code="invalid") from None

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(str(day) for day in value) if isinstance(value, list) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return self.to_python(data) != sorted(initial or [])
        except forms.ValidationError:
            return True


class WarehouseForm(forms.ModelForm):
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=lambda: [(name, name.replace("_", " ")) for name in sorted(available_timezones())]
    )
    working_days = forms.TypedMultipleChoiceField(
        label=_("Working days"),
        coerce=int,
        choices=[(number + 1, label) for number, label in WEEKDAYS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one day.")},
    )
    holidays = DaysField(
        label=_("Holidays"), required=False, max_length=4000, help_text=_("One date in each line, as 2026-12-25.")
    )

    def clean_country(self) -> str:
        country = self.cleaned_data["country"].upper()
        if not (country.isascii() and country.isalpha() and len(country) == 2):
            raise forms.ValidationError(_("Two letters, as GB or DE."))
        return country

    def clean_is_default(self) -> bool:
        wanted = self.cleaned_data["is_default"]
        if wanted and Warehouse.objects.filter(is_default=True).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another warehouse is the default. Take it from there first."))
        if not wanted and self.instance.pk and self.instance.is_default:
            raise forms.ValidationError(_("Returns need a default warehouse. Make another one the default instead."))
        return wanted

    def clean_takes_returns(self) -> bool:
        takes = self.cleaned_data["takes_returns"]
        if not takes and self.cleaned_data.get("is_default"):
            raise forms.ValidationError(_("The default warehouse takes returns. Make another one the default first."))
        return takes


@admin.register(Warehouse)
class WarehouseAdmin(SettingsAdmin):
    form = WarehouseForm
    list_display = ("code", "name", "city", "country", "time_zone", "is_default")
    ordering = ("code",)
    fields = (
        "code",
        "name",
        "street",
        "city",
        "region",
        "postcode",
        "country",
        "phone",
        "time_zone",
        "working_days",
        "holidays",
        "is_default",
        "takes_returns",
    )

    def save_model(self, request: HttpRequest, obj: Warehouse, form: ModelForm, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if not change:  # goods need a place of each kind from the first day
            Bin.objects.bulk_create(Bin(warehouse=obj, code=kind.upper(), kind=kind) for kind in BinKind)

    def note(self, obj: Warehouse, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "warehouse.changed", by=by, at=at, warehouse=obj.code, fields=fields)


@admin.register(Bin)
class BinAdmin(SettingsAdmin):
    """Where it is and what for never change: what stands in it was counted as that."""

    list_display = ("code", "warehouse", "kind")
    list_filter = ("kind", "warehouse")
    list_select_related = ("warehouse",)
    ordering = ("warehouse__code", "code")
    search_fields = ("code",)
    fields = ("warehouse", "code", "kind")
    fixed = ("warehouse", "kind")

    def note(self, obj: Bin, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "bin.changed", by=by, at=at, bin=obj.pk, fields=fields)


@admin.register(Condition)
class ConditionAdmin(SettingsAdmin):
    list_display = ("label", "code", "is_acceptable", "grade", "payout_percent", "disposition", "active")
    ordering = ("position", "pk")
    fields = (
        "code",
        "label",
        "customer_label",
        "is_acceptable",
        "grade",
        "payout_percent",
        "disposition",
        "position",
        "active",
    )

    def note(self, obj: Condition, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "condition.changed", by=by, at=at, condition=obj.code, fields=fields)


@admin.register(StockLevel)
class StockLevelAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("product", "bin", "kind", "quantity", "reserved")
    list_display_links = ("product",)
    list_filter = ("bin__kind", "bin__warehouse")
    list_select_related = ("product", "bin")
    search_fields = ("product__sku",)
    fields = ("product", "bin", "quantity", "reserved")

    @admin.display(description=_("kind"), ordering="bin__kind")
    def kind(self, level: StockLevel) -> str:
        return level.bin.get_kind_display()


@admin.register(Reservation)
class ReservationAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("reserved_at", "product", "bin", "order", "quantity", "expires_at", "issued_at", "freed_at")
    list_select_related = ("level__product", "level__bin", "order_line__order")
    search_fields = ("=level__product__sku", "=order_line__order__number")
    fields = ("product", "bin", "order", "quantity", "reserved_at", "expires_at", "issued_at", "freed_at")

    @admin.display(description=_("product"), ordering="level__product__sku")
    def product(self, reservation: Reservation) -> str:
        return reservation.level.product.sku

    @admin.display(description=_("bin"), ordering="level__bin__code")
    def bin(self, reservation: Reservation) -> str:
        return reservation.level.bin.code

    @admin.display(description=_("order"))
    def order(self, reservation: Reservation) -> str:
        return reservation.order_line.order.number


@admin.register(StockMovement)
class StockMovementAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("moved_at", "product", "bin", "kind", "quantity", "cause", "by")
    list_filter = ("kind", "bin__warehouse")
    list_select_related = ("product", "bin")
    search_fields = ("=product__sku", "=cause")
    fields = ("product", "bin", "kind", "quantity", "cause", "unit_cost", "by", "moved_at")


@admin.register(Unit)
class UnitAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("number", "product", "serial", "created_at")
    list_select_related = ("product",)
    search_fields = ("=number", "=serial", "=product__sku")
    fields = (
        "number",
        "product",
        "quantity",
        "serial",
        "sold_on",
        "received_as",
        "found_as",
        "placed_as",
        "bin",
        "left_as",
        "left_at",
        "created_at",
    )


@admin.register(LotMovement)
class LotMovementAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("moved_at", "lot", "product", "quantity", "cause", "by")
    list_select_related = ("lot__product",)
    search_fields = ("=lot__code", "=lot__product__sku", "=cause")
    fields = ("lot", "order_line", "quantity", "cause", "by", "moved_at")

    @admin.display(description=_("product"), ordering="lot__product__sku")
    def product(self, movement: LotMovement) -> str:
        return movement.lot.product.sku
