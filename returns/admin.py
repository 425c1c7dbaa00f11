"""Returns in the admin: the dock's own pages, and the records behind every return."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from oms import outbox
from oms.admin_base import ReadOnlyInline, RoleAdmin, SettingsAdmin
from oms.roles import allowed
from returns.models import (
    RMA,
    CarrierRule,
    Dispatch,
    Hold,
    Outcome,
    Parcel,
    PolicyRule,
    PolicyVersion,
    Receipt,
    ReturnLine,
    ReturnReason,
    TrackingEvent,
)
from returns.policy import ParametersRefused, validate
from returns.policy.parameters import PARAMETERS
from returns.views import dock

admin.site.add_page("scan/", dock.scan, "dock_scan")
admin.site.add_page("scan/<str:number>/receipts/", dock.receipts, "dock_receipts")
admin.site.add_page("inspection/", dock.inspection_queue, "dock_inspection")
admin.site.add_page("inspection/<str:number>/", dock.inspection, "dock_inspection_of")
admin.site.add_page("packing/", dock.packing, "packing")
admin.site.add_page("packing/list/", dock.pick_list, "packing_list")
admin.site.add_page("packing/<str:number>/", dock.packing_of, "packing_of")
admin.site.add_page("packing/<str:number>/missing/", dock.missing, "packing_missing")
admin.site.add_page("packing/<str:number>/label/", dock.outbound_label, "packing_label")
admin.site.add_page("packing/<str:number>/departure/", dock.departure, "packing_departure")
admin.site.add_page("holds/", dock.holds, "dock_holds")
admin.site.add_page("holds/<int:hold>/decision/", dock.hold_decision, "dock_hold_decision")
admin.site.add_page("photos/<uuid:ref>/", dock.photo, "dock_photo")


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


class PolicyRuleForm(forms.ModelForm):
    """A rule the engine will understand: each parameter is checked before it is kept."""

    kind = forms.ChoiceField(label=_("Rule"), choices=[(kind, kind.replace("_", " ")) for kind in sorted(PARAMETERS)])

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "kind" in data and "parameters" in data:
            data["parameters"] = data["parameters"] if data["parameters"] is not None else {}
            try:
                validate(data["kind"], data["parameters"])
            except ParametersRefused as refused:
                name = f"{refused.field}: " if refused.field and refused.field != "kind" else ""
                self.add_error("parameters", f"{name}{refused}")
        return data


def _may_change(request: HttpRequest, version: PolicyVersion | None) -> bool:
    """Drafts alone, and by who may change the policy."""
    is_draft = version is None or (version.valid is None and version.published_at is None)
    return is_draft and allowed(request.user, "change policy")


class PolicyRuleInline(admin.TabularInline):
    model = PolicyRule
    form = PolicyRuleForm
    extra = 0
    fields = ("kind", "parameters", "priority", "active")
    ordering = ("priority", "pk")

    def has_view_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(RoleAdmin):
    """Drafts may change; what was published never does (orders of its days are bound to it)."""

    sees = "change policy"
    changes = "change policy"
    list_display = ("__str__", "title", "in_force", "published_at")
    list_filter = ("market",)
    ordering = ("market", "-number")
    fields = ("market", "number", "title", "time_zone", "in_force", "published_at")
    readonly_fields = ("market", "number", "in_force", "published_at")
    inlines = (PolicyRuleInline,)

    @admin.display(description=_("binds orders placed"), ordering="valid")
    def in_force(self, version: PolicyVersion) -> str:
        if version.valid is None:
            return gettext("draft: none")
        since, until = version.valid.lower, version.valid.upper
        if since is None and until is None:
            return gettext("at any time")
        if until is None:
            return gettext("since %(since)s") % {"since": date_format(since, "j F Y")}
        if since is None:
            return gettext("before %(until)s") % {"until": date_format(until, "j F Y")}
        return gettext("from %(since)s to %(until)s") % {
            "since": date_format(since, "j F Y"),
            "until": date_format(until, "j F Y"),
        }

    def has_change_permission(self, request: HttpRequest, obj: PolicyVersion | None = None) -> bool:
        return _may_change(request, obj)

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: list[Any], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        fields = list(form.changed_data) + (["rules"] if any(one.has_changed() for one in formsets) else [])
        if fields:
            by, now = request.user.actor, timezone.now()
            outbox.record_on("policy", "policy.changed", by=by, at=now, policy=str(form.instance), fields=fields)
