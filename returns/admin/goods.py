"""Goods set aside: the chain, the workshop and returns to vendors for reading; the terms a manager may set."""

from datetime import datetime

from django.contrib import admin

from oms import outbox
from oms.admin_base import ReadOnlyInline, RoleAdmin, SettingsAdmin
from returns.models import GoodsTerms, Placement, VendorReturn, VendorReturnLine, WorkOrder


@admin.register(Placement)
class PlacementAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("placed_at", "outcome", "disposition", "quantity", "moved_on", "grade", "is_ours", "by")
    list_filter = ("disposition",)
    list_select_related = ("outcome",)
    fields = (
        "outcome",
        "source",
        "disposition",
        "quantity",
        "moved_on",
        "condition",
        "grade",
        "is_ours",
        "reason",
        "proceeds",
        "sold_at",
        "by",
        "placed_at",
    )


@admin.register(WorkOrder)
class WorkOrderAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("number", "status", "task", "due_on", "estimate", "cost", "currency")
    list_filter = ("status",)
    search_fields = ("=number",)
    fields = (
        "number",
        "placement",
        "status",
        "task",
        "due_on",
        "estimate",
        "cost",
        "currency",
        "is_capitalized",
        "sends_back",
        "finding",
        "opened_at",
        "ended_at",
    )


class VendorReturnLineInline(ReadOnlyInline):
    model = VendorReturnLine
    fields = ("placement",)
    ordering = ("pk",)


@admin.register(VendorReturn)
class VendorReturnAdmin(RoleAdmin):
    sees = "see stock"
    list_display = ("number", "vendor", "status", "cost", "credit", "currency", "opened_at")
    list_filter = ("status",)
    search_fields = ("=number", "vendor")
    fields = (
        "number",
        "vendor",
        "status",
        "cost",
        "credit",
        "currency",
        "reference",
        "opened_at",
        "sent_at",
        "credited_at",
    )
    inlines = (VendorReturnLineInline,)


@admin.register(GoodsTerms)
class GoodsTermsAdmin(SettingsAdmin):
    """A new row from a day on; what was expected before that day stays as it was said."""

    list_display = (
        "valid_from",
        "recovers_a",
        "recovers_b",
        "recovers_c",
        "recovers_d",
        "handling",
        "capitalizes_work",
    )
    ordering = ("-valid_from",)
    fixed = ("valid_from",)
    fields = (
        "valid_from",
        "recovers_a",
        "recovers_b",
        "recovers_c",
        "recovers_d",
        "sold_off",
        "parts",
        "handling",
        "shipping",
        "work",
        "disposal",
        "capitalizes_work",
        "regrade_percent",
        "asks_before_less",
        "answer_days",
    )

    def note(self, obj: GoodsTerms, fields: list[str], *, by: str, at: datetime) -> None:
        outbox.record_on("settings", "goods_terms.changed", by=by, at=at, terms=obj.pk, fields=fields)
