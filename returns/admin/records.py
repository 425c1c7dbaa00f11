"""The records behind every return, and what a manager may set about them."""

from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.contrib import admin
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from inventory.models import Condition, Warehouse
from oms import outbox
from oms.admin_base import ReadOnlyInline, RoleAdmin, SettingsAdmin
from oms.countries import code_of
from returns.models import (
    RMA,
    CarrierRule,
    Dispatch,
    Hold,
    Outcome,
    Parcel,
    Receipt,
    ReturnLine,
    ReturnReason,
    TrackingEvent,
    WarehouseRule,
)


class ReturnLineInline(ReadOnlyInline):
    model = ReturnLine
    fields = ("order_line", "quantity", "reason", "declared_condition", "arrived", "missing", "inspected")
    ordering = ("pk",)


@admin.register(RMA)
class RMAAdmin(RoleAdmin):
    sees = "see returns"
    personal = ("note", "decision_note")
    list_display = ("number", "order", "status", "settlement", "resolution", "requested_at", "desk_page")
    list_filter = ("status", "settlement", "source", "resolution")
    list_select_related = ("order",)
    search_fields = ("=number", "=order__number", "=parcels__tracking_number")
    fields = (
        "number",
        "desk_page",
        "order",
        "recipient",
        "status",
        "settlement",
        "source",
        "resolution",
        "refund_at",
        "warehouse",
        "currency",
        "policy",
        "note",
        "decision_note",
        "source_document",
        "requested_at",
        "approved_at",
        "expires_at",
        "shipped_at",
        "received_at",
        "inspected_at",
        "settled_at",
        "closed_at",
    )
    inlines = (ReturnLineInline,)

    @admin.display(description=_("whole story"))
    def desk_page(self, rma: RMA) -> str:
        try:
            address = reverse("returns:detail", args=[rma.number])
        except NoReverseMatch:
            return "–"
        return format_html('<a href="{}">{}<span class="sr-only"> {}</span></a>', address, _("Open"), rma.number)

    def view_on_site(self, rma: RMA) -> str | None:
        return None


@admin.register(Receipt)
class ReceiptAdmin(RoleAdmin):
    sees = "see returns"
    list_display = ("received_at", "rma", "line", "quantity", "result", "inspected", "by")
    list_filter = ("result",)
    list_select_related = ("line__rma",)
    search_fields = ("=line__rma__number",)
    fields = ("line", "parcel", "unit", "quantity", "result", "inspected", "by", "received_at")

    @admin.display(description=_("return"))
    def rma(self, receipt: Receipt) -> str:
        return receipt.line.rma.number


@admin.register(Dispatch)
class DispatchAdmin(RoleAdmin):
    sees = "see returns"
    list_display = ("order", "rma", "status", "release_at", "carrier", "planned_at", "shipped_at", "delivered_at")
    list_filter = ("status", "release_at", "warehouse")
    list_select_related = ("order", "rma")
    search_fields = ("=order__number", "=rma__number", "=tracking_number")
    fields = (
        "order",
        "rma",
        "status",
        "release_at",
        "warehouse",
        "carrier",
        "service",
        "choice",
        "tracking_number",
        "price",
        "currency",
        "planned_at",
        "released_at",
        "packed_at",
        "labeled_at",
        "shipped_at",
        "delivered_at",
        "canceled_at",
    )


@admin.register(Outcome)
class OutcomeAdmin(RoleAdmin):
    sees = "see returns"
    personal = ("note",)
    list_display = ("inspected_at", "rma", "quantity", "condition", "grade", "disposition", "acceptance", "by")
    list_filter = ("acceptance", "disposition", "condition")
    list_select_related = ("receipt__line__rma", "condition")
    search_fields = ("=receipt__line__rma__number",)
    fields = (
        "receipt",
        "quantity",
        "condition",
        "grade",
        "suggested_disposition",
        "disposition",
        "override_reason",
        "acceptance",
        "payout_percent",
        "note",
        "by",
        "inspected_at",
    )

    @admin.display(description=_("return"))
    def rma(self, outcome: Outcome) -> str:
        return outcome.receipt.line.rma.number


@admin.register(Hold)
class HoldAdmin(RoleAdmin):
    sees = "see returns"
    personal = ("answer",)
    list_display = ("__str__", "rma", "status", "respond_by", "answered_at", "decided_at")
    list_filter = ("status",)
    list_select_related = ("outcome__receipt__line__rma",)
    search_fields = ("=outcome__receipt__line__rma__number",)
    fields = ("outcome", "status", "respond_by", "payout_percent", "answer", "asked_at", "answered_at", "decided_at")

    @admin.display(description=_("return"))
    def rma(self, hold: Hold) -> str:
        return hold.outcome.receipt.line.rma.number


class TrackingEventInline(ReadOnlyInline):
    model = TrackingEvent
    fields = ("occurred_at", "status", "message")
    ordering = ("occurred_at",)


@admin.register(Parcel)
class ParcelAdmin(RoleAdmin):
    """The label itself is not shown here: it carries the sender's address."""

    sees = "see returns"
    list_display = ("__str__", "rma", "status", "carrier", "service", "price", "currency", "wanted_at")
    list_filter = ("status",)
    list_select_related = ("rma",)
    search_fields = ("=rma__number", "=tracking_number", "=shipment_id")
    fields = (
        "rma",
        "status",
        "carrier",
        "service",
        "choice",
        "tracking_number",
        "price",
        "currency",
        "wanted_at",
        "labeled_at",
        "shipped_at",
        "delivered_at",
        "arrived_at",
        "expected_on",
    )
    inlines = (TrackingEventInline,)


@admin.register(ReturnReason)
class ReturnReasonAdmin(SettingsAdmin):
    list_display = ("label", "code", "asks_condition", "asks_photo", "is_our_fault", "implied_condition", "active")
    list_select_related = ("implied_condition",)
    ordering = ("position", "pk")
    fields = (
        "code",
        "label",
        "asks_condition",
        "asks_photo",
        "is_our_fault",
        "implied_condition",
        "position",
        "active",
    )

    def note(self, obj: ReturnReason, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "return_reason.changed", by=by, at=at, reason=obj.code, fields=fields)


@admin.register(CarrierRule)
class CarrierRuleAdmin(SettingsAdmin):
    list_display = ("name", "position", "carrier", "service", "never", "dearer_percent", "days", "active")
    ordering = ("position", "pk")
    fields = (
        "code",
        "name",
        "position",
        "active",
        "carrier",
        "service",
        "never",
        "dearer_percent",
        "days",
        "origins",
        "destinations",
        "markets",
        "from_grams",
        "to_grams",
        "from_value",
        "to_value",
    )

    def note(self, obj: CarrierRule, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "carrier_rule.changed", by=by, at=at, rule=obj.code, fields=fields)


class WarehouseRuleForm(forms.ModelForm):
    """Codes are those of the shop: a rule that could never fit is refused at its field."""

    def clean_warehouse(self) -> Warehouse:
        house: Warehouse = self.cleaned_data["warehouse"]
        if not house.takes_returns:
            raise forms.ValidationError(_("This warehouse takes no returns. Choose another one, or let it take them."))
        return house

    def clean_countries(self) -> list[str]:
        countries = [code_of(text) or text for text in self.cleaned_data["countries"]]
        if wrong := [text for text in countries if not (len(text) == 2 and text.isascii() and text.isupper())]:
            raise forms.ValidationError(_("Two letters, as GB or DE, not “%(text)s”.") % {"text": wrong[0]})
        return countries

    def clean_conditions(self) -> list[str]:
        return self._known("conditions", Condition.objects.values_list("code", flat=True))

    def clean_reasons(self) -> list[str]:
        return self._known("reasons", ReturnReason.objects.values_list("code", flat=True))

    def _known(self, name: str, codes: Iterable[str]) -> list[str]:
        known, given = set(codes), self.cleaned_data[name]
        if wrong := [code for code in given if code not in known]:
            raise forms.ValidationError(
                _("There is no “%(code)s”; there are: %(known)s.")
                % {"code": wrong[0], "known": ", ".join(sorted(known))}
            )
        return given


@admin.register(WarehouseRule)
class WarehouseRuleAdmin(SettingsAdmin):
    form = WarehouseRuleForm
    list_display = ("name", "position", "warehouse", "active")
    list_select_related = ("warehouse",)
    ordering = ("position", "pk")
    fields = ("code", "name", "position", "active", "warehouse", "countries", "categories", "conditions", "reasons")

    def note(self, obj: WarehouseRule, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "warehouse_rule.changed", by=by, at=at, rule=obj.code, fields=fields)
